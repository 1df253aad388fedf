//! Whole machines for the tests of recovery: hosts with a real init, and management controllers that cut their power.
//!
//! A host is a Debian tree (`packaging/rig-host`) that systemd-nspawn boots on an overlay of its own, in a network of
//! its own. Everything about it hangs on the test's process: mounts and networks are namespaces without a name, and
//! the kernel kills the host when the test's process dies, however it dies.

#![expect(clippy::disallowed_methods, reason = "a fixture starts what it is about")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a fixture that fails is a test that fails, and says why"
)]

mod bmc;
mod cgroup;
mod host;
mod network;
pub(crate) mod power;
mod selftest;
mod tree;

pub(crate) use bmc::Bmc;
pub(crate) use host::{Host, Kind};
pub(crate) use network::{MONITOR, Neighbour, Network};
pub(crate) use power::{Power, Status};
