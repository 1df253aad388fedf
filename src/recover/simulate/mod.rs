//! `--simulate FILE`: the decisions about a list of results, without engine, server or clock.
//!
//! Each line of the file is one result: `{"time": 1200, "state": "CRITICAL", "attempt": 4, "downtime": 0, "boot": "a"}`; `boot`
//! is the boot id that the server has then. A restart is taken to be done at once, a reboot when the boot id changes.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::conclusion::reboot_overdue;
use super::decide::{Decision, Situation, decide, words};
use super::{Call, Event, Fault, History, Machine, Moment, Record, Stage};

/// One result of a check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Seconds from any beginning.
    pub time: u64,
    /// `OK`, `UP`, or what is wrong.
    pub state: String,
    /// The engine's number of the attempt.
    pub attempt: u32,
    /// Downtimes in effect.
    #[serde(default)]
    pub downtime: u32,
    /// The server's boot id.
    pub boot: String,
}

/// What follows from one result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The time of the result.
    pub time: u64,
    /// What was decided; nothing where the engine would not call.
    pub decision: Option<Decision>,
}

/// Reads results, one JSON object a line.
///
/// # Errors
/// A line can not be understood, or time does not go on.
pub(super) fn read(text: &str) -> Result<Vec<Seen>> {
    let mut list: Vec<Seen> = Vec::new();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (number, line) in lines {
        let seen: Seen =
            serde_json::from_str(line).with_context(|| format!("line {}", number + 1))?;
        let earlier = list.last().is_none_or(|last| last.time < seen.time);
        ensure!(earlier, "line {}: time does not go on", number + 1);
        list.push(seen);
    }
    Ok(list)
}

/// Decides about each result in its turn.
pub fn simulate(machine: &Machine, fault: Fault, list: &[Seen]) -> Vec<Step> {
    let mut world = World { machine, fault, ledger: Vec::new(), last_ok: None, hard_since: None };
    list.iter().map(|seen| world.step(seen)).collect()
}

/// Lines for people.
pub(super) fn told(list: &[Seen], steps: &[Step]) -> String {
    let line = |(seen, step): (&Seen, &Step)| {
        let what = match &step.decision {
            None => {
                return format!("{:>8}  {:8} attempt {}\n", seen.time, seen.state, seen.attempt);
            }
            Some(Decision::Act(stage)) => format!("DO {}", words(*stage)),
            Some(Decision::Arm(stage, why)) => format!("{} next time: {why}", words(*stage)),
            Some(Decision::Wait(why)) => format!("wait: {why}"),
            Some(Decision::People(why)) => format!("people: {why}"),
            Some(Decision::Refuse(refusal)) => {
                format!("refused ({}): {}", refusal.guard, refusal.reason)
            }
        };
        format!("{:>8}  {:8} attempt {}  {what}\n", seen.time, seen.state, seen.attempt)
    };
    list.iter().zip(steps).map(line).collect()
}

/// What there is besides the results.
struct World<'a> {
    machine: &'a Machine,
    fault: Fault,
    ledger: Vec<Record>,
    last_ok: Option<u64>,
    hard_since: Option<u64>,
}

/// Times of the simulation lie behind this one: 0 means never to an engine.
const BEGINNING: u64 = 1_000_000_000;

impl World<'_> {
    fn step(&mut self, seen: &Seen) -> Step {
        if matches!(seen.state.as_str(), "OK" | "UP") {
            (self.last_ok, self.hard_since) = (Some(seen.time), None);
            return Step { time: seen.time, decision: None };
        }
        if seen.attempt < self.machine.attempts {
            return Step { time: seen.time, decision: None };
        }
        let hard_since = *self.hard_since.get_or_insert(seen.time);
        // An engine that never saw an OK gives no time, and the call is refused as unreadable.
        let Some(last_ok) = self.last_ok else { return Step { time: seen.time, decision: None } };
        let call = self.call(seen, last_ok, hard_since);
        let now = Moment {
            time: BEGINNING + seen.time,
            boot: "monitor".to_owned(),
            age: BEGINNING + seen.time,
        };
        self.conclude(&call, &now, seen);
        let history = History::new(&self.ledger, &now);
        let decision =
            decide(&Situation { call: &call, machine: self.machine, history, now: &now });
        match &decision {
            Decision::Act(stage) => {
                self.note(&call, &now, (*stage, Event::Intent), &seen.boot);
                if *stage == Stage::Restart {
                    self.note(&call, &now, (*stage, Event::Done), &seen.boot);
                }
            }
            Decision::Arm(stage, _) => self.note(&call, &now, (*stage, Event::Armed), &seen.boot),
            Decision::Wait(_) => self.note(&call, &now, (Stage::People, Event::Armed), &seen.boot),
            Decision::People(_) | Decision::Refuse(_) => {}
        }
        Step { time: seen.time, decision: Some(decision) }
    }

    /// The reboot that is open ends by the boot id, as it does outside.
    fn conclude(&mut self, call: &Call, now: &Moment, seen: &Seen) {
        let Some(open) = History::new(&self.ledger, now).open().cloned() else { return };
        let event = if open.target.as_deref() != Some(seen.boot.as_str()) {
            Event::Done
        } else if reboot_overdue(now.since(&open.at)) {
            Event::Failed
        } else {
            return;
        };
        self.ledger.push(Record {
            seq: self.ledger.len() as u64 + 1,
            at: now.clone(),
            event,
            check: call.last_check_seconds(),
            ..open
        });
    }

    fn note(&mut self, call: &Call, now: &Moment, (stage, event): (Stage, Event), boot: &str) {
        self.ledger.push(Record {
            seq: self.ledger.len() as u64 + 1,
            at: now.clone(),
            fault: call.fault_id(),
            service: call.service_name().map(str::to_owned),
            stage,
            event,
            actor: "simulation".to_owned(),
            check: call.last_check_seconds(),
            target: Some(boot.to_owned()),
            text: String::new(),
        });
    }

    fn call(&self, seen: &Seen, last_ok: u64, hard_since: u64) -> Call {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(BEGINNING + seconds);
        let host_state = match self.fault {
            Fault::Host => seen.state.clone(),
            Fault::Service(_) => "UP".to_owned(),
        };
        Call {
            fault: self.fault,
            kind: "PROBLEM".to_owned(),
            state: seen.state.clone(),
            state_type: "HARD".to_owned(),
            host_state,
            reachable: true,
            suppressions: [
                ("downtime of the host", 0),
                ("downtime", seen.downtime),
                ("acknowledgement", 0),
            ],
            last_ok: at(last_ok),
            last_check: at(seen.time),
            hard_since: Some(at(hard_since)),
        }
    }
}

#[cfg(test)]
mod tests;
