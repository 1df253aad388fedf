//! A customer's quiet time, as the monitoring server knows it: by its own record, and by Icinga's word.

use std::time::Duration;

use super::icinga::Api;
use crate::deadline::Deadline;
use crate::recover::decide::{Decision, Situation};
use crate::recover::suspension::{self, Hold};
use crate::recover::{Machine, Moment, Options};

/// For a question to the engine that has just called.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the record has no window of now: then the second in which the last one ended, if there was one.
///
/// # Errors
/// Why nothing may be done.
pub(super) fn hold(options: &Options, machine: &Machine, now: u64) -> Result<Option<u64>, String> {
    match suspension::hold(&options.ledgers, &machine.host, now) {
        Hold::Free(ended) => Ok(ended),
        Hold::Held(reason) => Err(reason),
    }
}

/// A fault from inside a window is acted on by a newer result than the first one after it, whatever was noted before.
pub(super) fn arms(decision: Decision, it: &Situation, ended: Option<u64>) -> Decision {
    let Decision::Act(stage) = decision else { return decision };
    let Some(end) = ended.filter(|end| it.call.last_ok_seconds() < *end) else { return decision };
    let fault = it.fault();
    let before = it.history.last_about(&fault).is_none_or(|last| last.at.time < end);
    if before {
        let reason = "this is the first call since a suspension ended".to_owned();
        return Decision::Arm(stage, reason);
    }
    decision
}

/// Why the engine's API forbids an act, where there is one. Its macros say so too, but only of the object that it calls about.
pub(super) fn in_downtime(
    options: &Options,
    machine: &Machine,
    now: &Moment,
    deadline: &Deadline,
) -> Option<String> {
    let asked = match Api::read(&options.api) {
        Ok(None) => return None,
        Ok(Some(api)) => api.downtimes(&machine.host, &deadline.at_most(PATIENCE)),
        Err(error) => Err(error),
    };
    match asked {
        Ok(downtimes) => {
            let ours = downtimes.iter().find(|it| it.is_ours() && it.window.holds(now.time))?;
            Some(format!("Icinga has a downtime: {}", ours.comment))
        }
        Err(error) => Some(format!("Icinga does not say whether it has a downtime: {error:#}")),
    }
}
