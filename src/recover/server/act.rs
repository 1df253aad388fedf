//! The acts: the last looks before each, its intent in the ledger, and what came of it.

use anyhow::{Context, Result, ensure};

use super::agent::{Asked, Want};
use super::case::{Case, Checked, Pause, restart_state};
use super::conclude::{event, is_new};
use super::power::Limits;
use super::shared::Shared;
use super::verdict::Verdict;
use super::{elsewhere, outside, peers, power, storm};
use crate::policy::Policy;
use crate::recover::decide::{Situation, words};
use crate::recover::{Act, Agent, Event, Record, Stage, State, Told};

/// What is tried before the power is cut.
const TRIED: &[Stage] = &[Stage::Restart, Stage::Reboot];

/// Does a stage that is due.
///
/// # Errors
/// What could not be written or looked at. Without an intent in the ledger nothing was done.
pub(super) fn act(case: Case, stage: Stage) -> Result<Verdict> {
    match case.check() {
        Checked::Ill(_) => {}
        Checked::Well(line) => {
            return Ok(Verdict::refused("still true", format!("the check says: {line}")));
        }
        Checked::Unknown(line) => {
            return Ok(Verdict::refused("still true", format!("the check can not tell: {line}")));
        }
    }
    match stage {
        Stage::Restart => restart(case),
        Stage::Reboot => reboot(case),
        Stage::Power => cut(case),
        Stage::People => Ok(Verdict::Nothing("there is no such act".to_owned())),
    }
}

/// Asks the server for a restart, and for its result.
fn restart(mut case: Case) -> Result<Verdict> {
    let Some(service) = case.call.service_name() else {
        return Ok(Verdict::refused("way", "a server is not restarted like a service"));
    };
    let failed_for = lasted(&case)?;
    let told = match case.ask(Want::Result) {
        Asked::Told { told, .. } => told,
        Asked::Silent(why) => {
            // It was tried, and the next stage has its turn: the server does not answer at all.
            case.note(Stage::Restart, Event::Intent, None, "the agent is asked")?;
            case.note(Stage::Restart, Event::Failed, None, &why)?;
            return Ok(Verdict::Failed(format!("{service} can not be restarted: {why}")));
        }
        Asked::Refused(why) => return Ok(deaf(&why)),
        Asked::Unclear(why) => return Ok(Verdict::Unsure(why)),
    };
    if let Some(reason) = stranger(&case, &told) {
        return Ok(reason);
    }
    if let Some(verdict) = elsewhere::adopt(&mut case, Stage::Restart, &told, failed_for)? {
        return Ok(verdict);
    }
    if let Some(verdict) = outside::held(&case, Stage::Restart) {
        return Ok(verdict);
    }
    case.note(Stage::Restart, Event::Intent, Some(&told.boot), &format!("restart of {service}"))?;
    let intent = written(&case)?;
    // Whatever comes back, the result is asked for, and nothing is repeated.
    let _ = case.ask(Want::Restart(service));
    watch(case, &intent, service)
}

/// Waits for the result of a restart as long as this call may.
fn watch(mut case: Case, intent: &Record, service: &str) -> Result<Verdict> {
    let until = case.patience();
    loop {
        let since = case.now()?.since(&intent.at);
        let state = match case.ask(Want::Result) {
            Asked::Told { told, .. } => restart_state(&told, service, since),
            Asked::Silent(_) | Asked::Refused(_) | Asked::Unclear(_) => None,
        };
        if let Some((state, text)) = state
            && let Some(event) = event(state)
        {
            case.end(intent, event, &text)?;
            return Ok(match state {
                State::Done => Verdict::Acted(after(&case, service, &text)),
                State::Refused => Verdict::refused("target", text),
                State::Failed | State::Interrupted | State::Running => {
                    Verdict::Failed(format!("restart of {service} failed: {text}"))
                }
            });
        }
        if case.pause(until)? == Pause::Over {
            return Ok(Verdict::Acted(format!(
                "restart of {service} goes on; the next call asks for its result"
            )));
        }
    }
}

