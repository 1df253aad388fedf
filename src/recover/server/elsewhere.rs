//! Acts that the ledger here does not know: another monitoring server brought them about before a fail-over, or the ledger was
//! lost. The server that was acted on remembers them.

use anyhow::Result;

use super::act::written;
use super::case::Case;
use super::verdict::Verdict;
use crate::policy::Policy;
use crate::recover::decide::words;
use crate::recover::{Event, Stage, Told};

/// Takes such an act over into the ledger here, where it was begun since the last OK result, `failed_for` seconds before the
/// server was asked. It counts as if it had been brought about here, and is not done again.
///
/// # Errors
/// The ledger refuses.
pub(super) fn adopt(
    case: &mut Case,
    stage: Stage,
    told: &Told,
    failed_for: u64,
) -> Result<Option<Verdict>> {
    let name = match stage {
        Stage::Restart => case.call.service_name().unwrap_or_default(),
        Stage::Reboot | Stage::Power | Stage::People => "reboot",
    };
    let Some(since) = told.acts.get(name).copied().filter(|since| *since < failed_for) else {
        return Ok(None);
    };
    let text = format!("{} {since} s ago, which was not brought about from here", words(stage));
    let proof = u64::from(Policy::documented().recovery.reboot_proof);
    // A server that was started since then was rebooted.
    let event = if stage == Stage::Restart || told.age <= since {
        Event::Done
    } else if since < proof {
        return Ok(Some(Verdict::Nothing(format!("{text}, is under way"))));
    } else {
        Event::Failed
    };
    case.note(stage, Event::Intent, Some(&told.boot), &text)?;
    let intent = written(case)?;
    case.end(&intent, event, &text)?;
    Ok(Some(Verdict::Nothing(format!("a {text}: it is not done again"))))
}
