//! What holds a due stage back, each rule alone and each for itself testable. All fail closed.

use super::decide::{REBOOTS, Situation, words};
use super::{Agent, Moment, Stage};

/// A named rule about a stage that is due.
#[derive(Debug)]
pub struct Brake {
    /// Its name, as refusals show it.
    pub name: &'static str,
    /// Whether a later call may act all the same: this one is only noted then.
    pub arms: bool,
    /// The reason to hold the stage back, if there is one.
    pub holds: fn(&Situation, Stage) -> Option<String>,
}

/// Every brake, in the order in which they are asked.
pub const BRAKES: &[Brake] = &[
    Brake { name: "way", arms: false, holds: way },
    Brake { name: "not again", arms: false, holds: not_again },
    Brake { name: "reboots", arms: false, holds: reboots },
    Brake { name: "restarts", arms: false, holds: restarts },
    Brake { name: "settling", arms: false, holds: settling },
    Brake { name: "clock", arms: true, holds: clock },
    Brake { name: "natural moment", arms: true, holds: natural },
];

/// Nothing can be done where there is no way to the server.
fn way(it: &Situation, stage: Stage) -> Option<String> {
    let none = matches!(it.machine.agent, Agent::None {});
    match (stage, none, &it.machine.power) {
        (Stage::Restart, true, _) => Some("the server has no agent that could restart".to_owned()),
        (Stage::Reboot | Stage::Power, true, None) => {
            Some("the server has neither agent nor power switch".to_owned())
        }
        (Stage::Restart | Stage::Reboot | Stage::Power | Stage::People, ..) => None,
    }
}

/// Once per fault, whatever else was decided.
fn not_again(it: &Situation, stage: Stage) -> Option<String> {
    let stages: &[Stage] = match stage {
        Stage::Restart => &[Stage::Restart],
        Stage::Reboot => REBOOTS,
        Stage::Power => &[Stage::Power],
        Stage::People => &[],
    };
    let act = it.acts(stages).pop()?;
    Some(format!("{} was tried {} s ago already", words(act.stage), it.history.age(act)))
}

fn reboots(it: &Situation, stage: Stage) -> Option<String> {
    let limits = it.machine.limits();
    // The power switch finishes a reboot that was counted already.
    if stage != Stage::Reboot {
        return None;
    }
    let spans = [
        (limits.hour, "hour", limits.reboots_per_hour),
        (limits.day, "day", limits.reboots_per_day),
    ];
    spans.into_iter().find_map(|(seconds, name, most)| {
        let count = it.history.within(seconds.into(), REBOOTS);
        let full = count >= usize::try_from(most).unwrap_or(0);
        full.then(|| format!("{count} reboots within one {name}, of at most {most}"))
    })
}

fn restarts(it: &Situation, stage: Stage) -> Option<String> {
    if stage != Stage::Restart {
        return None;
    }
    let limits = it.machine.limits();
    let most = limits.restarts_per_day;
    let own = it.call.service_name();
    let recent = it
        .history
        .acts(&[Stage::Restart])
        .filter(|act| act.service.as_deref() == own && it.history.age(act) < u64::from(limits.day));
    let count = recent.count();
    let full = count >= usize::try_from(most).unwrap_or(0);
    full.then(|| format!("{count} restarts of it within one day, of at most {most}"))
}

/// After a reboot everything starts anew, and services fail that will not have failed.
fn settling(it: &Situation, stage: Stage) -> Option<String> {
    let settle = u64::from(it.machine.limits().settle);
    if stage == Stage::Power {
        return None;
    }
    let last = it.history.acts(REBOOTS).next_back()?;
    let since = it.history.age(last);
    (since < settle).then(|| format!("the server was rebooted {since} s ago, of {settle} s"))
}

/// A wall clock that was set makes a fault look older than it is.
fn clock(it: &Situation, _stage: Stage) -> Option<String> {
    let last = it.history.last()?;
    if last.at.boot != it.now.boot {
        return None;
    }
    let began = |moment: &Moment| i128::from(moment.time) - i128::from(moment.age);
    let moved = began(it.now) - began(&last.at);
    let slack = i128::from(it.machine.limits().slack);
    (moved.abs() > slack)
        .then(|| format!("the clock here was set by {moved} s since the last call"))
}

/// A call that does not come with the change to HARD, or one interval after an earlier one, comes from the end of a downtime or
/// an acknowledgement, a fail-over or a replay, and is about a state that may be long past.
fn natural(it: &Situation, _stage: Stage) -> Option<String> {
    let limit = u64::from(it.machine.limits().natural);
    let hard = it.call.hard_since_seconds();
    if hard.is_some_and(|at| it.now.time.checked_sub(at).is_some_and(|since| since <= limit)) {
        return None;
    }
    let fault = it.fault();
    match it.history.last_about(&fault) {
        None => {
            Some("the first call about this fault does not come with its change to HARD".to_owned())
        }
        Some(last) if 5 * it.history.age(last) > 8 * it.interval() => {
            Some(format!("the last call about this fault was {} s ago", it.history.age(last)))
        }
        Some(last) if last.check >= it.call.last_check_seconds() => {
            Some("there is no newer result since the last call".to_owned())
        }
        Some(_) => None,
    }
}
