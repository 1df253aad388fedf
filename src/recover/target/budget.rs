//! How often an act may be done: counted by what was begun, and by clocks that nobody sets.

use std::collections::{BTreeMap, BTreeSet};

use super::past::CUT_OFF;
use crate::policy::Recovery;
use crate::recover::{Event, Moment, Record, Refusal, Stage};

/// Refuses a restart of a service too soon, or too often.
pub(super) fn restart(
    records: &[Record],
    (now, policy): (&Moment, &Recovery),
    service: &str,
) -> Result<(), Refusal> {
    let settle = u64::from(policy.settle);
    let again = |reason| Err(Refusal { guard: "not again", reason });
    let restarts = begun(records, now, Stage::Restart, Some(service));
    let recent = restarts.iter().filter(|since| **since < settle).count();
    // One that was cut off may have left the service stopped: it is forgiven, once.
    let forgiven = usize::from(was_cut_off(records, service));
    if let Some(since) = restarts.first().filter(|_| recent > forgiven) {
        return again(format!("{service} was restarted {since} s ago"));
    }
    let day = restarts.iter().filter(|since| **since < u64::from(policy.day)).count();
    if day >= usize::try_from(policy.restarts_per_day).unwrap_or(0) {
        return again(format!("{service} was restarted {day} times within a day"));
    }
    if let Some(since) = begun(records, now, Stage::Reboot, None).first().filter(|it| **it < settle)
    {
        let reason = format!("the server was rebooted {since} s ago");
        return Err(Refusal { guard: "settling", reason });
    }
    Ok(())
}

/// Refuses a reboot too soon, or too often.
pub(super) fn reboot(records: &[Record], now: &Moment, policy: &Recovery) -> Result<(), Refusal> {
    let reboots = begun(records, now, Stage::Reboot, None);
    let limits = [
        ("an hour", policy.hour, policy.reboots_per_hour),
        ("a day", policy.day, policy.reboots_per_day),
    ];
    for (span, seconds, most) in limits {
        let count = reboots.iter().filter(|since| **since < u64::from(seconds)).count();
        if count >= usize::try_from(most).unwrap_or(0) {
            let reason = format!("{count} of {most} reboots within {span}");
            return Err(Refusal { guard: "not again", reason });
        }
    }
    match reboots.first().filter(|since| **since < u64::from(policy.settle)) {
        Some(since) => Err(Refusal {
            guard: "settling",
            reason: format!("the server was rebooted {since} s ago"),
        }),
        None => Ok(()),
    }
}

/// Whether the last restart of a service was cut off.
fn was_cut_off(records: &[Record], service: &str) -> bool {
    let mut ends = records.iter().rev().filter(|it| {
        it.service.as_deref() == Some(service) && matches!(it.event, Event::Done | Event::Failed)
    });
    ends.next().is_some_and(|end| end.event == Event::Failed && end.text.starts_with(CUT_OFF))
}

/// Seconds since each record, at least: by the machine's own clocks, which nobody sets. What lies between two boots does not count.
pub(super) fn ages(records: &[Record], now: &Moment) -> Vec<u64> {
    let (mut boot, mut newest, mut before) = (now.boot.as_str(), now.age, 0);
    let mut ages: Vec<u64> = Vec::with_capacity(records.len());
    for record in records.iter().rev() {
        if record.at.boot != boot {
            before += newest;
            (boot, newest) = (record.at.boot.as_str(), record.at.age);
        }
        ages.push(before + newest.saturating_sub(record.at.age));
    }
    ages.reverse();
    ages
}

/// Acts of a kind that were begun, as the seconds since: the newest first.
fn begun(records: &[Record], now: &Moment, stage: Stage, service: Option<&str>) -> Vec<u64> {
    let own = |record: &Record| record.stage == stage && record.service.as_deref() == service;
    let mut found: Vec<u64> =
        all_begun(records, now).filter(|(record, _)| own(record)).map(|(_, age)| age).collect();
    found.reverse();
    found
}

/// The last act of each kind, a restart by its service's name, as the seconds since it was begun.
pub(super) fn latest(records: &[Record], now: &Moment) -> BTreeMap<String, u64> {
    let name = |record: &Record| record.service.clone().unwrap_or_else(|| "reboot".to_owned());
    // The newest comes last.
    all_begun(records, now).map(|(record, age)| (name(record), age)).collect()
}

