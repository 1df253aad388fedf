//! A monitoring server in the network of hosts: what `firstaid generate` makes for it, the certificates, and the calls of its
//! engine.

use std::fs;
use std::path::{Path, PathBuf};

use firstaid::recover::{Event, Ledger, Record};
use tempfile::TempDir;

use super::super::engine;
use crate::monitored;
use crate::nrpe::Certificates;
use crate::rig::{Host, Network};
use crate::run::{Ran, command, run};

/// Where the generated files expect the plugins.
const PLUGINS: &str = "/usr/lib/nagios/plugins";

/// One that calls, or several with the same files.
pub(super) struct Monitor<'a> {
    network: &'a Network,
    folder: TempDir,
    certificates: Certificates,
}

impl<'a> Monitor<'a> {
    /// With an inventory of these hosts: tables of TOML, each from `name` on.
    pub(super) fn new(network: &'a Network, site: &str, hosts: &[String]) -> Self {
        let (folder, certificates) = (monitored::folder(), Certificates::new());
        let hosts = hosts.iter().flat_map(|host| ["[[host]]\nos = \"debian\"\n", host.as_str()]);
        let hosts: String = hosts.collect();
        let inventory = folder.path().join("hosts.toml");
        fs::write(&inventory, format!("[site]\n{site}{}{hosts}", certificates.table())).unwrap();
        let (inventory, out) = (inventory.display().to_string(), folder.path().join("out"));
        let args = ["generate", "-i", &inventory, "-o", &out.display().to_string()];
        let made = run(env!("CARGO_BIN_EXE_firstaid"), &args);
        assert_eq!(made.code, 0, "{made:?}");
        let monitor = Self { network, folder, certificates };
        monitor.use_built_plugins();
        monitor
    }

    /// Our plugins are not installed here; the clients of agents are.
    fn use_built_plugins(&self) {
        let built = Path::new(env!("CARGO_BIN_EXE_recover_service")).parent().unwrap();
        let mut text = self.generated("recovery/machines.jsonl");
        for plugin in ["check_port", "check_ssh_banner", "check_http_layer7", "check_icmp_rtt"] {
            let own = built.join(plugin).display().to_string();
            text = text.replace(&format!("\"{PLUGINS}/{plugin}\""), &format!("\"{own}\""));
        }
        fs::write(self.path("out/recovery/machines.jsonl"), text).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The text of a generated file.
    pub(super) fn generated(&self, name: &str) -> String {
        fs::read_to_string(self.path("out").join(name)).unwrap()
    }

    /// The words of NRPE's client with this server's certificate.
    pub(super) fn nrpe(&self, host: &Host, more: &[&str]) -> Ran {
        let mut words = ["-u", "-t", "25", "-H"].map(str::to_owned).to_vec();
        words.push(host.address().to_string());
        words.extend(self.certificates.client("monitor"));
        words.extend(more.iter().map(|word| (*word).to_owned()));
        self.ran(&format!("{PLUGINS}/check_nrpe"), &words)
    }

    /// Puts on a host what belongs there by the README, and nothing else.
    pub(super) fn install(&self, host: &Host) {
        host.write("/etc/nagios/nrpe.d/firstaid.cfg", &self.generated("nrpe/firstaid.cfg"), "0644");
        host.write("/etc/sudoers.d/firstaid", &self.generated("sudoers/firstaid"), "0440");
        for name in ["ca.pem", "nrpe.pem", "nrpe.key"] {
            let text = fs::read_to_string(self.certificates.path("server").join(name)).unwrap();
            host.write(&format!("/etc/nagios/firstaid/{name}"), &text, "0400");
        }
        host.shell(&format!(
            "chown -R nagios: /etc/nagios/firstaid\n\
             sed -i 's/^allowed_hosts=.*/allowed_hosts={}/' /etc/nagios/nrpe.cfg\n\
             service nagios-nrpe-server restart",
            crate::rig::MONITOR
        ));
        host.wait_port(self.network, 5666);
    }

    /// What the engine of a monitoring server says when a service, or with `-` the host, has failed for 20 minutes.
    pub(super) fn call(&self, node: &str, host: &str, service: &str, more: &[&str]) -> Ran {
        let path = |name: &str| self.path(name).display().to_string();
        let (ledgers, machines, switch) =
            (path(node), path("out/recovery/machines.jsonl"), path("off"));
        let own = [
            "--wait",
            "100",
            "--node",
            node,
            "--ledgers",
            &ledgers,
            "--machines",
            &machines,
            "--switch",
            &switch,
        ];
        let words = engine::words(host, service, 1200, &[&own, more].concat());
        self.ran(env!("CARGO_BIN_EXE_recover_service"), &words)
    }

    fn ran(&self, program: &str, words: &[String]) -> Ran {
        self.network.monitor().inside(|| crate::run::finish(&mut command(program, words)))
    }

    /// The ledger of a host on a monitoring server in short, without what was held back.
    pub(super) fn story(&self, node: &str, host: &str) -> Vec<String> {
        let path = self.path(node).join(format!("{host}.jsonl"));
        let records = if path.exists() { Ledger::look(&path).unwrap() } else { Vec::new() };
        told(&records)
    }
}

/// Stage and event of each record.
fn told(records: &[Record]) -> Vec<String> {
    let acts = records.iter().filter(|it| it.event != Event::Held);
    acts.map(|it| format!("{:?} {:?}", it.stage, it.event)).collect()
}

/// The ledger of a host on the host itself, in short.
pub(super) fn story_on(host: &Host) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    fs::write(&path, host.read("/var/lib/firstaid/recovery/target.jsonl")).unwrap();
    told(&Ledger::look(&path).unwrap())
}
