//! What the server's ledger says of earlier acts: the last one and its state, and how many there were.

use anyhow::Result;

use super::budget;
use super::here::{self, Here};
use crate::plugin::shortened;
use crate::policy::Policy;
use crate::recover::{Act, Event, Job, Ledger, Moment, Record, Refusal, Stage, State};

/// Seconds that a detached part may take to begin.
const BEGINNING: u64 = 30;
/// Seconds for everything in a restart that has no limit in the policy: tests of configuration, kills, questions.
const SPARE: u64 = 300;
/// Seconds within which the same refusal is recorded once.
const REPEATED: u64 = 3600;
/// Characters of a text that is told.
const TOLD: usize = 300;
/// How the conclusion of an act begins that was cut off.
pub(super) const CUT_OFF: &str = "cut off after";
/// Who writes here.
const ACTOR: &str = "target";

/// Whether another process holds the ledger: it is at work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lock {
    /// Nobody else.
    Ours,
    /// Another.
    Theirs,
}

/// The records of the last act, the oldest first.
pub(super) fn last(records: &[Record]) -> &[Record] {
    let Some(last) = records.last() else { return &[] };
    let rest = records.iter().rposition(|it| it.fault != last.fault || it.stage != last.stage);
    records.get(rest.map_or(0, |at| at + 1)..).unwrap_or_default()
}

/// How far the last act is.
pub(super) fn state(records: &[Record], now: &Moment, lock: Lock) -> Option<State> {
    let record = last(records).last()?;
    let here = record.at.boot == now.boot;
    let since = now.since(&record.at);
    Some(match (record.event, record.stage) {
        (Event::Done, _) => State::Done,
        (Event::Refused | Event::Held, _) => State::Refused,
        (Event::Intent, Stage::Reboot) if !here => State::Done,
        (Event::Intent, Stage::Reboot) if since < proof() => State::Running,
        (Event::Failed | Event::Dropped, _) | (Event::Intent, Stage::Reboot) => State::Failed,
        (Event::Armed, _) if here && since < BEGINNING => State::Running,
        (Event::Armed | Event::Intent, _) if here && lock == Lock::Theirs && since < longest() => {
            State::Running
        }
        (Event::Armed | Event::Intent, _) => State::Interrupted,
    })
}

fn proof() -> u64 {
    Policy::documented().recovery.reboot_proof.into()
}

/// Seconds that a restart may take: whoever holds the ledger for longer hangs in the kernel.
fn longest() -> u64 {
    let policy = &Policy::documented().recovery;
    let parts = [policy.stop_database, policy.answer_database, policy.hold, policy.evidence];
    parts.map(u64::from).iter().sum::<u64>() + SPARE
}

/// The refusal of a second act while one is under way.
pub(super) fn under_way(records: &[Record]) -> String {
    match last(records).first().and_then(|first| first.service.as_deref()) {
        Some(service) => format!("refused (under way): restart of {service}"),
        None => "refused (under way): reboot".to_owned(),
    }
}

/// The last act as it is told.
pub(super) fn job(records: &[Record], now: &Moment, lock: Lock) -> Option<Job> {
    let own = last(records);
    let (first, record) = (own.first()?, own.last()?);
    let state = state(records, now, lock)?;
    let text = match (state, record.event) {
        (State::Interrupted, _) => format!("{CUT_OFF}: {}", record.text),
        (State::Done, Event::Intent) => "the server has a new boot id".to_owned(),
        (State::Failed, Event::Intent) => format!("no new boot id within {} s", proof()),
        _ => record.text.clone(),
    };
    Some(Job {
        id: first.seq,
        act: if first.stage == Stage::Restart { Act::Restart } else { Act::Reboot },
        service: first.service.clone(),
        state,
        since: now.since(&first.at),
        text: shortened(&text, TOLD),
    })
}

/// Concludes an act that was left open, so that the next one can begin. One that goes on stays open.
pub(super) fn conclude(ledger: &mut Ledger, now: &Moment) -> Result<()> {
    let records = ledger.records();
    let (Some(record), Some(state)) = (records.last(), state(records, now, Lock::Ours)) else {
        return Ok(());
    };
    if !matches!(record.event, Event::Intent | Event::Armed) || state == State::Running {
        return Ok(());
    }
    let event = match (state, record.event) {
        (State::Done, _) => Event::Done,
        (_, Event::Armed) => Event::Dropped,
        _ => Event::Failed,
    };
    let text = job(records, now, Lock::Ours).map(|job| job.text).unwrap_or_default();
    let concluded = next(record, event, now, text);
    ledger.append(concluded)
}

/// The first record of an act.
pub(super) fn first(service: Option<&str>, stage: Stage, event: Event, now: &Moment) -> Record {
    Record {
        seq: 0,
        at: now.clone(),
        fault: format!("{}@{}", service.unwrap_or("-"), now.time),
        service: service.map(str::to_owned),
        stage,
        event,
        actor: ACTOR.to_owned(),
        check: 0,
        target: Some(now.boot.clone()),
        text: String::new(),
    }
}

/// A further record of the act that another one belongs to.
pub(super) fn next(record: &Record, event: Event, now: &Moment, text: String) -> Record {
    Record { event, at: now.clone(), text, ..record.clone() }
}

