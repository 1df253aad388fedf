//! What was held back, and why, for those who read the history: once for each reason, not at every call.

use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::case::record;
use crate::deadline::Deadline;
use crate::recover::{Call, Event, Ledger, Machine, Options, Stage};

/// Seconds to wait for the ledger: what is noted here is not worth more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Notes a reason, unless it was the last thing noted about the fault. Says whether it is new.
///
/// # Errors
/// The ledger refuses.
pub(super) fn note(
    options: &Options,
    (call, machine): (&Call, &Machine),
    guard: &str,
    reason: &str,
    (wall, deadline): (SystemTime, &Deadline),
) -> Result<bool> {
    let mut ledger = Ledger::open(&options.ledgers, &machine.host, &deadline.at_most(PATIENCE))?;
    let fault = call.fault_id();
    let start = format!("{guard}: ");
    let last = ledger.records().iter().rev().find(|record| record.fault == fault);
    if last.is_some_and(|last| last.event == Event::Held && last.text.starts_with(&start)) {
        return Ok(false);
    }
    let mut held = record(options, call, wall + deadline.elapsed())?;
    (held.stage, held.event) = (Stage::People, Event::Held);
    held.text = start + reason;
    ledger.append(held)?;
    Ok(true)
}
