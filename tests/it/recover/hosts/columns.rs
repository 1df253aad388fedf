//! The table of restart scripts, cell by cell: what is killed comes back by the documented script, stop then start.

use firstaid::policy::{Policy, Service};
use firstaid::recover::State;

use super::asking::{aged, ask, kill, restart};
use super::panel::{Column, on_debian};
use crate::rig::{Host, Kind, Network};
use crate::run::side_by_side;

/// Where a host notes what its scripts were told.
const ORDERS: &str = "/run/orders";

/// Lets each init script, or systemd's front, note what it is told before it obeys.
fn listen(host: &Host, kind: Kind) {
    host.shell(&match kind {
        Kind::Systemd => format!(
            "mv /usr/bin/systemctl /usr/bin/systemctl.real\n\
             cat > /usr/bin/systemctl <<'END'\n#!/bin/bash\n\
             case $1 in stop|start|restart|kill) echo \"$*\" >> {ORDERS} ;; esac\n\
             exec -a \"$0\" /usr/bin/systemctl.real \"$@\"\nEND\n\
             chmod 755 /usr/bin/systemctl"
        ),
        Kind::Sysv => format!(
            "for script in /etc/init.d/[a-z]*; do sed -i \"1a echo \\$1 ${{script##*/}} >> {ORDERS}\" $script; done"
        ),
    });
}

/// What was told since the last time, as `stop NAME` and the like.
fn orders(host: &Host) -> Vec<String> {
    let text = host.shell(&format!("touch {ORDERS}; cat {ORDERS}; rm {ORDERS}"));
    let lines = text.lines().map(|line| line.replace("-- ", "").replace(".service", ""));
    // Sockets are stopped with their service and started before it.
    lines
        .map(|line| {
            line.split(' ').filter(|it| !it.ends_with(".socket")).collect::<Vec<_>>().join(" ")
        })
        .filter(|line| line.contains(' '))
        .collect()
}

/// Kills a service and has it restarted: it must be by the script that the table names.
fn cell(host: &Host, kind: Kind, column: Column, service: &'static Service) {
    kill(host, service.port);
    orders(host);
    let (line, told) = restart(host, service.name);
    let job = told.job.unwrap();
    let script = on_debian(column.documented(service), kind);
    let what = format!("{kind:?} {column:?} {}: {line}: {job:?}", service.name);
    assert_eq!(job.state, State::Done, "{what}");
    assert_eq!(job.service.as_deref(), Some(service.name), "{what}");
    // A daemon whose own supervisor starts it anew within the stop is stopped once more, and that is told.
    let stops = 1 + usize::from(job.text.contains("stopped once more"));
    let mut wanted = vec![format!("stop {script}"); stops];
    wanted.push(format!("start {script}"));
    assert_eq!(orders(host), wanted, "{what}");
}

/// A host of a column, on which every cell of it was tried.
fn tried(network: &Network, kind: Kind, column: Column) -> Host {
    let host = Host::start(network, kind);
    column.install(&host, kind);
    for service in Policy::documented().services {
        host.wait_port(network, service.port);
    }
    listen(&host, kind);
    aged(&host);
    for service in Policy::documented().services {
        cell(&host, kind, column, service);
    }
    let (line, told) = ask(&host, &["answers"]);
    let all = Policy::documented().services.iter();
    let all = all.map(|service| (service.name.to_owned(), Some(true)));
    assert_eq!(told.answers, all.collect(), "{kind:?} {column:?}: {line}");
    host
}

#[test]
fn without_a_panel_each_of_the_ten_services_comes_back_by_its_script() {
    side_by_side(&[Kind::Systemd, Kind::Sysv], |kind| {
        let network = Network::new();
        let host = tried(&network, *kind, Column::None);
        reboots_once(&host, *kind);
    });
}

/// A reboot shows a new boot id, and is not done again.
fn reboots_once(host: &Host, kind: Kind) {
    let (before, boots) = (host.boot_id(), host.power().boots());
    let (line, _) = ask(host, &["reboot"]);
    assert_eq!(line, "RECOVER OK - reboot started", "{kind:?}");
    host.rebooted_since(boots);
    assert_ne!(host.boot_id(), before, "{kind:?}");
    let (line, told) = ask(host, &["result"]);
    assert_eq!(told.job.map(|job| job.state), Some(State::Done), "{kind:?}: {line}");
    let (again, _) = ask(host, &["reboot"]);
    assert!(again.contains("refused (young)"), "{kind:?}: {again}");
}

#[test]
fn with_a_panel_each_of_the_ten_services_comes_back_by_its_script() {
    let hosts = [
        (Kind::Systemd, Column::Plesk),
        (Kind::Systemd, Column::Webmin),
        (Kind::Sysv, Column::Plesk),
        (Kind::Sysv, Column::Webmin),
    ];
    side_by_side(&hosts, |(kind, column)| {
        let network = Network::new();
        let host = tried(&network, *kind, *column);
        xinetd_alone_is_restarted(&host, *kind);
    });
}

/// What xinetd does not start is not cured by its restart, and the other services that it starts would suffer.
fn xinetd_alone_is_restarted(host: &Host, kind: Kind) {
    host.shell("rm /etc/xinetd.d/ftp_psa; service xinetd restart");
    orders(host);
    super::asking::forget(host);
    let (line, _) = ask(host, &["restart", "--service", "ftp"]);
    assert!(line.contains("refused (unit): xinetd starts nothing on port 21"), "{kind:?}: {line}");
    assert_eq!(orders(host), Vec::<String>::new(), "{kind:?}");
}
