//! The decision about a call: pure, from the call, the server, its ledger and the time.

use super::brake::BRAKES;
use super::{Call, Event, Fault, GUARDS, History, Machine, Moment, Record, Refusal, Stage};

/// All that a decision is made of.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The engine's call.
    pub call: &'a Call,
    /// The server it is about.
    pub machine: &'a Machine,
    /// The ledger of that server.
    pub history: History<'a>,
    /// Now.
    pub now: &'a Moment,
}

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// A stage is due, and nothing here holds it back. What has to be looked at outside may still refuse.
    Act(Stage),
    /// The call may not act, but a later one with a newer result may: that is to be noted.
    Arm(Stage, String),
    /// Nothing has to be done yet.
    Wait(String),
    /// What recovery can do was done; people are needed.
    People(String),
    /// A guard refuses.
    Refuse(Refusal),
}

/// Stages in which the server starts anew.
pub(super) const REBOOTS: &[Stage] = &[Stage::Reboot, Stage::Power];

impl<'a> Situation<'a> {
    /// The fault's name in the ledger.
    pub fn fault(&self) -> String {
        self.call.fault_id()
    }

    /// Acts of these stages since the fault began. Restarts count for their own service alone.
    pub fn acts(&self, stages: &'a [Stage]) -> Vec<&'a Record> {
        let (fault, last_ok) = (self.fault(), self.call.last_ok_seconds());
        let own = self.call.service_name();
        self.history
            .acts(stages)
            .filter(|act| act.fault == fault || act.at.time >= last_ok)
            .filter(|act| act.stage != Stage::Restart || act.service.as_deref() == own)
            .collect()
    }

    /// Seconds of one interval.
    pub fn interval(&self) -> u64 {
        self.machine.interval.into()
    }
}

/// Decides.
pub fn decide(situation: &Situation) -> Decision {
    if let Some(refusal) = refused(situation) {
        return Decision::Refuse(refusal);
    }
    let stage = match due(situation) {
        Due::Stage(stage) => stage,
        Due::Wait(reason) => return Decision::Wait(reason),
        Due::People(reason) => return Decision::People(reason),
    };
    let held = BRAKES.iter().find_map(|brake| Some((brake, (brake.holds)(situation, stage)?)));
    if let Some((brake, reason)) = held {
        return if brake.arms {
            Decision::Arm(stage, reason)
        } else {
            Decision::Refuse(Refusal { guard: brake.name, reason })
        };
    }
    Decision::Act(stage)
}

/// The first guard of the call itself that refuses.
fn refused(situation: &Situation) -> Option<Refusal> {
    GUARDS.iter().find_map(|guard| {
        let reason = (guard.refuses)(situation)?;
        Some(Refusal { guard: guard.name, reason })
    })
}

/// What is due, brakes aside.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Due {
    /// This stage.
    Stage(Stage),
    /// Nothing yet.
    Wait(String),
    /// Nothing any more.
    People(String),
}

/// The stage that is due: restart, then reboot, then people. A server's own fault goes straight to the reboot.
pub fn due(situation: &Situation) -> Due {
    if let Some(open) = situation.history.open() {
        return Due::Wait(format!("{} is under way", words(open.stage)));
    }
    if let Some(after) = after_reboot(situation) {
        return after;
    }
    if matches!(situation.call.fault, Fault::Host) {
        return Due::Stage(Stage::Reboot);
    }
    let restarts = situation.acts(&[Stage::Restart]);
    let Some(restart) = restarts.last() else {
        return Due::Stage(Stage::Restart);
    };
    let since = situation.history.age(restart);
    let slack = u64::from(situation.machine.limits().slack);
    let wait = situation.interval() * u64::from(situation.machine.stage_waits);
    if since + slack < wait || situation.call.last_check_seconds() <= restart.at.time {
        return Due::Wait(format!("restarted {since} s ago; the next regular result decides"));
    }
    Due::Stage(Stage::Reboot)
}

/// What follows from reboots since the last OK result, where there was one.
fn after_reboot(situation: &Situation) -> Option<Due> {
    let reboots = situation.acts(REBOOTS);
    let last = reboots.last()?;
    let since = situation.history.age(last);
    let settle = u64::from(situation.machine.limits().settle);
    if last.event == Event::Done && since < settle {
        return Some(Due::Wait(format!("rebooted {since} s ago; it settles for {settle} s")));
    }
    // A reboot that never showed a new boot id is finished by the power switch, once.
    let cut = reboots.iter().any(|act| act.stage == Stage::Power);
    if last.event == Event::Failed && !cut && situation.machine.power.is_some() {
        return Some(Due::Stage(Stage::Power));
    }
    let what = if last.event == Event::Failed { "could not be rebooted" } else { "was rebooted" };
    Some(Due::People(format!("the server {what}, and there was no OK since")))
}

/// A stage in words.
pub(super) fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Restart => "restart",
        Stage::Reboot => "reboot",
        Stage::Power => "power cycle",
        Stage::People => "call for people",
    }
}

#[cfg(test)]
pub(super) mod tests;