/// Records a refusal, and tells the system's log. One that is repeated is kept beside the ledger: an engine calls every few
/// minutes, for days, and a ledger has an end.
pub(super) fn refuse(
    here: &Here,
    ledger: &mut Ledger,
    record: Record,
    refusal: &Refusal,
) -> Result<()> {
    let text = format!("refused ({}): {}", refusal.guard, refusal.reason);
    let start = format!("refused ({}):", refusal.guard);
    let ages = budget::ages(ledger.records(), &record.at);
    let known = ledger.records().iter().zip(ages).any(|(old, age)| {
        let same = old.event == Event::Refused
            && old.stage == record.stage
            && old.service == record.service;
        same && age < REPEATED && old.text.starts_with(&start)
    });
    // What was accepted must have an end.
    let opened = ledger.records().last().is_some_and(|last| last.event == Event::Armed);
    let record = Record { text, ..record };
    if known && !opened {
        let seq = ledger.records().last().map_or(0, |last| last.seq);
        if here.keep_refusal(&Record { seq, ..record.clone() }).is_ok() {
            return Ok(());
        }
    }
    here::log(&format!("{}: {}", record.service.as_deref().unwrap_or("reboot"), record.text));
    ledger.append(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::Deadline;
    use std::time::Duration;

    fn at(boot: &str, age: u64) -> Moment {
        Moment { time: 1_800_000_000 + age, boot: boot.to_owned(), age }
    }

    fn restart(event: Event, boot: &str, age: u64) -> Record {
        Record {
            fault: "ssh@1".to_owned(),
            ..first(Some("ssh"), Stage::Restart, event, &at(boot, age))
        }
    }

    fn reboot(event: Event, boot: &str, age: u64) -> Record {
        first(None, Stage::Reboot, event, &at(boot, age))
    }

    #[test]
    fn the_state_of_a_restart_follows_its_records_and_the_lock() {
        let now = at("b", 1000);
        for (record, lock, expected) in [
            (restart(Event::Armed, "b", 990), Lock::Ours, State::Running),
            (restart(Event::Armed, "b", 900), Lock::Ours, State::Interrupted),
            (restart(Event::Armed, "b", 900), Lock::Theirs, State::Running),
            (restart(Event::Intent, "b", 900), Lock::Theirs, State::Running),
            (restart(Event::Intent, "b", 999), Lock::Ours, State::Interrupted),
            (restart(Event::Intent, "b", 80), Lock::Theirs, State::Interrupted),
            (restart(Event::Intent, "a", 999), Lock::Theirs, State::Interrupted),
            (restart(Event::Done, "a", 999), Lock::Ours, State::Done),
            (restart(Event::Failed, "b", 999), Lock::Ours, State::Failed),
            (restart(Event::Refused, "b", 999), Lock::Ours, State::Refused),
        ] {
            assert_eq!(
                state(std::slice::from_ref(&record), &now, lock),
                Some(expected),
                "{record:?}"
            );
        }
        assert_eq!(state(&[], &now, Lock::Ours), None);
    }

    #[test]
    fn a_new_boot_id_proves_a_reboot_and_time_disproves_it() {
        let intent = [reboot(Event::Intent, "a", 5000)];
        assert_eq!(state(&intent, &at("b", 1), Lock::Ours), Some(State::Done));
        assert_eq!(state(&intent, &at("a", 5299), Lock::Ours), Some(State::Running));
        assert_eq!(state(&intent, &at("a", 5300), Lock::Ours), Some(State::Failed));
    }

    #[test]
    fn a_job_is_numbered_by_its_first_record() {
        let mut records = [
            restart(Event::Done, "b", 1),
            restart(Event::Armed, "b", 10),
            restart(Event::Intent, "b", 12),
        ];
        records[0].fault = "ssh@0".to_owned();
        for (number, record) in records.iter_mut().enumerate() {
            record.seq = number as u64 + 1;
        }
        let job = job(&records, &at("b", 20), Lock::Theirs).unwrap();
        assert_eq!((job.id, job.since, job.state, job.act), (2, 10, State::Running, Act::Restart));
    }

    #[test]
    fn what_was_left_open_is_concluded_once() {
        for (record, now, expected) in [
            (reboot(Event::Intent, "a", 5000), at("b", 1), Event::Done),
            (reboot(Event::Intent, "a", 5000), at("a", 5300), Event::Failed),
            (reboot(Event::Intent, "a", 5000), at("a", 5001), Event::Intent),
            (restart(Event::Intent, "a", 5000), at("a", 5001), Event::Failed),
            (restart(Event::Armed, "a", 5000), at("b", 1), Event::Dropped),
            (restart(Event::Done, "a", 5000), at("b", 1), Event::Done),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let deadline = Deadline::within(Duration::from_secs(5));
            let mut ledger = Ledger::open(folder.path(), "target", &deadline).unwrap();
            ledger.append(record.clone()).unwrap();
            for _ in 0..2 {
                conclude(&mut ledger, &now).unwrap();
                assert_eq!(ledger.records().last().unwrap().event, expected, "{record:?}");
            }
            assert!(ledger.records().len() <= 2);
        }
    }
}
