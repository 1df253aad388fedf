//! Waiting for an event that announces itself to nobody.

use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

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
        thread::park_timeout(BETWEEN_LOOKS);
    }
}
