//! A person who has seen enough: the drill ends, and takes everything down that it has set up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};

use crate::server::wait_until;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Lets an interrupt be noticed, instead of ending the process. What it starts gets its signals as usual: a new process begins
/// with none of them blocked.
pub(crate) fn listen() {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    signals.thread_block().expect("signals that exist");
    thread::spawn(move || {
        while signals.wait().is_ok() {
            ASKED.store(true, Ordering::SeqCst);
        }
    });
}

/// Whether the drill is to end.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Looks until something has happened, the time is over, or the drill is to end.
pub(crate) fn wait(limit: Duration, mut happened: impl FnMut() -> bool) -> bool {
    let mut has = false;
    wait_until(limit, || {
        has = happened();
        has || asked()
    });
    has
}