/// Every act that was begun, with the seconds since: the oldest first.
fn all_begun<'a>(
    records: &'a [Record],
    now: &Moment,
) -> impl Iterator<Item = (&'a Record, u64)> + use<'a> {
    let dropped: BTreeSet<&str> = records
        .iter()
        .filter(|it| it.event == Event::Dropped)
        .map(|it| it.fault.as_str())
        .collect();
    let all = records.iter().zip(ages(records, now));
    all.filter(move |(record, _)| {
        record.event == Event::Intent && !dropped.contains(record.fault.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::super::past::first;
    use super::*;

    fn documented() -> &'static Recovery {
        &crate::policy::Policy::documented().recovery
    }

    fn at(boot: &str, age: u64) -> Moment {
        Moment { time: 1_800_000_000 + age, boot: boot.to_owned(), age }
    }

    #[test]
    fn time_passes_within_boots_and_never_by_the_wall() {
        let mut records = vec![
            first(None, Stage::Reboot, Event::Intent, &at("a", 50_000)),
            first(Some("ssh"), Stage::Restart, Event::Intent, &at("b", 2000)),
            first(None, Stage::Reboot, Event::Intent, &at("b", 7000)),
        ];
        records[0].at.time = 1;
        let now = at("c", 600);
        assert_eq!(ages(&records, &now), [7600, 5600, 600]);
        assert_eq!(begun(&records, &now, Stage::Reboot, None), [600, 7600]);
        assert_eq!(begun(&records, &now, Stage::Restart, Some("ssh")), [5600]);
        assert!(begun(&records, &now, Stage::Restart, Some("http")).is_empty());
        let all = [("reboot".to_owned(), 600), ("ssh".to_owned(), 5600)];
        assert_eq!(latest(&records, &now), all.into());
        records.push(first(None, Stage::Reboot, Event::Dropped, &at("b", 7001)));
        records[3].fault = records[2].fault.clone();
        assert_eq!(begun(&records, &now, Stage::Reboot, None), [7601]);
    }

    fn restart_after(records: &[Record], age: u64) -> Option<&'static str> {
        restart(records, (&at("b", age), documented()), "ssh").err().map(|refusal| refusal.guard)
    }

    #[test]
    fn a_service_is_not_restarted_again_at_once_nor_all_day() {
        let begun = |age| first(Some("ssh"), Stage::Restart, Event::Intent, &at("b", age));
        assert_eq!(restart_after(&[], 0), None);
        assert_eq!(restart_after(&[begun(1000)], 1899), Some("not again"));
        assert_eq!(restart_after(&[begun(1000)], 1900), None);
        let six: Vec<Record> = (0..6).map(|number| begun(number * 1000)).collect();
        assert_eq!(restart_after(&six, 40_000), Some("not again"));
        assert_eq!(restart_after(&six, 86_400), None);
        let other = first(Some("http"), Stage::Restart, Event::Intent, &at("b", 1000));
        assert_eq!(restart_after(&[other], 1001), None);
    }

    #[test]
    fn nothing_is_restarted_while_a_reboot_settles() {
        let reboot = first(None, Stage::Reboot, Event::Intent, &at("b", 1000));
        assert_eq!(restart_after(std::slice::from_ref(&reboot), 1899), Some("settling"));
        assert_eq!(restart_after(&[reboot], 1900), None);
    }

    #[test]
    fn a_restart_that_was_cut_off_is_forgiven_once() {
        let record = |event, age| first(Some("ssh"), Stage::Restart, event, &at("b", age));
        let cut = |age| Record { text: format!("{CUT_OFF}: x"), ..record(Event::Failed, age) };
        let once = [record(Event::Intent, 1000), cut(1100)];
        assert_eq!(restart_after(&once, 1100), None);
        let armed = [once[0].clone(), once[1].clone(), record(Event::Armed, 1100)];
        assert_eq!(restart_after(&armed, 1100), None);
        let twice = [once[0].clone(), once[1].clone(), record(Event::Intent, 1200), cut(1300)];
        assert_eq!(restart_after(&twice, 1300), Some("not again"));
        let failed = [record(Event::Intent, 1000), record(Event::Failed, 1100)];
        assert_eq!(restart_after(&failed, 1100), Some("not again"));
    }

    fn reboot_after(reboots: &[(&str, u64)], boot: &str, age: u64) -> Option<String> {
        let records: Vec<Record> = reboots
            .iter()
            .map(|(boot, age)| first(None, Stage::Reboot, Event::Intent, &at(boot, *age)))
            .collect();
        reboot(&records, &at(boot, age), documented())
            .err()
            .map(|it| format!("{}: {}", it.guard, it.reason))
    }

    #[test]
    fn a_server_is_rebooted_once_an_hour_and_thrice_a_day() {
        assert_eq!(reboot_after(&[], "a", 5000), None);
        let again = reboot_after(&[("a", 9000)], "b", 3599);
        assert_eq!(again.as_deref(), Some("not again: 1 of 1 reboots within an hour"));
        assert_eq!(reboot_after(&[("a", 9000)], "b", 3600), None);
        let three = [("a", 9000), ("b", 9000), ("c", 9000)];
        let again = reboot_after(&three, "d", 9000);
        assert_eq!(again.as_deref(), Some("not again: 3 of 3 reboots within a day"));
        assert_eq!(reboot_after(&three, "d", 86_400), None);
    }
}
