//! What the engine made of the example: the traps of its configuration, object by object.

use std::collections::BTreeMap;

use super::rig::Rig;
use super::{EXAMPLE, files};
use firstaid::policy::Policy;

/// Objects by type and name, each with its attributes as the engine shows them.
pub(super) type Objects = BTreeMap<(String, String), BTreeMap<String, String>>;

/// Reads `icinga2 object list`.
pub(super) fn read(text: &str) -> Objects {
    let mut objects = Objects::new();
    let mut at = None;
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("Object '") {
            let (name, kind) = head.split_once("' of type '").unwrap();
            at = Some((kind.trim_end_matches("':").to_owned(), name.to_owned()));
        } else if let (Some(key), Some((name, value))) =
            (&at, line.strip_prefix("  * ").and_then(|it| it.split_once(" = ")))
        {
            let object = objects.entry(key.clone()).or_default();
            object.insert(name.to_owned(), value.to_owned());
        }
    }
    objects
}

fn seen_by(node: &str, zone: &str, zones: &[&str]) -> Objects {
    read(&Rig::member(&files(EXAMPLE), node, zone, zones).object_list().stdout)
}

fn master() -> Objects {
    seen_by("master1.example.com", "master", &["master", "tokyo"])
}

fn of<'a>(
    objects: &'a Objects,
    kind: &'a str,
) -> impl Iterator<Item = (&'a str, &'a BTreeMap<String, String>)> {
    objects
        .iter()
        .filter(move |((it, _), _)| it == kind)
        .map(|((_, name), object)| (name.as_str(), object))
}

#[test]
fn four_attempts_in_five_minutes_each_and_no_flapping() {
    let objects = master();
    let schedule = &Policy::documented().schedule;
    let expected = [
        ("check_interval", schedule.check_interval.to_string()),
        ("retry_interval", schedule.retry_interval.to_string()),
        ("max_check_attempts", schedule.max_attempts.to_string()),
        ("enable_flapping", "false".to_owned()),
        ("event_command", "\"\"".to_owned()),
    ];
    // What stands for an agent is never checked.
    let checked: Vec<_> = of(&objects, "Host")
        .chain(of(&objects, "Service"))
        .filter(|(_, object)| object["enable_active_checks"] == "true")
        .collect();
    assert_eq!(checked.len(), 4 + 33);
    for (name, object) in checked {
        for (attribute, value) in &expected {
            assert_eq!(object.get(*attribute), Some(value), "{attribute} of {name}");
        }
    }
}

#[test]
fn time_limits_nest_and_recovery_has_more_than_the_engines_minute() {
    let objects = master();
    let engine = Policy::documented().timeouts.engine.to_string();
    for (name, object) in
        of(&objects, "CheckCommand").filter(|(name, _)| name.starts_with("firstaid"))
    {
        assert_eq!(object.get("timeout"), Some(&engine), "{name}");
    }
    for (name, object) in of(&objects, "NotificationCommand") {
        let expected = if name.contains("recover") { "600" } else { "60" };
        assert_eq!(object["timeout"], expected, "{name}");
    }
}

#[test]
fn recovery_is_a_tick_for_problems_of_what_can_be_recovered_and_of_nothing_else() {
    let objects = master();
    let ticks: Vec<_> = of(&objects, "Notification")
        .filter(|(name, _)| name.contains("!firstaid-repair"))
        .collect();
    for (name, object) in &ticks {
        assert_eq!(object["types"], "[ \"Problem\" ]", "{name}");
        assert_eq!(object["interval"], "300", "{name}");
        assert_eq!(object["times"], "null", "{name}");
        assert_eq!(object["users"], "[ \"firstaid-robot\" ]", "{name}");
        let states = match name.matches('!').count() {
            1 => "[ \"Down\" ]",
            _ => "[ \"Warning\", \"Critical\" ]",
        };
        assert_eq!(object["states"], states, "{name}");
        for resource in ["!load!", "!disk!", "!mem!"] {
            assert!(!name.contains(resource), "{name}");
        }
    }
    // Ten and four services, two hosts, and the slow pings of each.
    assert_eq!(ticks.len(), 14 + 2 + 2, "{ticks:?}");
}

#[test]
fn alerts_are_the_masters_and_recovery_is_that_of_the_zone_that_checks() {
    let satellite = seen_by("satellite1.example.com", "tokyo", &["tokyo"]);
    let names: Vec<&str> = of(&satellite, "Notification").map(|(name, _)| name).collect();
    assert!(names.iter().all(|name| name.contains("!firstaid-repair")), "{names:?}");
    // Four services, the host, and its slow pings; db1 has no way to be recovered.
    assert_eq!(names.iter().filter(|name| name.starts_with("mail1.")).count(), 6);
    assert_eq!(names.len(), 6);
    let masters = master();
    let alerts: Vec<_> = of(&masters, "Notification")
        .filter(|(name, _)| name.ends_with("!firstaid-alert"))
        .collect();
    assert_eq!(alerts.len(), 4 + 33);
    for (name, alert) in alerts {
        assert_eq!(
            (alert["types"].as_str(), alert["interval"].as_str()),
            ("[ \"Problem\", \"Recovery\" ]", "0"),
            "{name}"
        );
    }
    let of_satellite = of(&masters, "Notification")
        .filter(|(name, _)| name.starts_with("mail1.") && name.contains("!firstaid-repair"));
    assert_eq!(of_satellite.count(), 0);
}

#[test]
fn servers_of_one_zone_replay_nothing_and_connect_in_one_direction() {
    let first = master();
    let second = seen_by("master2.example.com", "master", &["master", "tokyo"]);
    let endpoint = |objects: &Objects, name: &str| {
        let object = &objects[&("Endpoint".to_owned(), format!("{name}.example.com"))];
        (object["host"].clone(), object["log_duration"].clone())
    };
    let none = "\"\"".to_owned();
    assert_eq!(endpoint(&first, "master1"), (none.clone(), "0".to_owned()));
    assert_eq!(endpoint(&first, "master2"), ("\"192.0.2.2\"".to_owned(), "0".to_owned()));
    assert_eq!(endpoint(&second, "master1"), (none.clone(), "0".to_owned()));
    assert_eq!(endpoint(&second, "master2"), (none, "0".to_owned()));
    assert_eq!(endpoint(&second, "satellite1").0, "\"198.51.100.1\"");
    // Watched servers are polled: only one with an Icinga agent has a zone.
    assert_eq!(of(&first, "Zone").count(), 4);
}
