//! Ways in which a service breaks, or must be left alone, and what comes of asking for its restart.

use firstaid::recover::State;

use super::asking::{aged, ask, forget, restart};
use crate::rig::{Host, Kind, Network};
use crate::run::side_by_side;
use Ending::{Cured, Failed, Nothing, Refused};

/// What must come of it; the words are in what recovery says.
#[derive(Debug)]
enum Ending {
    /// It answers again.
    Cured(&'static str),
    /// It was tried, and seen to be no cure.
    Failed(&'static str),
    /// This guard refuses, and nothing is touched.
    Refused(&'static str),
    /// Nothing is done, since it can not be written down.
    Nothing(&'static str),
}

/// A fault: its name, the service, how it comes about, how it is mended, and the ending.
type Fault = (&'static str, &'static str, &'static str, &'static str, Ending);

/// What the lines of every fault may use.
const WORDS: &str = "holders() { ss -Hltnp \"sport = :$1\" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u; }\n\
    strike() { kill -9 $(holders $1) || true; }\n\
    heard() { until [ -n \"$(holders $1)\" ]; do sleep 0.1; done; }\n\
    unit() { mkdir -p /etc/systemd/system/$1.d; cat > /etc/systemd/system/$1.d/fault.conf; systemctl daemon-reload; }\n\
    mend() { rm -r /etc/systemd/system/$1.d; systemctl daemon-reload; systemctl kill -s KILL $1 || true; systemctl reset-failed $1 || true; systemctl restart $1; }\n";

/// A daemon for port 21: one that ends at no signal but the last, one with a child of that kind, one that ends after 3 s, or a
/// plain one.
const FTP: &str = r#"use strict; use IO::Socket::INET; my $how = shift;
$SIG{TERM} = "IGNORE" if $how eq "stubborn";
my $port = IO::Socket::INET->new(LocalPort => 21, Listen => 5, ReuseAddr => 1) or die $!;
if ($how eq "leftover" && !fork) { $SIG{TERM} = "IGNORE" }
alarm 3 if $how eq "flap";
while (1) { my $peer = $port->accept or next; print $peer "220 ready\r\n"; close $peer }
"#;

/// Faults of every server.
const EVERYWHERE: &[Fault] = &[
    ("dead", "http", "strike 80", "", Cured("answers")),
    ("frozen", "http", "kill -STOP $(pgrep -x apache2)", "", Cured("answers")),
    (
        "badconf",
        "http",
        "echo broken > /etc/apache2/conf-enabled/x.conf",
        "rm /etc/apache2/conf-enabled/x.conf",
        Refused("configuration"),
    ),
    (
        "sshbad",
        "ssh",
        "echo NoSuchOption yes > /etc/ssh/sshd_config.d/x.conf",
        "rm /etc/ssh/sshd_config.d/x.conf",
        Refused("configuration"),
    ),
    ("nologin", "ftp", "touch /run/nologin", "rm /run/nologin", Refused("planned")),
    (
        "pkglock",
        "ftp",
        "setsid perl -e 'use Fcntl; open F, \"+>>\", \"/var/lib/dpkg/lock-frontend\"; my $whole = \
         pack \"s s x4 q q i x4\", F_WRLCK, 0, 0, 0, 0; fcntl F, F_SETLK, $whole or die; open L, \">\", \"/run/locked\"; print L $$; close L; sleep 1000' &\n\
         until [ -s /run/locked ]; do sleep 0.1; done",
        "kill $(cat /run/locked)",
        Refused("planned"),
    ),
    (
        "switched off",
        "ftp",
        "mkdir -p /etc/firstaid; touch /etc/firstaid/recovery.off",
        "rm /etc/firstaid/recovery.off",
        Refused("switch"),
    ),
    (
        "journalfull",
        "ftp",
        "mkdir -p /var/lib/firstaid/recovery; mount -t tmpfs -o size=16k tmpfs /var/lib/firstaid/recovery\n\
         ! cat /dev/zero > /var/lib/firstaid/recovery/ballast",
        "umount /var/lib/firstaid/recovery",
        Nothing("No space left"),
    ),
    (
        "journalro",
        "ftp",
        "mkdir -p /var/lib/firstaid/recovery; mount -t tmpfs -o ro tmpfs /var/lib/firstaid/recovery",
        "umount /var/lib/firstaid/recovery",
        Nothing("Read-only"),
    ),
];

/// Faults where systemd rules that take no time.
const SYSTEMD: &[Fault] = &[
    (
        "masked",
        "ftp",
        "systemctl stop vsftpd; systemctl mask --runtime -q vsftpd",
        "systemctl unmask --runtime -q vsftpd; systemctl start vsftpd",
        Refused("masked"),
    ),
    (
        "disabled",
        "ftp",
        "systemctl disable -q --now vsftpd",
        "systemctl enable -q --now vsftpd",
        Refused("disabled"),
    ),
    (
        "rogue",
        "ftp",
        "systemctl stop vsftpd; systemd-run -q --unit=other perl /root/ftp stubborn; heard 21",
        "systemctl kill -s KILL other; systemctl start vsftpd",
        Refused("owner"),
    ),
    (
        "startlimit",
        "http",
        "printf '[Unit]\\nStartLimitIntervalSec=600\\nStartLimitBurst=3\\n' | unit apache2.service\n\
         for i in 1 2 3 4 5; do systemctl restart apache2 || true; done; ! systemctl is-active -q apache2",
        "mend apache2.service",
        Cured("answers"),
    ),
];

/// Those that last until a stop is helped by killing.
const STOPS: &[Fault] = &[
    (
        "hangstop",
        "http",
        "printf '[Service]\\nExecStop=\\nExecStop=/bin/sleep infinity\\nTimeoutStopSec=1h\\n' | unit apache2.service",
        "mend apache2.service",
        Cured("did not stop within 30 s and was killed"),
    ),
    (
        "stubborn",
        "ftp",
        "printf '[Service]\\nExecStart=\\nExecStart=perl /root/ftp stubborn\\nTimeoutStopSec=1h\\n' | unit vsftpd.service\n\
         systemctl restart vsftpd; heard 21",
        "mend vsftpd.service",
        Cured("did not stop within 30 s and was killed"),
    ),
    (
        "leftover",
        "ftp",
        "printf '[Service]\\nExecStart=\\nExecStart=perl /root/ftp leftover\\nKillMode=process\\n' | unit vsftpd.service\n\
         systemctl restart vsftpd; heard 21",
        "mend vsftpd.service",
        Cured("killed what did not end: perl"),
    ),
];

/// Those that last until a start is no start.
const STARTS: &[Fault] = &[
    (
        "slowstart",
        "http",
        "printf '[Service]\\nExecStartPre=/bin/sleep 20\\n' | unit apache2.service; strike 80",
        "mend apache2.service",
        Cured("answers"),
    ),
    (
        "flap",
        "ftp",
        "printf '[Service]\\nExecStart=\\nExecStart=perl /root/ftp flap\\nRestart=always\\nRestartSec=0\\n' | unit vsftpd.service\n\
         systemctl restart vsftpd; heard 21",
        "mend vsftpd.service",
        Failed("answer"),
    ),
];

/// Faults of scripts.
const SYSV: &[Fault] = &[
    (
        "hangstop",
        "http",
        "sed -i '1a [ \"$1\" = stop ] && sleep 100000' /etc/init.d/apache2",
        "sed -i 2d /etc/init.d/apache2",
        Cured("apache2 stop hung for 30 s and was killed"),
    ),
    (
        "disabled",
        "ftp",
        "/etc/init.d/vsftpd stop; update-rc.d vsftpd disable",
        "update-rc.d vsftpd enable; /etc/init.d/vsftpd start",
        Refused("disabled"),
    ),
    (
        "rogue",
        "ftp",
        "/etc/init.d/vsftpd stop; until [ -z \"$(holders 21)\" ]; do sleep 0.1; done\n\
         setsid perl /root/ftp stubborn & heard 21",
        "strike 21; /etc/init.d/vsftpd start",
        Refused("owner"),
    ),
    (
        // As mysqld_safe does where it comes before the script's stop, which then waits for an end that does not come.
        "respawn",
        "ftp",
        "strike 21; cp /etc/init.d/vsftpd /root/vsftpd; cat > /etc/init.d/vsftpd <<'END'\n#!/bin/sh\n\
         alive() { [ -s /run/vsftpd.pid ] && kill -0 $(cat /run/vsftpd.pid); }\n\
         begin() { start-stop-daemon --start --background --make-pidfile --pidfile /run/vsftpd.pid --startas /usr/bin/perl -- /root/ftp plain; }\n\
         case $1 in\n\
         start) alive || begin ;;\n\
         stop) if alive; then kill $(cat /run/vsftpd.pid); else begin; until ss -Hltn | grep -q ':21 '; do sleep 0.1; done; sleep infinity; fi ;;\n\
         esac\nEND\n",
        "kill -9 $(cat /run/vsftpd.pid); mv /root/vsftpd /etc/init.d/vsftpd; rm /run/vsftpd.pid; /etc/init.d/vsftpd start",
        Cured("started anew meanwhile, and stopped once more"),
    ),
    (
        "liar",
        "ftp",
        "echo nonsense_option=1 >> /etc/vsftpd.conf; strike 21",
        "sed -i /nonsense/d /etc/vsftpd.conf; /etc/init.d/vsftpd start",
        Failed("does not answer"),
    ),
];

fn port(service: &str) -> u16 {
    match service {
        "http" => 80,
        "ssh" => 22,
        _ => 21,
    }
}

/// Who has the service's port.
fn holders(host: &Host, service: &str) -> String {
    host.shell(&format!("{WORDS}holders {}", port(service)))
}

fn tried(host: &Host, kind: Kind, (name, service, wrong, right, ending): &Fault) {
    forget(host);
    host.shell(&format!("{WORDS}{wrong}"));
    let before = holders(host, service);
    let (line, job) = if matches!(ending, Nothing(_)) {
        let (line, told) = ask(host, &["restart", "--service", service]);
        (line, told.job)
    } else {
        let (line, told) = restart(host, service);
        (line, told.job)
    };
    let text = job.as_ref().map_or("", |job| job.text.as_str());
    let what = format!("{kind:?} {name}: {line}: {job:?}");
    let state = job.as_ref().map(|job| job.state);
    let (expected, words) = match ending {
        Cured(words) => (Some(State::Done), words),
        Failed(words) => (Some(State::Failed), words),
        Refused(words) => (Some(State::Refused), words),
        Nothing(words) => (None, words),
    };
    assert_eq!(state, expected, "{what}");
    assert!(line.contains(words) || text.contains(words), "{what}");
    if matches!(ending, Refused(_) | Nothing(_)) {
        assert_eq!(holders(host, service), before, "{what}");
    }
    host.shell(&format!("{WORDS}{right}"));
}

fn host(network: &Network, kind: Kind) -> Host {
    let host = Host::start(network, kind);
    host.write("/root/ftp", FTP, "0644");
    for port in [21, 22, 80] {
        host.wait_port(network, port);
    }
    let young = ask(&host, &["restart", "--service", "ftp"]).0;
    assert!(young.contains("refused (young)"), "{young}");
    aged(&host);
    host
}

#[test]
fn every_fault_ends_in_the_act_or_the_refusal_that_it_calls_for() {
    let hosts: [(Kind, &[&[Fault]]); 4] = [
        (Kind::Systemd, &[EVERYWHERE, SYSTEMD]),
        (Kind::Systemd, &[STOPS]),
        (Kind::Systemd, &[STARTS]),
        (Kind::Sysv, &[EVERYWHERE, SYSV]),
    ];
    side_by_side(&hosts, |(kind, tables)| {
        let network = Network::new();
        let host = host(&network, *kind);
        for fault in tables.iter().copied().flatten() {
            tried(&host, *kind, fault);
            host.wait_port(&network, port(fault.1));
        }
    });
}
