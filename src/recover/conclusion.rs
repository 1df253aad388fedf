//! When an act has had its time.

use crate::policy::Policy;

/// Whether a reboot that was asked for so many seconds ago should have shown a new boot id.
pub(super) fn reboot_overdue(since: u64) -> bool {
    since >= u64::from(Policy::documented().recovery.reboot_proof)
}
