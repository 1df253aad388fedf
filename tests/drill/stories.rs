//! The stories.

use crate::guest::Guest;
use crate::rig::Kind;
use crate::story::{Acts, Expected, Story};

mod daemon;
mod person;
mod server;

/// Every story; those that take longest stand first.
pub(crate) const ALL: &[&Story] = &[
    &daemon::NOTHING_HELPS,
    &person::ENGINE,
    &daemon::REBOOT_CURES,
    &daemon::HANGING_STOP,
    &server::UPLINK,
    &daemon::RESTART_CURES,
    &server::HANGS,
    &server::DEAD,
    &server::SLOW,
    &server::MIXED,
    &daemon::DISK,
    &person::SUSPENDED,
    &person::ACKNOWLEDGED,
    &person::FORCED,
    &daemon::DEAF,
];

const FTP: &str = "services = [\"ftp\", \"ssh\"]\nresources = []\n";
const PING: &str = "services = []\nresources = []\n";

/// Kills the daemon as a fault of its own would: nobody restarts it.
const KILL: &str = "kill -9 $(pidof vsftpd)";

const fn guest(name: &'static str, kind: Kind) -> Guest {
    Guest { name, kind, inventory: FTP, has_bmc: false, files: &[] }
}

/// An alert and its end, with nothing done.
const TOLD: Acts = Acts { restarts: 0, reboots: 0, cuts: 0, alerts: 1, ends: 1 };

const fn comes_to(acts: Acts) -> Expected {
    Expected { acts, guards: &[], people: 0, repeats: 0 }
}
