//! The configuration of Nagios, as Nagios reads and runs it.

mod daemon;
mod loopback;

use std::path::Path;

use firstaid::config::nagios;
use firstaid::policy::Policy;

pub(crate) use daemon::Nagios;

use crate::monitored;

fn written(inventory: &firstaid::inventory::Inventory) -> Nagios {
    let files = nagios::write(Policy::documented(), inventory);
    Nagios::of(&files, Path::new("/usr/lib/nagios/plugins"))
}

#[test]
fn nagios_has_nothing_to_complain_of_the_example() {
    written(&monitored::example()).is_clean();
}

#[test]
fn nagios_has_nothing_to_complain_of_a_thousand_hosts() {
    written(&monitored::many(1000)).is_clean();
}

#[test]
fn nagios_has_nothing_to_complain_where_nothing_recovers() {
    let host =
        "[[host]]\nname = \"a\"\naddress = \"10.0.0.1\"\nos = \"centos\"\nagent = \"none\"\n";
    written(&monitored::inventory(host)).is_clean();
    written(&monitored::inventory(&host.replace("none", "nrpe"))).is_clean();
}

#[test]
fn a_wrong_configuration_would_be_noticed() {
    let mut files = nagios::write(Policy::documented(), &monitored::example());
    let hosts = files.iter_mut().find(|file| file.path.ends_with("hosts.cfg")).unwrap();
    hosts.text = hosts.text.replacen("check_command firstaid_", "check_command other_", 1);
    let ran = Nagios::of(&files, Path::new("/usr/lib/nagios/plugins")).verify();
    assert!(ran.code != 0 && ran.stdout.contains("Total Errors:   1\n"), "{}", ran.stdout);
}

/// The numbers of the engine's clock, as measured against Nagios 4.4 and 4.5.
#[test]
fn the_rhythm_is_the_documented_one() {
    let files = nagios::write(Policy::documented(), &monitored::example());
    let text = |name: &str| {
        let found = files.iter().find(|file| file.path.ends_with(name));
        found.unwrap_or_else(|| panic!("no {name}")).text.clone()
    };
    let templates = text("templates.cfg");
    for line in
        ["check_interval 5", "retry_interval 5", "max_check_attempts 4", "flap_detection_enabled 0"]
    {
        assert_eq!(templates.matches(&format!("    {line}\n")).count(), 2, "{line}");
    }
    // Three kinds of what recovery reaches, for three lists of contacts.
    let ticks = templates.matches("    notification_interval 4\n").count();
    assert_eq!(ticks, templates.matches("escalation {\n").count());
    assert_eq!(ticks % 6, 0);
    let settings = text("settings.cfg");
    for line in [
        "service_check_timeout_state=u",
        "service_check_timeout=30",
        "cached_host_check_horizon=290",
        "enable_flap_detection=0",
    ] {
        assert!(settings.contains(&format!("{line}\n")), "{line}");
    }
    let commands = text("commands.cfg");
    assert!(
        commands.contains("--last-ok '$LASTSERVICEOK$'")
            && commands.contains("--last-ok '$LASTHOSTUP$'")
    );
}

#[test]
fn resources_never_call_recovery() {
    let files = nagios::write(Policy::documented(), &monitored::many(4));
    let hosts = files.iter().find(|file| file.path.ends_with("hosts.cfg")).unwrap();
    let resources: Vec<&str> = hosts
        .text
        .split("\n\n")
        .filter(|it| {
            ["load", "disk", "mem"]
                .iter()
                .any(|name| it.contains(&format!("service_description {name}\n")))
        })
        .collect();
    assert_eq!(resources.len(), 9);
    for resource in resources {
        assert!(!resource.contains("robot") && !resource.contains("RECOVER"), "{resource}");
        assert!(resource.contains("use firstaid-service\n"), "{resource}");
    }
}
