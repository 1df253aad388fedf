//! Ranges that are taken, and what the C plugins misread and these refuse.

use super::form::assert_form;
use super::plugin::{Plugin, all};

const REFUSED: [&str; 13] =
    ["", ":", "~", "@", "@@1:2", "20:10", "-1", "1:2:3", "abc", "10x", "1,5", "inf", "nan"];
const TAKEN: [&str; 8] = ["10", "10:", "~:10", "10:20", "@10:20", "0.5", "0:10", "@~:3"];

fn judging() -> impl Iterator<Item = Plugin> {
    all().filter(|plugin| plugin.alerting().is_some())
}

/// A range in the place of one value, for checks that take pairs.
fn written(plugin: &Plugin, range: &str) -> Vec<String> {
    match plugin.name {
        // A pair is what this check is about: each half is refused as such, and a comma is no mistake.
        "icmp_rtt" if range == "1,5" => vec!["1,5,6".to_owned()],
        "icmp_rtt"
            if range.starts_with(|it: char| it.is_ascii_digit()) && !range.ends_with(':') =>
        {
            vec![format!("{range},20%"), format!("100,{range}%")]
        }
        "icmp_rtt" => vec![format!("{range},20%")],
        _ => vec![range.to_owned()],
    }
}

#[test]
fn what_the_c_plugins_misread_is_refused() {
    for plugin in judging() {
        for (range, option) in REFUSED.iter().flat_map(|range| [(range, "-w"), (range, "-c")]) {
            for text in written(&plugin, range) {
                let long = if option == "-w" { "--warning" } else { "--critical" };
                for line in
                    [plugin.bare(&[option, &text]), plugin.bare(&[&format!("{long}={text}")])]
                {
                    let ran = plugin.run(&line);
                    assert_form(&plugin, &line, &ran);
                    let of = format!("check_{} {line:?}: {ran:?}", plugin.name);
                    assert!(
                        ran.code == 3
                            && ran.stdout.contains(long)
                            && ran.stdout.contains("see --help"),
                        "{of}"
                    );
                }
            }
        }
    }
}

#[test]
fn all_forms_of_ranges_are_taken() {
    for plugin in judging() {
        for (range, option) in TAKEN.iter().flat_map(|range| [(range, "-w"), (range, "-c")]) {
            for text in written(&plugin, range) {
                let glued = format!("{option}{text}");
                for line in [plugin.bare(&[option, &text]), plugin.bare(&[&glued])] {
                    let ran = plugin.run(&line);
                    assert_form(&plugin, &line, &ran);
                    assert_ne!(ran.code, 3, "check_{} {line:?}: {ran:?}", plugin.name);
                }
            }
        }
    }
}

#[test]
fn thresholds_override_one_by_one_and_the_last_one_counts() {
    for plugin in judging() {
        let Some([warning, critical]) = plugin.alerting() else { continue };
        if plugin.name == "disk" {
            // Repeated thresholds of disks are for different paths, as the C plugin has it.
            continue;
        }
        let quiet = plugin.plain();
        assert_eq!(
            plugin.run(&plugin.bare(&[warning.clone(), quiet.clone()].concat())).code,
            0,
            "{}",
            plugin.name
        );
        assert_eq!(
            plugin.run(&plugin.bare(&[critical.clone(), quiet.clone()].concat())).code,
            0,
            "{}",
            plugin.name
        );
        assert_eq!(
            plugin.run(&plugin.bare(&[quiet, warning.clone()].concat())).code,
            1,
            "{}",
            plugin.name
        );
        assert_eq!(
            plugin.run(&plugin.bare(&[warning, critical].concat())).code,
            2,
            "{}",
            plugin.name
        );
    }
}
