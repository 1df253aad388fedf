//! The documented thresholds as a Markdown table.

use std::fmt::Write;

use crate::plugin::{Bound, Status};
use crate::policy::{Plan, Policy, Service};

/// What each plan documents, one row a service and one a measured value, ending in a newline.
pub fn thresholds(policy: &Policy) -> String {
    let mut table = String::from("| what | check |");
    for plan in Plan::ALL {
        let _ = write!(table, " `{}` ({}) |", plan.name(), policy.titles.of(plan));
    }
    table.push_str("\n| --- | --- | --- | --- |\n");
    for service in policy.services {
        let _ =
            write!(table, "| {} ({}) | `check_{}` |", service.name, service.port, service.check);
        for plan in Plan::ALL {
            let _ = write!(table, " {} |", cell(policy, service, plan));
        }
        table.push('\n');
    }
    for rule in policy.rules.iter().filter(|rule| rule.subject != STATUS) {
        let _ =
            write!(table, "| {} of `{}` | `check_{}` |", rule.metric, rule.subject, rule.subject);
        for plan in Plan::ALL {
            let bounds = rule.bounds.of(plan);
            let _ = write!(table, " {} |", pair(bounds.warning, bounds.critical, rule.unit));
        }
        table.push('\n');
    }
    table
}

/// What a plan documents about a service.
pub fn bounds(policy: &Policy, service: &Service, plan: Plan) -> String {
    cell(policy, service, plan)
}

/// What a plan documents about a check's values, one line a value.
pub fn values(policy: &Policy, check: &str, plan: Plan) -> Vec<String> {
    let rules = policy.rules.iter().filter(|rule| rule.subject == check);
    let line = |rule: &crate::policy::Rule| {
        let bounds = rule.bounds.of(plan);
        format!("{}: {}", rule.metric, pair(bounds.warning, bounds.critical, rule.unit))
    };
    rules.map(line).collect()
}

/// What each plan documents about a service, one line a plan.
pub(super) fn service(policy: &Policy, service: &Service) -> String {
    let line = |plan: Plan| {
        format!(
            "{} ({}), {}: {}",
            service.name,
            service.port,
            plan.name(),
            cell(policy, service, plan)
        )
    };
    Plan::ALL.map(line).join("\n")
}

/// What each plan documents about a check's values, one line a value and a plan.
pub(super) fn rows(policy: &Policy, check: &str) -> String {
    let of_plan = |plan: Plan| {
        let lines = values(policy, check, plan).into_iter();
        lines.map(move |line| format!("{check}, {}: {line}", plan.name()))
    };
    Plan::ALL.into_iter().flat_map(of_plan).collect::<Vec<_>>().join("\n")
}

/// The rule that judges HTTP statuses; it stands in the rows of the HTTP services.
const STATUS: &str = "http_status";

fn cell(policy: &Policy, service: &Service, plan: Plan) -> String {
    let no_answer = Bound::From(service.no_answer.into());
    let mut parts = vec![format!("answer {}", pair(*service.slow.of(plan), Some(no_answer), "s"))];
    if *service.imperfect.of(plan) != Status::Ok {
        let what =
            if service.name == "dns" { "answer with a warning" } else { "another status than 220" };
        parts.push(format!("{what}: {}", service.imperfect.of(plan)));
    }
    if service.check == "http_layer7" {
        let rule = policy.rules.iter().find(|rule| rule.subject == STATUS);
        let bounds = rule
            .map(|rule| rule.bounds.of(plan))
            .filter(|it| it.warning.is_some() || it.critical.is_some());
        parts.push(bounds.map_or("any status".to_owned(), |it| {
            format!("status {}", pair(it.warning, it.critical, ""))
        }));
    }
    if let Some(port) = service.with_port.of(plan) {
        parts.push(format!("port {port} connects too"));
    }
    parts.join("; ")
}

fn pair(warning: Option<Bound>, critical: Option<Bound>, unit: &str) -> String {
    let one = |name: &str, bound: Option<Bound>| {
        bound.map(|bound| {
            format!("{name} {bound}{}{unit}", if unit.is_empty() || unit == "%" { "" } else { " " })
        })
    };
    let parts: Vec<String> =
        [one("WARNING", warning), one("CRITICAL", critical)].into_iter().flatten().collect();
    parts.join(", ")
}
