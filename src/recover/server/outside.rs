//! A service that is missed from outside and answers on the server itself: firewall or route, which no reboot mends.

use super::agent::{Asked, Want};
use super::case::Case;
use super::verdict::Verdict;
use crate::policy::{Plan, Policy};
use crate::recover::{Machine, Stage, Told};

/// What holds a stage back because of it, if anything does. The server is asked for the very service of the call.
pub(super) fn held(case: &Case, stage: Stage) -> Option<Verdict> {
    let service = case.call.service_name()?;
    let asks = match case.machine.outside_only.as_str() {
        "reboot" => false,
        "restart" => stage != Stage::Restart,
        _ => true,
    };
    if !asks {
        return None;
    }
    match case.ask(Want::Answers) {
        Asked::Told { told, .. } => match inside(&told, case.machine, service) {
            Some(false) => None,
            Some(true) => Some(Verdict::People(format!(
                "{service} answers on the server itself: look at firewall and routes; nothing is done about that"
            ))),
            None => Some(Verdict::Unsure(format!(
                "whether {service} answers on the server itself can not be told"
            ))),
        },
        // It told about itself a moment ago: what changed is for the next call to see.
        Asked::Silent(why) | Asked::Refused(why) | Asked::Unclear(why) => {
            Some(Verdict::Unsure(why))
        }
    }
}

/// Whether a service answers on the server itself, with the second port that its check asks for, too.
fn inside(told: &Told, machine: &Machine, service: &str) -> Option<bool> {
    let policy = Policy::documented();
    let own = *told.answers.get(service)?;
    let second = policy.service(service).ok()?.with_port.of(plan(machine, service)?);
    let Some(port) = *second else { return own };
    let other = policy.services.iter().find(|it| it.port == port)?;
    match (own, *told.answers.get(other.name)?) {
        (Some(true), Some(true)) => Some(true),
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
    }
}

/// The plan that a service's check has in its words.
fn plan(machine: &Machine, service: &str) -> Option<Plan> {
    let words = machine.checks.get(service)?;
    let at = words.iter().position(|word| word == "--plan");
    let Some(at) = at else { return Some(Plan::default()) };
    let name = words.get(at + 1)?;
    Plan::ALL.into_iter().find(|plan| plan.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(plan: &str) -> Machine {
        let words = |check: &str| ["/x/check", "--plan", plan, check].map(str::to_owned).to_vec();
        let checks = ["ssh", "http", "https"].map(|name| (name.to_owned(), words(name)));
        Machine { checks: checks.into(), ..Machine::documented() }
    }

    fn told(answers: &[(&str, Option<bool>)]) -> Told {
        let answers = answers.iter().map(|(name, answer)| ((*name).to_owned(), *answer)).collect();
        Told { answers, ..Told::default() }
    }

    #[test]
    fn a_service_is_judged_with_the_second_port_of_its_check() {
        let both = |http, https| told(&[("http", http), ("https", https)]);
        let (yes, no) = (Some(true), Some(false));
        for (plan, service, answers, expected) in [
            ("core2duo", "http", both(yes, no), yes),
            ("corei5-xeon", "http", both(yes, no), no),
            ("corei5-xeon", "http", both(yes, yes), yes),
            ("core2duo", "https", both(no, yes), no),
            ("core2duo", "https", both(yes, yes), yes),
            ("core2duo", "https", both(None, yes), None),
            ("core2duo", "https", both(None, no), no),
            ("core2duo", "ssh", told(&[("ssh", yes)]), yes),
            ("core2duo", "ssh", told(&[("ssh", None)]), None),
            ("core2duo", "ssh", told(&[]), None),
            ("gold", "http", both(yes, yes), None),
        ] {
            let inside = inside(&answers, &machine(plan), service);
            assert_eq!(inside, expected, "{plan} {service} {answers:?}");
        }
    }
}
