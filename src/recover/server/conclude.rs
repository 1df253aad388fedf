//! What became of an act whose intent stands last in the ledger: the server itself is asked, and nothing is done again.

use anyhow::Result;

use super::agent::{Asked, Want};
use super::case::{Case, restart_state};
use super::power;
use crate::policy::Policy;
use crate::recover::{Event, History, Record, Stage, State, Told};

/// Concludes the open intent, if there is one and anything is known about it.
///
/// # Errors
/// The ledger refuses.
pub(super) fn conclude(case: &mut Case) -> Result<()> {
    let now = case.now()?;
    let Some(intent) = History::new(case.records(), &now).open().cloned() else {
        return Ok(());
    };
    let since = now.since(&intent.at);
    let known = match intent.stage {
        Stage::Restart => restarted(case, &intent, since),
        Stage::Reboot => rebooted(case, &intent, since),
        Stage::Power => switched(case, &intent, since),
        Stage::People => None,
    };
    match known {
        Some((event, text)) => case.end(&intent, event, &text),
        None => Ok(()),
    }
}

type Known = Option<(Event, String)>;

fn restarted(case: &Case, intent: &Record, since: u64) -> Known {
    let service = intent.service.as_deref().unwrap_or_default();
    match case.ask(Want::Result) {
        Asked::Told { told, .. } => match restart_state(&told, service, since) {
            Some((state, text)) => event(state).map(|event| (event, text)),
            None => late(since, under_way(), (Event::Dropped, "the server never began it")),
        },
        Asked::Silent(why) => late(since, under_way(), (Event::Failed, &why)),
        // Somebody has to look at the agent: what happened is not known, and nothing is guessed.
        Asked::Refused(_) | Asked::Unclear(_) => None,
    }
}

/// What a state on the server means for the intent here; nothing while it goes on.
pub(super) fn event(state: State) -> Option<Event> {
    match state {
        State::Running => None,
        State::Done => Some(Event::Done),
        State::Failed | State::Interrupted => Some(Event::Failed),
        State::Refused => Some(Event::Refused),
    }
}

/// The server has another boot id than before, or, where that was not known, is younger than the act.
pub(super) fn is_new(told: &Told, intent: &Record, since: u64) -> bool {
    match &intent.target {
        Some(before) => told.boot != *before,
        None => told.age < since,
    }
}

fn rebooted(case: &Case, intent: &Record, since: u64) -> Known {
    let proof = u64::from(Policy::documented().recovery.reboot_proof);
    let failed = |why: &str| late(since, proof, (Event::Failed, why));
    match case.ask(Want::Result) {
        Asked::Told { told, .. } if is_new(&told, intent, since) => {
            Some((Event::Done, format!("up again for {} s", told.age)))
        }
        Asked::Told { told, .. } => {
            let begun = told.job.is_some_and(|job| {
                job.act == crate::recover::Act::Reboot && job.since <= since + under_way()
            });
            if begun {
                failed("it has the same boot id as before")
            } else {
                late(since, under_way(), (Event::Dropped, "the server never began it"))
            }
        }
        Asked::Silent(why) => failed(&why),
        Asked::Refused(_) | Asked::Unclear(_) => None,
    }
}

/// A cut that was interrupted must not leave the server without power.
fn switched(case: &Case, intent: &Record, since: u64) -> Known {
    let settle = u64::from(Policy::documented().recovery.settle);
    if let Asked::Told { told, .. } = case.ask(Want::Result)
        && is_new(&told, intent, since)
    {
        return Some((Event::Done, format!("up again for {} s", told.age)));
    }
    let power = case.machine.power.as_ref()?;
    match power::status(power) {
        Ok(power::PowerState::Off) => match power::on(power) {
            Ok(()) => None,
            Err(why) => Some((Event::Failed, format!("the power is off: {why:#}"))),
        },
        Ok(power::PowerState::On) | Err(_) => late(
            since,
            settle,
            (Event::Failed, "the server does not show that it was started anew"),
        ),
    }
}

/// A conclusion that holds only when there was time enough.
fn late(since: u64, limit: u64, (event, why): (Event, &str)) -> Known {
    (since >= limit).then(|| (event, format!("{why} ({since} s after it was asked for)")))
}

/// Seconds in which an act that was asked for may still begin on the server.
fn under_way() -> u64 {
    Policy::documented().recovery.under_way.into()
}
