//! Waiting for an event that announces itself to nobody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Set where a person has interrupted the program: whoever waits gives up, so that what was started is stopped.
pub(crate) static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Looks until `happened` or until the time is over, and says which; the last look is never before the end.
pub(crate) fn wait_until(limit: Duration, mut happened: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        let last = Instant::now() >= end;
        if happened() {
            return true;
        }
        if last {
            return false;
        }
        // Those that stop something meanwhile still wait for its end.
        let gives_up = INTERRUPTED.load(Ordering::SeqCst) && !thread::panicking();
        assert!(!gives_up, "interrupted");
        thread::park_timeout(BETWEEN_LOOKS);
    }
}
