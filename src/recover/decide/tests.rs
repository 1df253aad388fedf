//! The decision in every case that it knows.

use std::time::{Duration, SystemTime};

use super::super::machine::tests::machine;
use super::super::record::tests::record;
use super::*;
use crate::policy::Policy;

const NOW: u64 = 1_800_000_000;

pub(in crate::recover) fn ago(seconds: i64) -> SystemTime {
    let at = i64::try_from(NOW).unwrap() - seconds;
    SystemTime::UNIX_EPOCH + Duration::from_secs(at.try_into().unwrap())
}

pub(in crate::recover) fn call() -> Call {
    Call {
        fault: Fault::Service(Policy::documented().service("ssh").unwrap()),
        kind: "PROBLEM".to_owned(),
        state: "CRITICAL".to_owned(),
        state_type: "HARD".to_owned(),
        host_state: "UP".to_owned(),
        reachable: true,
        suppressions: [("downtime of the host", 0), ("downtime", 0), ("acknowledgement", 0)],
        last_ok: ago(1200),
        last_check: ago(10),
        hard_since: Some(ago(10)),
    }
}

fn down() -> Call {
    Call { fault: Fault::Host, state: "DOWN".to_owned(), host_state: "DOWN".to_owned(), ..call() }
}

fn now() -> Moment {
    Moment { time: NOW, boot: "b".to_owned(), age: 200_000 }
}

fn decided(call: &Call, records: &[Record], machine: &Machine) -> Decision {
    let now = now();
    let history = History::new(records, &now);
    decide(&Situation { call, machine, history, now: &now })
}

/// Names of the call's guards that refuse.
pub(in crate::recover) fn refusing(call: &Call) -> Vec<&'static str> {
    let (now, machine) = (now(), machine());
    let it = Situation { call, machine: &machine, history: History::new(&[], &now), now: &now };
    let refusing = GUARDS.iter().filter(|guard| (guard.refuses)(&it).is_some());
    refusing.map(|guard| guard.name).collect()
}

/// Records about the fault of `call()`, so many seconds old, with the result before each.
fn acts(list: &[(Stage, Event, u64)]) -> Vec<Record> {
    let record = |(number, (stage, event, age)): (usize, &(Stage, Event, u64))| Record {
        at: Moment { time: NOW - age, age: 200_000 - age, ..now() },
        fault: call().fault_id(),
        stage: *stage,
        event: *event,
        check: NOW - age - 5,
        ..record(number as u64 + 1)
    };
    list.iter().enumerate().map(record).collect()
}

fn guard(decision: &Decision) -> &str {
    let Decision::Refuse(refusal) = decision else { panic!("{decision:?}") };
    refusal.guard
}

#[test]
fn a_service_is_restarted_then_the_server_rebooted_then_people_are_asked() {
    use Event::{Done, Failed, Intent};
    use Stage::{Reboot, Restart};
    let later = Call { hard_since: Some(ago(310)), ..call() };
    let of = |list: &[_]| decided(&later, &acts(list), &machine());
    assert_eq!(decided(&call(), &[], &machine()), Decision::Act(Restart));
    let restarted = [(Restart, Intent, 305), (Restart, Done, 300)];
    assert_eq!(of(&restarted), Decision::Act(Reboot));
    assert_eq!(of(&[(Restart, Intent, 305), (Restart, Failed, 300)]), Decision::Act(Reboot));
    assert!(matches!(of(&[(Restart, Intent, 205), (Restart, Done, 200)]), Decision::Wait(_)));
    assert!(matches!(of(&[(Restart, Intent, 5)]), Decision::Wait(_)), "under way");
    let rebooted = |age| [restarted[0], restarted[1], (Reboot, Intent, age), (Reboot, Done, age)];
    assert!(matches!(of(&rebooted(200)), Decision::Wait(_)), "it settles");
    assert!(matches!(of(&rebooted(900)), Decision::People(_)));
}

#[test]
fn a_server_is_rebooted_and_the_power_switch_finishes_what_did_not_come_about() {
    use Event::{Done, Failed, Intent};
    use Stage::{Power, Reboot};
    assert_eq!(decided(&down(), &[], &machine()), Decision::Act(Reboot));
    let power = super::super::Power {
        agent: "fence_x".to_owned(),
        password_file: None,
        options: std::collections::BTreeMap::new(),
        identity: None,
    };
    let switched = Machine { power: Some(power), ..machine() };
    let mut records = acts(&[(Reboot, Intent, 400), (Reboot, Failed, 300)]);
    for record in &mut records {
        record.fault = down().fault_id();
    }
    let later = Call { hard_since: None, ..down() };
    assert_eq!(decided(&later, &records, &switched), Decision::Act(Power));
    assert!(matches!(decided(&later, &records, &machine()), Decision::People(_)));
    let mut both = acts(&[
        (Reboot, Intent, 1400),
        (Reboot, Failed, 1100),
        (Power, Intent, 1000),
        (Power, Done, 950),
    ]);
    for record in &mut both {
        record.fault = down().fault_id();
    }
    assert!(matches!(decided(&later, &both, &switched), Decision::People(_)));
}

#[test]
fn a_call_out_of_its_natural_moment_only_arms_and_a_newer_result_acts() {
    let late = Call { hard_since: Some(ago(61)), ..call() };
    assert!(matches!(decided(&late, &[], &machine()), Decision::Arm(Stage::Restart, _)));
    let armed = |age, check| {
        let mut records = acts(&[(Stage::Restart, Event::Armed, age)]);
        records[0].check = check;
        records
    };
    assert_eq!(decided(&late, &armed(300, NOW - 310), &machine()), Decision::Act(Stage::Restart));
    for records in [armed(300, NOW - 10), armed(481, NOW - 500)] {
        assert!(matches!(decided(&late, &records, &machine()), Decision::Arm(..)));
    }
}

#[test]
fn each_brake_holds() {
    let reboots = |ages: &[u64]| {
        let list: Vec<_> = ages.iter().map(|age| (Stage::Reboot, Event::Intent, *age)).collect();
        let mut records = acts(&list);
        for record in &mut records {
            record.fault = "http@5".to_owned();
            record.at.time = 10;
        }
        let newest = records.last().cloned().unwrap();
        records.push(Record { event: Event::Done, ..newest });
        records
    };
    assert_eq!(guard(&decided(&down(), &reboots(&[3599]), &machine())), "reboots");
    let day = [86_399, 50_000, 3_601];
    assert_eq!(guard(&decided(&down(), &reboots(&day), &machine())), "reboots");
    assert_eq!(guard(&decided(&call(), &reboots(&[899]), &machine())), "settling");
    let none = Machine { agent: super::super::Agent::None {}, ..machine() };
    assert_eq!(guard(&decided(&down(), &[], &none)), "way");
    let mut set = acts(&[(Stage::Restart, Event::Armed, 300)]);
    set[0].at.time -= 3600;
    let decision = decided(&call(), &set, &machine());
    assert!(matches!(&decision, Decision::Arm(_, why) if why.contains("3600 s")), "{decision:?}");
}
