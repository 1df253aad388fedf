//! The guards that a call's own arguments decide. Each says why it refuses, and all fail closed.

use std::time::{Duration, SystemTime};

use super::{Call, Fault};
use crate::policy::Policy;

/// A named rule; a reason means that nothing may be done.
#[derive(Debug)]
pub struct Guard {
    /// Its name, as refusals show it.
    pub name: &'static str,
    /// The reason to refuse, if there is one.
    pub refuses: fn(&Call, SystemTime) -> Option<String>,
}

/// Why nothing is done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// Name of the guard.
    pub guard: &'static str,
    /// Its reason.
    pub reason: String,
}

/// Every guard, in the order in which refusals are told.
pub const GUARDS: &[Guard] = &[
    Guard { name: "kind of call", refuses: kind },
    Guard { name: "suppressed", refuses: suppressed },
    Guard { name: "state", refuses: state },
    Guard { name: "long enough", refuses: long_enough },
    Guard { name: "fresh", refuses: fresh },
];

fn kind(call: &Call, _now: SystemTime) -> Option<String> {
    (call.kind != "PROBLEM")
        .then(|| format!("a {} notification is no problem's natural tick", call.kind))
}

fn suppressed(call: &Call, _now: SystemTime) -> Option<String> {
    let (what, _) = call.suppressions.iter().find(|(_, count)| *count > 0)?;
    Some(format!("{what} in effect"))
}

fn state(call: &Call, _now: SystemTime) -> Option<String> {
    if call.state_type != "HARD" {
        return Some(format!("the state is {}, not HARD", call.state_type));
    }
    let failed = match call.fault {
        Fault::Host => matches!(call.state.as_str(), "DOWN" | "WARNING"),
        Fault::Service(_) => matches!(call.state.as_str(), "CRITICAL" | "WARNING"),
    };
    if !failed {
        return Some(format!("state {} never leads to an act", call.state));
    }
    match call.fault {
        Fault::Service(_) if call.host_state != "UP" => {
            Some("the host is down, so its services are not restarted".to_owned())
        }
        Fault::Host | Fault::Service(_) => None,
    }
}

fn long_enough(call: &Call, now: SystemTime) -> Option<String> {
    let needed = Duration::from_secs(Policy::documented().schedule.recovery_after.into());
    // Icinga shortens each interval by up to 5 % and half a second.
    let slack = Duration::from_secs(Policy::documented().recovery.slack.into());
    match now.duration_since(call.last_ok) {
        Err(_) => Some("the last OK result lies in the future".to_owned()),
        Ok(since) if since + slack < needed => {
            Some(format!("failed for {} s of {} s", since.as_secs(), needed.as_secs()))
        }
        Ok(_) => None,
    }
}

fn fresh(call: &Call, now: SystemTime) -> Option<String> {
    let policy = Policy::documented();
    let limit = Duration::from_secs((policy.schedule.check_interval + policy.recovery.late).into());
    match now.duration_since(call.last_check) {
        Err(_) => Some("the last result lies in the future".to_owned()),
        Ok(age) if age > limit => Some(format!("the last result is {} s old", age.as_secs())),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_001);

    fn ago(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + NOW - Duration::from_secs(seconds)
    }

    fn call() -> Call {
        Call {
            fault: Fault::Service(Policy::documented().service("ssh").unwrap()),
            kind: "PROBLEM".to_owned(),
            state: "CRITICAL".to_owned(),
            state_type: "HARD".to_owned(),
            host_state: "UP".to_owned(),
            suppressions: [("downtime of the host", 0), ("downtime", 0), ("acknowledgement", 0)],
            last_ok: ago(1200),
            last_check: ago(10),
        }
    }

    /// Names of the guards that refuse.
    fn refusing(call: &Call) -> Vec<&'static str> {
        let now = SystemTime::UNIX_EPOCH + NOW;
        GUARDS
            .iter()
            .filter(|guard| (guard.refuses)(call, now).is_some())
            .map(|guard| guard.name)
            .collect()
    }

    #[test]
    fn a_proper_call_passes_every_guard() {
        assert_eq!(refusing(&call()), Vec::<&str>::new());
        let host = Call {
            fault: Fault::Host,
            state: "DOWN".to_owned(),
            host_state: "DOWN".to_owned(),
            ..call()
        };
        assert_eq!(refusing(&host), Vec::<&str>::new());
    }

    #[test]
    fn each_guard_refuses_its_case() {
        type Change = fn(&mut Call);
        let cases: &[(&str, Change)] = &[
            ("kind of call", |it| it.kind = "CUSTOM".to_owned()),
            ("kind of call", |it| it.kind = "RECOVERY".to_owned()),
            ("suppressed", |it| it.suppressions[0].1 = 1),
            ("suppressed", |it| it.suppressions[1].1 = 2),
            ("suppressed", |it| it.suppressions[2].1 = 1),
            ("state", |it| it.state_type = "SOFT".to_owned()),
            ("state", |it| it.state = "UNKNOWN".to_owned()),
            ("state", |it| it.state = "OK".to_owned()),
            ("state", |it| it.host_state = "DOWN".to_owned()),
            ("long enough", |it| it.last_ok = ago(1134)),
            ("long enough", |it| it.last_ok = ago(0) + Duration::from_secs(61)),
            ("fresh", |it| it.last_check = ago(391)),
            ("fresh", |it| it.last_check = ago(0) + Duration::from_secs(5)),
        ];
        for (guard, change) in cases {
            let mut changed = call();
            change(&mut changed);
            assert_eq!(refusing(&changed), [*guard]);
        }
    }

    #[test]
    fn twenty_minutes_allow_for_the_engines_slack_to_the_second() {
        assert_eq!(refusing(&Call { last_ok: ago(1135), ..call() }), Vec::<&str>::new());
        assert_eq!(refusing(&Call { last_check: ago(390), ..call() }), Vec::<&str>::new());
    }
}
