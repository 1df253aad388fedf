//! One call with everything that belongs to it: the server, its ledger, and the time.

use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::agent::{self, Asked, Want};
use crate::deadline::Deadline;
use crate::policy::Policy;
use crate::recover::decide::Situation;
use crate::recover::process::{self, Ended, Ran};
use crate::recover::{
    Call, Event, History, Ledger, Machine, Moment, Options, Record, Stage, State, Told,
};

/// Seconds for one run of the check.
const CHECK: Duration = Duration::from_secs(30);
/// How often a result is asked for.
const PAUSE: Duration = Duration::from_secs(3);

/// One call.
pub(super) struct Case<'a> {
    pub(super) options: &'a Options,
    pub(super) call: &'a Call,
    pub(super) machine: &'a Machine,
    pub(super) ledger: Option<Ledger>,
    pub(super) deadline: &'a Deadline,
    pub(super) wall: SystemTime,
}

/// What the very check says now.
#[derive(Debug)]
pub(super) enum Checked {
    /// OK.
    Well(String),
    /// WARNING or CRITICAL.
    Ill(String),
    /// UNKNOWN, or it could not be run.
    Unknown(String),
}

impl Case<'_> {
    /// The present moment.
    pub(super) fn now(&self) -> Result<Moment> {
        Moment::of(self.wall + self.deadline.elapsed())
    }

    /// The server's ledger: held, or taken again.
    pub(super) fn ledger(&mut self) -> Result<&mut Ledger> {
        let held = match self.ledger.take() {
            Some(held) => held,
            None => open(self.options, &self.machine.host, self.deadline)?,
        };
        Ok(self.ledger.insert(held))
    }

    /// Its records; none while it is given back.
    pub(super) fn records(&self) -> &[Record] {
        self.ledger.as_ref().map_or(&[], Ledger::records)
    }

    /// The situation at a moment, for the pure decision.
    pub(super) fn situation<'b>(&'b self, now: &'b Moment) -> Situation<'b> {
        let history = History::new(self.records(), now);
        Situation { call: self.call, machine: self.machine, history, now }
    }

    /// Asks the server something.
    pub(super) fn ask(&self, want: Want) -> Asked {
        agent::ask(self.machine, &self.options.api, want, agent::QUESTION.min(self.deadline.left()))
    }

    /// Runs the very check once more.
    pub(super) fn check(&self) -> Checked {
        let name = self.call.service_name().unwrap_or("ping");
        let Some(words) = self.machine.checks.get(name) else {
            return Checked::Unknown(format!("no check of {name} is known"));
        };
        let mut words = words.clone();
        if self.call.service_name().is_none() {
            // The host check counts CRITICAL alone, ping-warning counts WARNING alone.
            let only = if self.call.state == "WARNING" { "warning" } else { "critical" };
            words.extend(["--only".to_owned(), only.to_owned()]);
        }
        match process::run(&words, b"", CHECK) {
            Err(error) => Checked::Unknown(format!("{error:#}")),
            Ok(Ran::Killed { .. }) => Checked::Unknown("the check did not end".to_owned()),
            Ok(Ran::Ended(Ended { code, output })) => {
                let line = output.lines().next().unwrap_or_default();
                let line = line.split('|').next().unwrap_or_default().trim_end().to_owned();
                match code {
                    Some(0) => Checked::Well(line),
                    Some(1 | 2) => Checked::Ill(line),
                    _ => Checked::Unknown(line),
                }
            }
        }
    }

    /// Appends a record about this fault.
    pub(super) fn note(
        &mut self,
        stage: Stage,
        event: Event,
        target: Option<&str>,
        text: &str,
    ) -> Result<()> {
        let record = self.record(stage, event, target, text)?;
        self.ledger()?.append(record)
    }

    /// A record about this fault, not yet in any ledger.
    pub(super) fn record(
        &self,
        stage: Stage,
        event: Event,
        target: Option<&str>,
        text: &str,
    ) -> Result<Record> {
        let record = record(self.options, self.call, self.wall + self.deadline.elapsed())?;
        let target = target.map(str::to_owned);
        Ok(Record { stage, event, target, text: text.to_owned(), ..record })
    }

    /// Appends how an intent ended.
    pub(super) fn end(&mut self, intent: &Record, event: Event, text: &str) -> Result<()> {
        let at = self.now()?;
        let ended =
            Record { seq: 0, at: at.clone(), event, text: text.to_owned(), ..intent.clone() };
        let ledger = self.ledger()?;
        // Another call may have learned it meanwhile.
        let open =
            History::new(ledger.records(), &at).open().is_some_and(|it| it.seq == intent.seq);
        if open { ledger.append(ended) } else { Ok(()) }
    }

    /// Gives the ledger back while an act goes on, so that calls about other faults of the server are not held up.
    pub(super) fn pause(&mut self, until: Duration) -> Result<Pause> {
        self.ledger = None;
        if self.deadline.elapsed() + PAUSE > until {
            return Ok(Pause::Over);
        }
        self.deadline.pause(PAUSE)?;
        Ok(Pause::Passed)
    }

    /// How long this call may wait for an act.
    pub(super) fn patience(&self) -> Duration {
        self.deadline.elapsed() + Duration::from_secs(self.options.wait.into())
    }

    /// A server that was started a moment ago is left alone.
    pub(super) fn too_young(&self, told: &Told) -> Option<String> {
        let young = u64::from(self.machine.limits().young);
        (told.age < young).then(|| format!("the server is up for {} s, of {young} s", told.age))
    }
}

/// Whether there was time to wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pause {
    /// There was.
    Passed,
    /// The call has waited as long as it may.
    Over,
}

/// What the server's answer says about a restart that was asked for so many seconds ago.
pub(super) fn restart_state(told: &Told, service: &str, since: u64) -> Option<(State, String)> {
    /// The clocks count whole seconds, and the answer takes its time.
    const MARGIN: u64 = 5;
    let job = told.job.as_ref()?;
    let ours = job.act == crate::recover::Act::Restart
        && job.service.as_deref() == Some(service)
        && job.since <= since + MARGIN;
    ours.then(|| (job.state, job.text.clone()))
}

/// A record about the fault of a call, of which the rest is to be filled in.
pub(super) fn record(options: &Options, call: &Call, wall: SystemTime) -> Result<Record> {
    let node = &options.node;
    Ok(Record {
        seq: 0,
        at: Moment::of(wall)?,
        fault: call.fault_id(),
        service: call.service_name().map(str::to_owned),
        stage: Stage::People,
        event: Event::Armed,
        actor: if node.is_empty() { "monitor".to_owned() } else { node.clone() },
        check: call.last_check_seconds(),
        target: None,
        text: String::new(),
    })
}

/// Takes the ledger of a server, or of all reboots.
///
/// # Errors
/// Another call holds it for too long, the disk refuses, or it is damaged.
pub(super) fn open(options: &Options, name: &str, deadline: &Deadline) -> Result<Ledger> {
    let patience = Duration::from_secs(Policy::documented().recovery.lock_wait.into());
    Ledger::open(&options.ledgers, name, &deadline.at_most(patience))
}
