//! What the rigs promise, each once.

use std::process::Command;

use super::power::Status;
use super::{Host, Kind, Network};

#[test]
fn a_host_boots_reboots_and_loses_its_power_with_either_init() {
    crate::run::side_by_side(&[Kind::Systemd, Kind::Sysv], |kind| {
        let network = Network::new();
        let host = Host::start(&network, *kind);
        for port in [21, 22, 25, 53, 80, 110, 143, 443, 3306, 5432] {
            host.wait_port(&network, port);
        }
        let (first, boots) = (host.boot_id(), host.power().boots());
        host.exec(&["reboot"]);
        host.rebooted_since(boots);
        let second = host.boot_id();
        assert_ne!(second, first, "{kind:?}");
        host.power_off();
        assert_eq!(host.status(), Status::Off);
        assert!(!pings(&network, &host), "a host without power answers");
        host.power_on();
        assert_ne!(host.boot_id(), second, "{kind:?}");
        assert!(pings(&network, &host));
    });
}

#[test]
fn a_frozen_host_answers_a_ping_alone_and_a_cut_one_nothing() {
    let network = Network::new();
    let host = Host::start(&network, Kind::Systemd);
    host.freeze();
    assert!(pings(&network, &host));
    assert!(!greets(&network, &host), "a frozen host greets");
    host.thaw();
    assert!(greets(&network, &host));
    host.cut();
    assert!(!pings(&network, &host));
    host.plug();
    assert!(pings(&network, &host));
}

#[test]
fn files_and_programs_are_the_hosts_own() {
    let network = Network::new();
    let host = Host::start(&network, Kind::Systemd);
    host.write("/run/a/b", "text", "0640");
    assert_eq!(host.read("/run/a/b"), "text");
    assert_eq!(host.must(&["stat", "-c", "%a %U", "/run/a/b"]), "640 root\n");
    let ran = host.exec(&["/usr/lib/nagios/plugins/check_ssh_banner", "-H", "127.0.0.1"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(host.read("/etc/hostname"), format!("{}\n", host.name()));
}

fn pings(network: &Network, host: &Host) -> bool {
    let mut ping = Command::new("ping");
    ping.args(["-c", "1", "-W", "1", &host.address().to_string()]);
    network.monitor().run(&mut ping).status.success()
}

fn greets(network: &Network, host: &Host) -> bool {
    let mut check = Command::new(env!("CARGO_BIN_EXE_check_ssh_banner"));
    check.args(["-t", "2", "-H", &host.address().to_string()]);
    network.monitor().run(&mut check).status.success()
}

#[test]
fn what_was_laid_over_a_host_is_there_and_a_crash_lasts_until_the_next_boot() {
    let network = Network::new();
    let host = Host::named(&network, Kind::Sysv, "shop");
    host.lay("etc/one/two", "laid", 0o640);
    assert!(host.laid("etc/one/two").is_file());
    assert!(host.built("etc/passwd").contains("nagios"));
    host.power_on();
    assert_eq!(host.must(&["stat", "-c", "%a", "/etc/one/two"]), "640\n");
    host.shell("echo own > /etc/one/three");
    assert_eq!((host.name(), host.kept("etc/one/three").as_str()), ("shop", "own\n"));
    assert_eq!(host.kept("etc/passwd"), "", "that is the base's");
    let addresses = host.network().must(Command::new("ip").args(["-4", "address", "show", "eth0"]));
    assert!(addresses.contains(&host.address().to_string()), "{addresses}");
    host.crash();
    assert!(!pings(&network, &host));
    host.power_off();
    host.power_on();
    assert!(pings(&network, &host));
}

#[test]
fn a_monitoring_server_that_is_cut_off_hears_nobody() {
    let network = Network::new();
    let neighbour = network.neighbour();
    let heard = || {
        let mut ping = Command::new("ping");
        ping.args(["-c", "1", "-W", "1", &neighbour.address().to_string()]);
        network.monitor().run(&mut ping).status.success()
    };
    assert!(heard());
    network.cut_uplink();
    assert!(!heard());
    network.plug_uplink();
    assert!(heard());
}
