//! Reboots that do not come about by themselves.

use std::time::{Duration, Instant};

use firstaid::policy::Policy;
use firstaid::recover::State;

use super::asking::{aged, ask};
use crate::rig::{Host, Kind, Network};
use crate::run::side_by_side;
use crate::server::wait_until;

/// How long a forced reboot may take beyond the time that the dead man waits.
const FORCED: Duration = Duration::from_mins(1);

/// Lets a shutdown hang for ever at its beginning, and leave a note of it.
fn hang(host: &Host, kind: Kind) {
    match kind {
        Kind::Systemd => {
            let unit = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n\
                        ExecStop=/bin/sh -c 'touch /root/hung; sleep infinity'\nTimeoutStopSec=infinity\n";
            host.write("/etc/systemd/system/hang.service", unit, "0644");
            host.shell("systemctl daemon-reload; systemctl start hang");
        }
        Kind::Sysv => {
            let script = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: hang\n# Required-Start: $network\n\
                          # Required-Stop: $network\n# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n\
                          ### END INIT INFO\n[ $1 = stop ] || exit 0\ntouch /root/hung\nsleep infinity\n";
            host.write("/etc/init.d/hang", script, "0755");
            host.shell("update-rc.d hang defaults");
        }
    }
}

#[test]
fn a_reboot_that_hangs_is_forced_by_the_dead_man_behind_it() {
    side_by_side(&[Kind::Systemd, Kind::Sysv], |kind| {
        let network = Network::new();
        let host = Host::start(&network, *kind);
        aged(&host);
        hang(&host, *kind);
        let (before, boots) = (host.boot_id(), host.power().boots());
        let begun = Instant::now();
        let (line, _) = ask(&host, &["reboot"]);
        assert_eq!(line, "RECOVER OK - reboot started", "{kind:?}");
        let patience = Duration::from_secs(Policy::documented().recovery.dead_man.into());
        let again = wait_until(patience + FORCED, || host.power().boots() > boots);
        let processes = if again { String::new() } else { host.exec(&["ps", "-ef"]).stdout };
        assert!(again, "{kind:?} hangs on:\n{processes}");
        assert!(begun.elapsed() >= patience, "{kind:?}: after {:?}", begun.elapsed());
        host.booted();
        assert_ne!(host.boot_id(), before, "{kind:?}");
        host.must(&["test", "-e", "/root/hung"]);
        let (line, told) = ask(&host, &["result"]);
        assert_eq!(told.job.map(|job| job.state), Some(State::Done), "{kind:?}: {line}");
    });
}
