//! Restarts and reboots on real hosts, each with its own init: what is killed comes back, and every doubt refuses.

use std::time::Duration;

use firstaid::policy::Policy;
use firstaid::recover::{State, Told};

use crate::rig::{Host, Kind, Network};
use crate::run::side_by_side;
use crate::server::wait_until;

const PROGRAM: &str = "/usr/lib/nagios/plugins/recover_service";
/// Until a restart has stopped, started and held; a database may take its time.
const RESTARTED: Duration = Duration::from_mins(3);

/// A host that is older than what recovery leaves alone. The age is counted from the first process's start: field 22 of its
/// line (proc(5)).
fn aged(host: &Host) {
    let lines = "sed 's/^\\(.*) \\([^ ]* \\)\\{19\\}\\)[^ ]*/\\11/' /proc/1/stat > /run/stat\n\
                 mount --bind /run/stat /proc/1/stat";
    host.shell(lines);
}

/// What a host tells when it is asked for an act: the first line, and about itself.
fn ask(host: &Host, words: &[&str]) -> (String, Told) {
    let ran = host.exec(&[&[PROGRAM, "--act"], words].concat());
    let told = Told::find(&ran.stdout).unwrap_or_else(|error| panic!("{error:#}: {ran:?}"));
    (ran.first().to_owned(), told)
}

/// Asks for a restart, and for its result until there is one.
fn restart(host: &Host, service: &str) -> (String, Told) {
    let begun = ask(host, &["restart", "--service", service]);
    if begun.1.job.as_ref().is_some_and(|job| job.state == State::Refused) {
        return begun;
    }
    let ended = || ask(host, &["result"]).1.job.is_some_and(|job| job.state != State::Running);
    assert!(wait_until(RESTARTED, ended), "{service}: {:?}", ask(host, &["result"]));
    ask(host, &["result"])
}

/// Kills whatever holds a port, but for init.
fn kill(host: &Host, port: u16) {
    let lines = format!(
        "for pid in $(ss -Hltunp 'sport = :{port}' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u); do\n\
         [ $pid = 1 ] || kill -9 $pid || true\ndone"
    );
    host.shell(&lines);
}

#[test]
fn each_of_the_ten_services_comes_back_by_its_script() {
    side_by_side(&[Kind::Systemd, Kind::Sysv], |kind| {
        let network = Network::new();
        let host = Host::start(&network, *kind);
        for service in Policy::documented().services {
            host.wait_port(&network, service.port);
        }
        aged(&host);
        for service in Policy::documented().services {
            kill(&host, service.port);
            let (line, told) = restart(&host, service.name);
            let job = told.job.unwrap();
            let what = format!("{kind:?} {}: {line}: {job:?}", service.name);
            assert_eq!(job.state, State::Done, "{what}");
            assert_eq!(job.service.as_deref(), Some(service.name), "{what}");
        }
        let (line, told) = ask(&host, &["answers"]);
        let all = Policy::documented().services.iter();
        let all = all.map(|service| (service.name.to_owned(), Some(true)));
        assert_eq!(told.answers, all.collect(), "{kind:?}: {line}");
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
fn every_doubt_on_the_server_refuses_and_stops_nothing() {
    let network = Network::new();
    let host = Host::start(&network, Kind::Systemd);
    host.wait_port(&network, 21);
    let young = ask(&host, &["restart", "--service", "ftp"]).0;
    assert!(young.contains("refused (young)"), "{young}");
    aged(&host);
    let cases = [
        ("ftp", "touch /run/nologin", "rm /run/nologin", "planned"),
        ("ftp", "touch /etc/firstaid/recovery.off", "rm /etc/firstaid/recovery.off", "switch"),
        (
            "ssh",
            "echo 'NoSuchOption yes' > /etc/ssh/sshd_config.d/x.conf",
            "rm /etc/ssh/sshd_config.d/x.conf",
            "configuration",
        ),
        (
            "ftp",
            "systemctl mask --runtime -q vsftpd",
            "systemctl unmask --runtime -q vsftpd",
            "masked",
        ),
        (
            "ftp",
            "systemctl stop vsftpd; systemd-run -q --unit=other perl -MIO::Socket::INET -e '$$s = IO::Socket::INET->new(LocalPort => 21, Listen => 5) or die; sleep 1000'; until ss -Hltn 'sport = :21' | grep -q .; do sleep 0.1; done",
            "systemctl stop other; systemctl start vsftpd",
            "owner",
        ),
    ];
    host.shell("mkdir -p /etc/firstaid");
    for (service, wrong, right, guard) in cases {
        host.shell(wrong);
        let (line, told) = restart(&host, service);
        let job = told.job.unwrap();
        assert_eq!(job.state, State::Refused, "{guard}: {line}: {job:?}");
        let said = format!("{line} {}", job.text);
        assert!(said.contains(guard), "{guard}: {said}");
        host.shell(right);
        host.wait_port(&network, if service == "ftp" { 21 } else { 22 });
    }
}
