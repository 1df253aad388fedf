//! Control panels, as far as they change how a server's daemons are started: their marks, xinetd's services, and a script of
//! courier, which Debian can not have beside the other daemon of its kind.

use firstaid::policy::Service;

use crate::rig::{Host, Kind};

/// A column of the policy's table of restart scripts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Column {
    None,
    Plesk,
    Webmin,
}

impl Column {
    /// What the table says.
    pub(super) fn documented(self, service: &Service) -> &'static str {
        match self {
            Self::None => service.restart.none,
            Self::Plesk => service.restart.plesk,
            Self::Webmin => service.restart.webmin,
        }
    }

    /// Makes a server without a panel one of this column.
    pub(super) fn install(self, host: &Host, kind: Kind) {
        match self {
            Self::None => {}
            Self::Webmin => {
                host.write("/etc/webmin/miniserv.conf", "port=10000\n", "0600");
                off(host, kind, &["vsftpd"]);
                superserver(host, &[FTP]);
            }
            Self::Plesk => {
                host.write("/usr/local/psa/version", "18.0.50 Debian 12.0\n", "0644");
                off(host, kind, &["vsftpd", "sendmail", "dovecot"]);
                superserver(host, &[FTP, SMTP]);
                courier(host, kind);
            }
        }
    }
}

/// The name that a documented script has on Debian.
pub(super) fn on_debian(documented: &str, kind: Kind) -> &str {
    match documented {
        "sshd" => "ssh",
        "httpd" => "apache2",
        "mysqld" => "mariadb",
        "postgresql" if kind == Kind::Systemd => "postgresql@15-main",
        other => other,
    }
}

/// A service of xinetd: its name, its attributes, and the file that a panel has it in.
type Entry = (&'static str, &'static str);

const FTP: Entry = ("ftp", "server = /usr/sbin/vsftpd\nserver_args = /etc/vsftpd-inetd.conf\n");
const SMTP: Entry = ("smtp", "server = /usr/sbin/sendmail\nserver_args = -bs\n");

fn superserver(host: &Host, entries: &[Entry]) {
    host.shell("sed 's/^listen=YES/listen=NO/' /etc/vsftpd.conf > /etc/vsftpd-inetd.conf");
    for (name, attributes) in entries {
        let text = format!(
            "service {name}\n{{\ndisable = no\nsocket_type = stream\nwait = no\nuser = root\n{attributes}}}\n"
        );
        host.write(&format!("/etc/xinetd.d/{name}_psa"), &text, "0644");
    }
    host.shell("service xinetd restart");
}

/// What somebody else starts now is not started by itself any more.
fn off(host: &Host, kind: Kind, names: &[&str]) {
    for name in names {
        host.shell(&match kind {
            Kind::Systemd => format!(
                "systemctl stop $(systemctl show -P TriggeredBy {name}) {name}\n\
                 systemctl disable --quiet $(systemctl show -P TriggeredBy {name}) {name}"
            ),
            Kind::Sysv => format!("/etc/init.d/{name} stop\nupdate-rc.d {name} disable"),
        });
    }
}

const PROGRAM: &str = "/usr/lib/courier/couriertcpd";

/// Greets on both ports of mail that is fetched, each by its protocol.
const COURIER: &str = r#"use strict; use IO::Socket::INET; use IO::Select;
my %greetings = (110 => "+OK ready\r\n", 143 => "* OK ready\r\n");
my $select = IO::Select->new;
for my $port (keys %greetings) {
    $select->add(IO::Socket::INET->new(LocalPort => $port, Listen => 50, ReuseAddr => 1) || die $!);
}
while (my @ready = $select->can_read) {
    for my $listener (@ready) {
        my $peer = $listener->accept or next;
        $peer->send($greetings{$listener->sockport});
        $peer->close;
    }
}
"#;

fn courier(host: &Host, kind: Kind) {
    host.write(PROGRAM, COURIER, "0755");
    match kind {
        Kind::Systemd => {
            let unit = format!(
                "[Service]\nExecStart=/usr/bin/perl {PROGRAM}\n[Install]\nWantedBy=multi-user.target\n"
            );
            host.write("/etc/systemd/system/courier-imap.service", &unit, "0644");
            host.shell("systemctl daemon-reload; systemctl enable --quiet --now courier-imap");
        }
        Kind::Sysv => {
            let numbers = "--pidfile /run/courier-imap.pid";
            let script = format!(
                "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: courier-imap\n# Required-Start: $network\n\
                 # Required-Stop: $network\n# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n### END INIT INFO\n\
                 case $1 in\n\
                 start) start-stop-daemon --start --background --make-pidfile {numbers} --startas /usr/bin/perl -- {PROGRAM} ;;\n\
                 stop) start-stop-daemon --stop --oknodo --retry 5 --remove-pidfile {numbers} ;;\n\
                 esac\n"
            );
            host.write("/etc/init.d/courier-imap", &script, "0755");
            host.shell("update-rc.d courier-imap defaults; /etc/init.d/courier-imap start");
        }
    }
}
