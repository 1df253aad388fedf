//! The storm guard: when much looks dead at once, it is most likely this monitoring server that is cut off.
//!
//! Its memory is one more ledger, for all hosts: the reboots that were brought about here, and the storms that were seen. After
//! a storm some hosts are back before others, so that it has to be over for a while.

use anyhow::{Result, bail};

use super::case::{Case, open};
use super::view;
use crate::policy::{Policy, Recovery};
use crate::recover::decide::REBOOTS;
use crate::recover::{Event, History, Moment, Record, Stage};

/// The ledger of all hosts; no host has such a name.
const ALL: &str = "-reboots";
/// What stands for a fault in the record of a storm; those of reboots begin with the host's name.
const STORM: &str = "storm";

/// Why no server may be rebooted now, if so.
pub(super) fn refuses(case: &Case) -> Result<Option<String>> {
    if let Some(reason) = too_many(case, open(case.options, ALL, case.deadline)?.records())? {
        return Ok(Some(reason));
    }
    let options = case.options;
    let seen = view::hosts_down(&options.hosts_down, &options.hosts_up)
        .or_else(|| view::cut_off(case.machine));
    let mut all = open(options, ALL, case.deadline)?;
    let last = last(all.records(), &case.now()?);
    if let Some(reason) = seen {
        // Thousands of hosts may call about one storm.
        let again = case.machine.pace.seconds(Policy::documented().recovery.under_way);
        if last.is_none_or(|since| since >= u64::from(again)) {
            let record = case.record(Stage::People, Event::Held, None, &reason)?;
            all.append(Record { fault: STORM.to_owned(), service: None, ..record })?;
        }
        return Ok(Some(reason));
    }
    Ok(last.and_then(|since| not_calm(since, &case.machine.limits())))
}

/// Counts a reboot that is about to be brought about.
///
/// # Errors
/// There were too many meanwhile, or it can not be written: nothing may be done.
pub(super) fn count(case: &Case, record: &Record) -> Result<()> {
    let mut all = open(case.options, ALL, case.deadline)?;
    if let Some(reason) = too_many(case, all.records())? {
        bail!("refused (storm): {reason}");
    }
    all.append(Record { fault: name(case), ..record.clone() })
}

/// The name of a host's fault among those of all hosts.
fn name(case: &Case) -> String {
    format!("{}!{}", case.machine.host, case.call.fault_id())
}

fn too_many(case: &Case, records: &[Record]) -> Result<Option<String>> {
    let limits = case.machine.limits();
    let recent = recent(records, &case.now()?, (&name(case), &limits));
    Ok(view::too_many(recent, &limits))
}

/// Reboots of late; the power cycle that finishes one is the same reboot.
fn recent(records: &[Record], now: &Moment, (own, limits): (&str, &Recovery)) -> usize {
    let window = u64::from(limits.storm_window);
    let history = History::new(records, now);
    let same = |record: &Record| record.fault == own && record.stage == Stage::Reboot;
    history.acts(REBOOTS).filter(|act| history.age(act) < window && !same(act)).count()
}

/// Seconds since the last storm, by a clock that nobody sets.
fn last(records: &[Record], now: &Moment) -> Option<u64> {
    let storm = records.iter().rev().find(|record| record.fault == STORM)?;
    Some(now.since(&storm.at))
}

/// Why a storm that was seen so many seconds ago still holds.
fn not_calm(since: u64, limits: &Recovery) -> Option<String> {
    let calm = u64::from(limits.storm_calm);
    (since < calm).then(|| format!("a storm was seen {since} s ago; it must be calm for {calm} s"))
}

#[cfg(test)]
mod tests {
    use super::super::super::record::tests::record;
    use super::*;

    fn reboot(seq: u64, fault: &str, stage: Stage) -> Record {
        Record { fault: fault.to_owned(), stage, ..record(seq) }
    }

    #[test]
    fn the_reboots_of_all_hosts_count_and_a_power_cycle_is_no_second_one() {
        let records = [
            reboot(1, "web1!-@1800", Stage::Reboot),
            reboot(2, "web2!-@1800", Stage::Reboot),
            reboot(3, "web3!-@1800", Stage::Power),
        ];
        let limits = &Policy::documented().recovery;
        let recent = |at: u64, own| recent(&records, &record(at).at, (own, limits));
        assert_eq!(recent(10, "web4!-@1800"), 3);
        assert_eq!(recent(10, "web1!-@1800"), 2, "its own is finished by the power switch");
        assert_eq!(recent(1802, "web4!-@1800"), 1);
    }

    #[test]
    fn a_storm_holds_until_it_was_calm_for_a_while() {
        let storm = Record { event: Event::Held, ..reboot(1, STORM, Stage::People) };
        let records = [storm, reboot(2, "web1!-@1800", Stage::Reboot)];
        let limits = &Policy::documented().recovery;
        let calm = |at: u64| not_calm(last(&records, &record(at).at)?, limits);
        let holds = |at: u64| calm(at).is_some();
        assert!(holds(2) && holds(900) && !holds(901));
        assert_eq!(last(&records[1..], &record(5).at), None);
    }
}
