//! Performance data as Icinga 2 reads them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::form::items;
use super::plugin::{Plugin, all};
use crate::run::{Ran, command, finish, require};

fn data(ran: &Ran) -> Vec<String> {
    ran.first().split_once(" | ").map(|(_, data)| items(data)).unwrap_or_default()
}

/// The items read back by the engine, as it shows them.
fn read_back(items: &[String]) -> Vec<Value> {
    require("icinga2");
    let calls: Vec<String> = items
        .iter()
        .map(|item| format!("parse_performance_data({})", Value::from(item.as_str())))
        .collect();
    let ran =
        finish(&mut command("icinga2", &["console", "-e", &format!("[ {} ]", calls.join(", "))]));
    let list = ran.stdout.lines().last().unwrap_or_default();
    serde_json::from_str(list).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn icinga_reads_every_value_and_plain_thresholds() {
    let runs: Vec<(Plugin, Ran)> = all()
        .map(|plugin| (plugin.run(&plugin.line(&[])), plugin))
        .map(|(ran, plugin)| (plugin, ran))
        .collect();
    let items: Vec<String> = runs.iter().flat_map(|(_, ran)| data(ran)).collect();
    let values = read_back(&items);
    assert_eq!(values.len(), items.len());
    for (item, value) in items.iter().zip(&values) {
        let number = |field: &str| value.get(field).and_then(Value::as_f64);
        assert!(number("value").is_some_and(f64::is_finite), "{item}: {value}");
        let label = item.rsplit_once('=').map(|(label, _)| label.trim_matches('\''));
        assert_eq!(value.get("label").and_then(Value::as_str), label, "{item}: {value}");
        let fields: Vec<&str> = item.split(';').skip(1).collect();
        for (field, text) in ["warn", "crit", "min", "max"].into_iter().zip(fields) {
            assert_eq!(number(field).is_some(), !text.is_empty(), "{field} of {item}: {value}");
        }
    }
    for (plugin, ran) in &runs {
        let judged = |item: &String| {
            item.split(';').skip(1).take(2).filter(|it| !it.is_empty()).count() == 2
        };
        let plain = plugin.plain().is_empty() || data(ran).iter().any(judged);
        assert!(plain, "check_{}: no value with both thresholds in {ran:?}", plugin.name);
    }
}

#[test]
fn the_documented_thresholds_are_plain_numbers() {
    for plugin in all() {
        for item in data(&plugin.run(&plugin.bare(&[]))) {
            for field in item.split(';').skip(1) {
                assert!(
                    field.is_empty() || super::form::is_number(field),
                    "check_{}: {item}",
                    plugin.name
                );
            }
        }
    }
}

#[test]
fn labels_are_the_same_in_every_state() {
    for plugin in all() {
        let labels = |line: &[String]| -> BTreeSet<String> {
            let items = data(&plugin.run(line));
            items
                .iter()
                .filter_map(|item| item.rsplit_once('='))
                .map(|(label, _)| label.to_owned())
                .collect()
        };
        let usual = labels(&plugin.line(&[]));
        assert!(!usual.is_empty(), "check_{}", plugin.name);
        let Some(alerting) = plugin.alerting() else { continue };
        for thresholds in alerting {
            assert_eq!(
                labels(&plugin.bare(&thresholds)),
                usual,
                "check_{} {thresholds:?}",
                plugin.name
            );
        }
    }
}
