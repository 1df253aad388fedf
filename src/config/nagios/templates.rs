//! What hosts and services have in common, and how recovery is called again and again.

use super::contacts::{PING_ROBOT, ROBOT};
use super::object::{Objects, Value};
use super::{ALWAYS, contact_name, via};
use crate::config::File;
use crate::inventory::{Host, Inventory};
use crate::policy::Pace;

/// A host that recovery does not reach.
pub(super) const HOST: &str = "firstaid-host";
/// A host that recovery reboots; a template for each list of contacts.
pub(super) const RECOVERED_HOST: &str = "firstaid-recovered-host";
/// A service that recovery does not reach.
pub(super) const SERVICE: &str = "firstaid-service";
/// A service that recovery restarts; a template for each list of contacts.
pub(super) const RESTARTED_SERVICE: &str = "firstaid-restarted-service";
/// Slow or lost answers of a host that recovery reboots; a template for each list of contacts.
pub(super) const RECOVERED_PING: &str = "firstaid-recovered-ping";

/// Notifications are due with check results alone; an interval as long as that of the checks skips some of them.
const SOONER: u32 = 60;

/// Lists of contacts, in the order of the hosts that tell them.
#[derive(Debug, Default)]
pub(super) struct Audiences(Vec<Vec<String>>);

impl Audiences {
    /// Those of all hosts that recovery reaches.
    pub(super) fn of(inventory: &Inventory) -> Self {
        let mut lists: Vec<Vec<String>> = Vec::new();
        for host in inventory.hosts().iter().filter(|host| via(host).is_some()) {
            if !lists.contains(&host.contacts) {
                lists.push(host.contacts.clone());
            }
        }
        Self(lists)
    }

    /// The name of a template for one of them.
    pub(super) fn template(&self, base: &str, contacts: &[String]) -> String {
        let number = self.0.iter().position(|list| list == contacts).unwrap_or_default();
        format!("{base}-{}", number + 1)
    }
}

/// The file.
pub(super) fn write(inventory: &Inventory, audiences: &Audiences) -> File {
    let mut objects = Objects::default();
    always(&mut objects);
    let site = inventory.site();
    objects.comment(&format!(
        "A result every {} s, also while a fault is not confirmed; {} failures in a row alert.",
        site.interval, site.attempts
    ));
    for (kind, name, options) in [("host", HOST, "d,u,r"), ("service", SERVICE, "w,u,c,r")] {
        objects.define(
            kind,
            &[
                ("name", name.into()),
                ("register", 0.into()),
                ("check_period", ALWAYS.into()),
                ("check_interval", Value::minutes(site.interval)),
                ("retry_interval", Value::minutes(site.interval)),
                ("max_check_attempts", site.attempts.into()),
                ("notification_period", ALWAYS.into()),
                ("notification_options", options.into()),
                ("notification_interval", 0.into()),
                ("flap_detection_enabled", 0.into()),
                ("event_handler_enabled", 0.into()),
            ],
        );
    }
    objects.comment(
        "Recovery is called with every further result. The first notification goes to people and to recovery, all others to",
    );
    objects.comment(
        "recovery alone; when the fault is over, people are told once, since the escalations leave that out.",
    );
    for (number, contacts) in audiences.0.iter().enumerate() {
        let people: Vec<String> = contacts.iter().map(|name| contact_name(name)).collect();
        let audience =
            Audience { number: number + 1, people, interval: site.interval, pace: site.pace };
        audience.recovered(&mut objects, "host", [RECOVERED_HOST, HOST, ROBOT]);
        audience.recovered(&mut objects, "service", [RECOVERED_PING, SERVICE, PING_ROBOT]);
        let has_services = |host: &&Host| {
            via(host).is_some() && host.contacts == *contacts && !host.services.is_empty()
        };
        if inventory.hosts().iter().any(|host| has_services(&host)) {
            audience.recovered(&mut objects, "service", [RESTARTED_SERVICE, SERVICE, ROBOT]);
        }
    }
    File::new("nagios/objects/templates.cfg", "#", &objects.into_text())
}

fn always(objects: &mut Objects) {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let mut always = vec![("timeperiod_name", ALWAYS.into()), ("alias", "always".into())];
    always.extend(days.map(|day| (day, "00:00-24:00".into())));
    objects.define("timeperiod", &always);
}

/// Some contacts, and how what recovery reaches tells them.
struct Audience {
    number: usize,
    people: Vec<String>,
    /// Seconds between two results.
    interval: u32,
    pace: Pace,
}

impl Audience {
    /// A template, its group, and how notifications of the group go on. Nagios refuses to escalate for an empty group, so
    /// that only what has members is written.
    fn recovered(&self, objects: &mut Objects, kind: &str, [base, parent, robot]: [&str; 3]) {
        let name = format!("{base}-{}", self.number);
        let (groups, group_name) = (format!("{kind}groups"), format!("{kind}group_name"));
        let told: Vec<&str> = self.people.iter().map(String::as_str).chain([robot]).collect();
        objects.define(
            kind,
            &[
                ("name", name.as_str().into()),
                ("register", 0.into()),
                ("use", parent.into()),
                (&groups, name.as_str().into()),
                ("contacts", Value::names(&told)),
                ("notification_interval", Value::minutes(self.interval)),
            ],
        );
        let group = [(group_name.as_str(), name.as_str().into()), ("alias", name.as_str().into())];
        objects.define(&format!("{kind}group"), &group);
        // Nagios warns of a service whose own interval is shorter than that of its checks, but not of an escalation's.
        let tick = self.interval.saturating_sub(self.pace.seconds(SOONER)).max(1);
        let problems = if kind == "host" { "d,u" } else { "w,u,c" };
        for (first, last, contacts) in [(1, 1, Value::names(&told)), (2, 0, robot.into())] {
            objects.define(
                &format!("{kind}escalation"),
                &[
                    (&group_name, name.as_str().into()),
                    ("first_notification", first.into()),
                    ("last_notification", last.into()),
                    ("notification_interval", Value::minutes(tick)),
                    ("escalation_options", problems.into()),
                    ("contacts", contacts),
                ],
            );
        }
    }
}
