//! The guards that a call's own arguments decide. Each says why it refuses, and all fail closed.

use super::Fault;
use super::decide::Situation;

/// A named rule; a reason means that nothing may be done.
#[derive(Debug)]
pub struct Guard {
    /// Its name, as refusals show it.
    pub name: &'static str,
    /// The reason to refuse, if there is one.
    pub refuses: fn(&Situation) -> Option<String>,
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

fn kind(it: &Situation) -> Option<String> {
    let kind = &it.call.kind;
    (kind != "PROBLEM").then(|| format!("a {kind} notification is no problem's natural tick"))
}

fn suppressed(it: &Situation) -> Option<String> {
    if !it.call.reachable {
        return Some("unreachable".to_owned());
    }
    let (what, _) = it.call.suppressions.iter().find(|(_, count)| *count > 0)?;
    Some(format!("{what} in effect"))
}

fn state(it: &Situation) -> Option<String> {
    let call = it.call;
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

/// By time, not by attempts: forced checks make four attempts in seconds.
fn long_enough(it: &Situation) -> Option<String> {
    let needed = it.interval() * u64::from(it.machine.attempts);
    // Icinga shortens each interval by up to 5 % and half a second.
    let slack = u64::from(it.machine.limits().slack);
    match it.now.time.checked_sub(it.call.last_ok_seconds()) {
        None => Some("the last OK result lies in the future".to_owned()),
        Some(since) if since + slack < needed => {
            Some(format!("failed for {since} s of {needed} s"))
        }
        Some(_) => None,
    }
}

fn fresh(it: &Situation) -> Option<String> {
    let limit = it.interval() + u64::from(it.machine.limits().late);
    match it.now.time.checked_sub(it.call.last_check_seconds()) {
        None => Some("the last result lies in the future".to_owned()),
        Some(age) if age > limit => Some(format!("the last result is {age} s old")),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Call;
    use super::super::decide::tests::{call, refusing};

    #[test]
    fn a_proper_call_passes_every_guard() {
        assert_eq!(refusing(&call()), Vec::<&str>::new());
        let host = Call {
            fault: super::Fault::Host,
            state: "DOWN".to_owned(),
            host_state: "DOWN".to_owned(),
            ..call()
        };
        assert_eq!(refusing(&host), Vec::<&str>::new());
    }

    #[test]
    fn each_guard_refuses_its_case() {
        use super::super::decide::tests::ago;
        type Change = fn(&mut Call);
        let cases: &[(&str, Change)] = &[
            ("kind of call", |it| it.kind = "CUSTOM".to_owned()),
            ("kind of call", |it| it.kind = "RECOVERY".to_owned()),
            ("suppressed", |it| it.suppressions[0].1 = 1),
            ("suppressed", |it| it.suppressions[1].1 = 2),
            ("suppressed", |it| it.suppressions[2].1 = 1),
            ("suppressed", |it| it.reachable = false),
            ("state", |it| it.state_type = "SOFT".to_owned()),
            ("state", |it| it.state = "UNKNOWN".to_owned()),
            ("state", |it| it.state = "OK".to_owned()),
            ("state", |it| it.host_state = "DOWN".to_owned()),
            ("long enough", |it| it.last_ok = ago(1134)),
            ("long enough", |it| it.last_ok = ago(-61)),
            ("fresh", |it| it.last_check = ago(391)),
            ("fresh", |it| it.last_check = ago(-5)),
        ];
        for (guard, change) in cases {
            let mut changed = call();
            change(&mut changed);
            assert_eq!(refusing(&changed), [*guard]);
        }
    }

    #[test]
    fn twenty_minutes_allow_for_the_engines_slack_to_the_second() {
        use super::super::decide::tests::ago;
        assert_eq!(refusing(&Call { last_ok: ago(1135), ..call() }), Vec::<&str>::new());
        assert_eq!(refusing(&Call { last_check: ago(390), ..call() }), Vec::<&str>::new());
    }
}
