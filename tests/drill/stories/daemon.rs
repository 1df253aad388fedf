//! Daemons that die or hang.

use super::{KILL, TOLD, comes_to, guest};
use crate::guest::Guest;
use crate::rig::Kind;
use crate::seen::What;
use crate::story::{Acts, Expected, Server, Story};

pub(super) const RESTART_CURES: Story = Story {
    about: "a daemon dies (Plesk: xinetd), a restart cures",
    server: Server::Shared,
    short: true,
    guests: &[Guest {
        inventory: "panel = \"plesk\"\nservices = [\"ftp\", \"ssh\"]\nresources = []\n",
        files: &[
            ("usr/local/psa/version", "18.0.60\n"),
            ("etc/init.d/vsftpd", "#!/bin/sh\nexit 0\n"),
            (
                "etc/xinetd.d/ftp",
                "service ftp\n{\n disable = no\n socket_type = stream\n protocol = tcp\n wait = no\n user = root\n\
                 server = /usr/sbin/vsftpd\n server_args = /etc/vsftpd-xinetd.conf\n}\n",
            ),
            ("etc/vsftpd-xinetd.conf", "listen=NO\nlocal_enable=YES\nsecure_chroot_dir=/srv\n"),
        ],
        ..guest("plesk", Kind::Sysv)
    }],
    plot: |scene| {
        scene.does("kills xinetd", "kill -9 $(pidof xinetd)");
        scene.ends();
    },
    expected: comes_to(Acts { restarts: 1, ..TOLD }),
};

pub(super) const REBOOT_CURES: Story = Story {
    about: "a daemon dies, and only a reboot cures it",
    server: Server::Shared,
    short: true,
    guests: &[guest("stuck", Kind::Sysv)],
    plot: |scene| {
        scene.does(
            "kills vsftpd, and keeps it from starting until the next boot",
            &format!("touch /run/stuck; {KILL}"),
        );
        scene.ends();
    },
    expected: comes_to(Acts { restarts: 1, reboots: 1, ..TOLD }),
};

pub(super) const NOTHING_HELPS: Story = Story {
    about: "a daemon dies, and nothing helps: people, once",
    server: Server::Shared,
    short: false,
    guests: &[guest("hopeless", Kind::Systemd)],
    plot: |scene| {
        scene.does(
            "kills vsftpd, and keeps it from starting for ever",
            &format!("touch /etc/stuck; {KILL}"),
        );
        scene.ends();
    },
    expected: Expected {
        acts: Acts { restarts: 1, reboots: 1, ends: 0, ..TOLD },
        guards: &[],
        people: 1,
        repeats: 0,
    },
};

pub(super) const HANGING_STOP: Story = Story {
    about: "a daemon hangs, and so does its script's stop",
    server: Server::Shared,
    short: false,
    guests: &[guest("hanging-stop", Kind::Systemd)],
    plot: |scene| {
        scene.does(
            "stops vsftpd in its tracks, and lets its unit's stop hang",
            "mkdir -p /run/systemd/system/vsftpd.service.d\n\
             printf '[Service]\\nExecStop=/bin/sleep 1000\\nTimeoutStopSec=infinity\\n' > /run/systemd/system/vsftpd.service.d/hang.conf\n\
             systemctl daemon-reload\nkill -STOP $(pidof vsftpd)",
        );
        scene.ends();
    },
    expected: comes_to(Acts { restarts: 1, ..TOLD }),
};

pub(super) const DEAF: Story = Story {
    about: "a daemon dies where NRPE is down: people",
    server: Server::Shared,
    short: false,
    guests: &[Guest { has_bmc: true, ..guest("deaf", Kind::Sysv) }],
    plot: |scene| {
        scene.does(
            "stops NRPE and kills vsftpd",
            &format!("/etc/init.d/nagios-nrpe-server stop >/dev/null; {KILL}"),
        );
        scene.ends();
        scene.passes(3);
    },
    expected: Expected { acts: Acts { ends: 0, ..TOLD }, guards: &[], people: 1, repeats: 0 },
};

pub(super) const DISK: Story = Story {
    about: "a disk is full: an alert, and no recovery",
    server: Server::Shared,
    short: false,
    guests: &[Guest {
        inventory: "services = [\"ssh\"]\nresources = [\"disk\"]\n[host.resource.disk]\npaths = [\"/srv\"]\n",
        files: &[("etc/rc.local", "#!/bin/sh\nmount -t tmpfs -o size=8m data /srv\n")],
        ..guest("full", Kind::Sysv)
    }],
    plot: |scene| {
        scene
            .does("fills a disk", "dd if=/dev/zero of=/srv/full bs=1M count=9 2>/dev/null || true");
        scene.sees(What::Alert, "PROBLEM");
        scene.passes(4);
        scene.does("frees it", "rm /srv/full");
        scene.ends();
    },
    expected: comes_to(TOLD),
};
