//! Integration tests: everything seen from outside.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests start programs, and what they share fails by panicking"
)]

mod cli;
mod contract;
mod disk;
mod dns;
mod documented;
mod engine;
mod fake;
mod generate;
mod generated;
mod hanging_fs;
mod hostile;
mod http;
mod icinga2;
mod icmp;
mod icmp_responder;
mod inventory;
mod load;
mod mem;
mod monitored;
mod nagios;
mod namespace;
mod nrpe;
mod pace;
mod policy;
mod port;
mod quiet;
mod recover;
mod recovering;
mod rig;
mod run;
mod server;
mod servers;
mod smtp;
mod ssh;
mod story;
mod structure;
mod sudo;
mod suspend;
mod target;
mod tree;