/// A restart that went well, and what the check says about it.
fn after(case: &Case, service: &str, text: &str) -> String {
    match case.check() {
        Checked::Well(_) => format!("restarted {service}: {text}"),
        Checked::Ill(line) | Checked::Unknown(line) => {
            format!("restarted {service}: {text}; but here: {line}")
        }
    }
}

/// Lets the server reboot itself, or cuts its power where it does not answer.
fn reboot(mut case: Case) -> Result<Verdict> {
    if let Some(reason) = storm::refuses(&case)? {
        return Ok(Verdict::refused("storm", reason));
    }
    if matches!(case.machine.agent, Agent::None {}) {
        return cut_because(case, "the server has no agent");
    }
    let failed_for = lasted(&case)?;
    let told = match case.ask(Want::Result) {
        Asked::Told { told, .. } => told,
        Asked::Silent(why) if case.machine.power.is_some() => {
            return cut_because(case, &why);
        }
        Asked::Silent(why) => {
            return Ok(Verdict::People(format!("{why}, and no power switch is known")));
        }
        Asked::Refused(why) => return Ok(deaf(&why)),
        Asked::Unclear(why) => return Ok(Verdict::Unsure(why)),
    };
    if let Some(reason) = stranger(&case, &told) {
        return Ok(reason);
    }
    if let Some(verdict) = elsewhere::adopt(&mut case, Stage::Reboot, &told, failed_for)? {
        return Ok(verdict);
    }
    if let Some(verdict) = outside::held(&case, Stage::Reboot) {
        return Ok(verdict);
    }
    let intent = intend(&mut case, Stage::Reboot, Some(&told.boot), "it reboots itself")?;
    match case.ask(Want::Reboot) {
        Asked::Told { told, .. } if let Some(reason) = refusal(&told) => {
            case.end(&intent, Event::Refused, &reason)?;
            Ok(Verdict::refused("target", reason))
        }
        Asked::Told { .. } | Asked::Silent(_) | Asked::Refused(_) | Asked::Unclear(_) => {
            returns(case, &intent)
        }
    }
}

/// Why the server refused to reboot, if it did so just now.
fn refusal(told: &Told) -> Option<String> {
    let job = told.job.as_ref()?;
    let fresh = job.since <= u64::from(Policy::documented().recovery.under_way);
    let now = job.act == Act::Reboot && job.state == State::Refused && fresh;
    now.then(|| job.text.clone())
}

/// Waits for the new boot id as long as this call may; the intent stays open beyond that.
fn returns(mut case: Case, intent: &Record) -> Result<Verdict> {
    let until = case.patience();
    let what = words(intent.stage);
    loop {
        let since = case.now()?.since(&intent.at);
        if let Asked::Told { told, .. } = case.ask(Want::Result)
            && is_new(&told, intent, since)
        {
            case.end(intent, Event::Done, &format!("up again for {} s", told.age))?;
            return Ok(Verdict::Acted(format!("{what}: the server is up again")));
        }
        if case.pause(until)? == Pause::Over {
            return Ok(Verdict::Acted(format!(
                "{what} goes on; the next call looks for the new boot id"
            )));
        }
    }
}

/// The power cycle that finishes a reboot which did not come about.
fn cut(case: Case) -> Result<Verdict> {
    if let Some(reason) = storm::refuses(&case)? {
        return Ok(Verdict::refused("storm", reason));
    }
    cut_because(case, "the reboot did not come about")
}

/// Seconds since an act on the whole server fell due: when the fault had lasted long enough, or when what was tried before had
/// had its time.
fn due_for(it: &Situation) -> u64 {
    let lasted = it.now.time.saturating_sub(it.call.last_ok_seconds());
    let long_enough = lasted.saturating_sub(it.interval() * u64::from(it.machine.attempts));
    let tried = it.acts(TRIED).last().map(|act| it.history.age(act));
    tried.map_or(long_enough, |since| since.saturating_sub(it.interval()).min(long_enough))
}

