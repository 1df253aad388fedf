//! What was held back, and why, for those who read the history: once for each reason, not at every call, nor again after calls
//! that only waited in between.

use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::case::record;
use crate::deadline::Deadline;
use crate::recover::{Call, Event, Ledger, Machine, Options, Record, Stage};

/// Seconds to wait for the ledger: what is noted here is not worth more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Notes a reason, unless it was the last one noted about the fault, and nothing was done since. Says whether it is new.
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
    let told = |record: &&Record| record.fault == fault && record.event != Event::Armed;
    let last = ledger.records().iter().rev().find(told);
    if last.is_some_and(|last| last.event == Event::Held && last.text.starts_with(&start)) {
        return Ok(false);
    }
    let mut held = record(options, call, wall + deadline.elapsed())?;
    (held.stage, held.event) = (Stage::People, Event::Held);
    held.text = start + reason;
    ledger.append(held)?;
    Ok(true)
}
