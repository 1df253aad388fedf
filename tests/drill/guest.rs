//! A watched host: what an administrator brings to it, and what the drill needs to see.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use crate::rig::{Host, Kind, Network};
use crate::server::site::read_lossy;

/// What is particular to a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Lines of its own in the inventory, below its table.
    pub(crate) inventory: &'static str,
    /// Whether a controller switches its power.
    pub(crate) has_bmc: bool,
    /// Files that are laid over its own.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

/// Where a host's scripts and units write that they were called.
const LOG: &str = "var/log/drill";
/// NRPE's user in the built trees.
const NAGIOS: u32 = 101;
/// Daemons that no story needs: they would only cost time and memory.
const UNUSED: [&str; 6] = ["apache2", "dovecot", "mariadb", "named", "postgresql", "sendmail"];

impl Guest {
    /// The host, off and as it came from the factory.
    pub(crate) fn make(&self, network: &Network) -> Host {
        let host = Host::named(network, self.kind, self.name);
        match self.kind {
            Kind::Systemd => {
                for name in UNUSED {
                    // An empty unit is a masked one.
                    host.lay(&format!("etc/systemd/system/{name}.service"), "", 0o644);
                }
                let unit = "etc/systemd/system/vsftpd.service.d/drill.conf";
                let told = format!(
                    "[Service]\nExecStartPre=/bin/sh -c 'echo vsftpd start $$(cat /proc/sys/kernel/random/boot_id) >> /{LOG}'\n\
                     ExecStartPre=/bin/sh -c '! test -e /run/stuck && ! test -e /etc/stuck'\n"
                );
                host.lay(unit, &told, 0o644);
            }
            Kind::Sysv => {
                for name in UNUSED {
                    host.lay(&format!("etc/init.d/{name}"), "#!/bin/sh\nexit 0\n", 0o755);
                }
                for name in ["vsftpd", "xinetd"] {
                    let path = format!("etc/init.d/{name}");
                    let script = telling(&host.built(&path), name);
                    host.lay(&path, &script, 0o755);
                }
            }
        }
        for (path, text) in self.files {
            let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
            host.lay(path, text, mode);
        }
        host
    }

    /// What the generator, the certificates' script and the administrator bring to it.
    pub(crate) fn deploy(&self, host: &Host, generated: &Path, certificates: &Path) {
        let name = self.name;
        let own = read_lossy(&generated.join(format!("nrpe/hosts/{name}.cfg")));
        let usual = read_lossy(&generated.join("nrpe/firstaid.cfg"));
        host.lay(
            "etc/nagios/nrpe.d/firstaid.cfg",
            if own.is_empty() { &usual } else { &own },
            0o644,
        );
        host.lay("etc/nagios/nrpe.d/callers.cfg", "allowed_hosts=127.0.0.1,10.77.0.1\n", 0o644);
        for (file, mode) in [("ca.pem", 0o644), ("nrpe.pem", 0o644), ("nrpe.key", 0o600)] {
            let path = format!("etc/nagios/firstaid/{file}");
            host.lay(&path, &read_lossy(&certificates.join(name).join(file)), mode);
            chown(host.laid(&path), Some(NAGIOS), None).expect("a drill runs as root");
        }
        host.lay("etc/sudoers.d/firstaid", &read_lossy(&generated.join("sudoers/firstaid")), 0o440);
        let machine = read_lossy(&generated.join(format!("recovery/hosts/{name}.json")));
        assert!(!machine.is_empty(), "{name}: nothing was generated for the server itself");
        host.lay("etc/firstaid/machine.json", &machine, 0o644);
    }

    /// Its table of the inventory.
    pub(crate) fn table(&self, host: &Host, port: Option<u16>) -> String {
        let (name, address) = (self.name, host.address());
        let power = port.map_or_else(String::new, |port| {
            format!(
                "[host.power]\nagent = \"fence_ipmilan\"\npassword_file = \"/etc/firstaid/power.password\"\n\
                 options = {{ ip = \"127.0.0.1\", ipport = \"{port}\", username = \"admin\", lanplus = \"1\", \
                 cipher = \"3\", privlvl = \"administrator\" }}\n"
            )
        });
        format!(
            "[[host]]\nname = \"{name}\"\naddress = \"{address}\"\nos = \"debian\"\n{}\n{power}\n",
            self.inventory
        )
    }
}

/// An init script that writes down each call, and does not start the daemon where a fault forbids it.
fn telling(script: &str, name: &str) -> String {
    let (first, rest) = script.split_once('\n').expect("a script of several lines");
    format!(
        "{first}\necho \"{name} $1 $(cat /proc/sys/kernel/random/boot_id)\" >> /{LOG}\n\
         if [ \"$1\" = start ] && {{ [ -e /run/stuck ] || [ -e /etc/stuck ]; }}; then exit 1; fi\n{rest}"
    )
}

/// What a host's scripts have written down, one call each: name, word and boot.
pub(crate) fn calls(host: &Host) -> Vec<(String, String, String)> {
    let text = host.kept(LOG);
    let words = text.lines().map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next(), words.next(), words.next())
    });
    words.filter_map(|it| Some((it.0?, it.1?, it.2?))).collect()
}

/// Loads rules of nftables into a host's kernel, as an administrator's tool would.
pub(crate) fn filter(host: &Host, rules: &str) {
    let mut command = Command::new("nft");
    command.arg(rules);
    host.network().must(&mut command);
}
