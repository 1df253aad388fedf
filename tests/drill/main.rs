//! `make drill`: the whole story on one machine, with real hosts, a real Icinga and the generated configuration.
//!
//! It breaks things, tells what is seen and done about it as it happens, and judges in the end. What it tells comes from those
//! who did it: the engine's log, the mailbox, the ledgers of both sides, the hosts' own scripts, and their power.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a drill starts programs and tells a person what happens, and what it shares with tests fails by panicking"
)]

mod bmc;
mod guest;
mod interrupt;
mod monitor;
mod options;
mod seen;
mod stage;
mod stories;
mod story;
mod verdict;
mod watch;

use std::process::ExitCode;

use clap::Parser;

#[path = "../it/engine/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests")]
mod engine;
#[path = "../it/monitored.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod monitored;
#[path = "../it/namespace.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod namespace;
#[path = "../it/rig/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests")]
mod rig;
#[path = "../it/run.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod run;
#[path = "../it/server/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests")]
mod server;

fn main() -> ExitCode {
    interrupt::listen();
    let options = options::Options::parse();
    verdict::tell(&options, stage::play)
}