fn cut_because(mut case: Case, why: &str) -> Result<Verdict> {
    let Some(power) = case.machine.power.clone() else {
        return Ok(Verdict::People(format!("{why}, and no power switch is known")));
    };
    let now = case.now()?;
    if let Some(reason) =
        peers::refuse_power(case.options, case.machine.pace, due_for(&case.situation(&now)))
    {
        return Ok(Verdict::refused("peers", reason));
    }
    let shared = match Shared::open(&case) {
        Ok(shared) => shared,
        Err(verdict) => return Ok(verdict),
    };
    let mut intent = None;
    let deadline = case.deadline;
    let cycled = power::cycle(&power, deadline, &mut || {
        shared.note(&case)?;
        let needed = Limits::documented().switching();
        ensure!(deadline.left() >= needed, "the other servers were told of it too slowly");
        intent = Some(intend(&mut case, Stage::Power, None, why)?);
        Ok(())
    });
    let Some(intent) = intent else {
        return Ok(match cycled {
            power::Cycled::Refused(reason) => Verdict::refused("power", reason),
            power::Cycled::Done => Verdict::Unsure("the power was cut without a record".to_owned()),
            power::Cycled::StuckOn(reason)
            | power::Cycled::LeftOff(reason)
            | power::Cycled::Unclear(reason) => Verdict::Unsure(reason),
        });
    };
    match cycled {
        power::Cycled::Done if matches!(case.machine.agent, Agent::None {}) => {
            let seen =
                "the power was seen off and on again; there is no agent to show a new boot id";
            case.end(&intent, Event::Done, seen)?;
            Ok(Verdict::Acted(format!("power cycle: {seen}")))
        }
        power::Cycled::Done => returns(case, &intent),
        power::Cycled::LeftOff(reason) => {
            ended(case, &intent, &format!("the server is OFF: {reason}"))
        }
        power::Cycled::StuckOn(reason)
        | power::Cycled::Refused(reason)
        | power::Cycled::Unclear(reason) => ended(case, &intent, &reason),
    }
}

fn ended(mut case: Case, intent: &Record, reason: &str) -> Result<Verdict> {
    case.end(intent, Event::Failed, reason)?;
    Ok(Verdict::People(format!("the {} failed: {reason}", words(intent.stage))))
}

/// Counts a reboot among those of all hosts, then writes its intent into the server's own ledger.
fn intend(case: &mut Case, stage: Stage, target: Option<&str>, text: &str) -> Result<Record> {
    let record = case.record(stage, Event::Intent, target, text)?;
    storm::count(case, &record)?;
    case.ledger()?.append(record)?;
    written(case)
}

/// Seconds since the last OK result.
fn lasted(case: &Case) -> Result<u64> {
    Ok(case.now()?.time.saturating_sub(case.call.last_ok_seconds()))
}

/// The record that was written last.
pub(super) fn written(case: &Case) -> Result<Record> {
    case.records().last().cloned().context("the ledger lost a record")
}

/// The server answers, and its agent is gone: it lives, so that its power is not cut, and people are told.
fn deaf(why: &str) -> Verdict {
    Verdict::People(format!("{why}: the server lives, but its agent does not"))
}

/// Another machine than the one that was met first, or one that was started a moment ago.
fn stranger(case: &Case, told: &Told) -> Option<Verdict> {
    match super::identity::check(case, &told.machine) {
        Ok(None) => {}
        Ok(Some(reason)) => return Some(Verdict::refused("right machine", reason)),
        Err(error) => return Some(Verdict::refused("right machine", format!("{error:#}"))),
    }
    case.too_young(told).map(|reason| Verdict::refused("settling", reason))
}
