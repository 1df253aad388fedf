//! What `recover_service` knows about the servers: a line of JSON for each, and a file for those servers that have to know
//! more about themselves than the policy says.

use std::collections::BTreeMap;

use super::{File, nrpe};
use crate::inventory::{self, Call, Host, Inventory, OutsideOnly, Panel, Recovery, Site};
use crate::policy::Policy;
use crate::recover::{Agent, Machine, Own, Power, Witnesses};

/// The client of Debian and of most others; the plugins may be elsewhere.
const NRPE_CLIENT: &str = "/usr/lib/nagios/plugins/check_nrpe";

/// Everything below `recovery/`.
pub fn write(policy: &Policy, inventory: &Inventory) -> Vec<File> {
    let mut files = Vec::new();
    let hosts = inventory.hosts().iter().filter(|host| host.is_recoverable());
    let lines = hosts.map(|host| {
        let machine = machine(policy, inventory.site(), host);
        if is_particular(&machine) {
            let path = format!("recovery/hosts/{}.json", host.name);
            files.push(File::data(path, std::iter::once(line(&on_itself(&machine)))));
        }
        line(&machine)
    });
    let all = File::data("recovery/machines.jsonl", lines);
    files.insert(0, all);
    files
}

/// A structure of texts and numbers: nothing of it can fail to be written.
fn line(machine: &Machine) -> String {
    serde_json::to_string(machine).unwrap_or_default()
}

/// Whether a server can not find out by itself what recovery has to know on it. Its control panel it finds.
fn is_particular(machine: &Machine) -> bool {
    !machine.services.is_empty()
        || machine.outside_only == "nothing"
        || !machine.pace.is_documented()
}

/// What a server is told about itself: nothing of the ways to it, nor of its power.
fn on_itself(machine: &Machine) -> Machine {
    Machine {
        agent: Agent::Local { plugins: String::new() },
        power: None,
        checks: BTreeMap::new(),
        witnesses: Witnesses::default(),
        ..machine.clone()
    }
}

fn machine(policy: &Policy, site: &Site, host: &Host) -> Machine {
    let calls = Call::all(host).into_iter().filter(|call| !call.is_resource());
    let outside_only = match host.outside_only {
        OutsideOnly::Restart => "restart",
        OutsideOnly::Reboot => "reboot",
        OutsideOnly::Nothing => "nothing",
    };
    Machine {
        host: host.name.to_string(),
        address: host.address.clone(),
        acts: host.recovery == Recovery::On,
        pace: site.pace,
        interval: site.interval,
        attempts: site.attempts,
        stage_waits: site.stage_waits,
        outside_only: outside_only.to_owned(),
        agent: agent(policy, site, host),
        power: host.power.as_ref().map(|power| Power {
            agent: power.agent.clone(),
            password_file: power.password_file.clone(),
            options: power.options.clone(),
            identity: power.identity.clone(),
        }),
        panel: (host.panel != Panel::None).then(|| host.panel.name().to_owned()),
        checks: calls.map(|call| (call.label.to_owned(), call.words(&site.plugins))).collect(),
        services: host.services.iter().filter_map(own).collect(),
        witnesses: Witnesses { gateway: site.gateway.clone(), canaries: site.canaries.clone() },
    }
}

fn own(watched: &inventory::Watched) -> Option<(String, Own)> {
    let own = Own {
        port: (watched.port != watched.service.port).then_some(watched.port),
        unit: watched.unit.clone(),
        acts: watched.recovery.map(|recovery| recovery == Recovery::On),
    };
    (own != Own::default()).then(|| (watched.service.name.to_owned(), own))
}

/// The words before those of an act.
fn agent(policy: &Policy, site: &Site, host: &Host) -> Agent {
    let plugins = site.plugins.clone();
    match host.agent {
        inventory::Agent::Nrpe => {
            let limit = nrpe::client_limit(policy).to_string();
            let mut words = vec![NRPE_CLIENT.to_owned()];
            words.extend(host.nrpe.ways(&host.address, &limit));
            Agent::Nrpe { words, port: host.nrpe.port }
        }
        inventory::Agent::Ssh => {
            let port = host.ssh.port;
            let number = port.to_string();
            let mut words: Vec<String> = [
                "/usr/bin/ssh",
                "-q",
                "-o",
                "BatchMode=yes",
                "-o",
                "ConnectTimeout=10",
                "-p",
                &number,
            ]
            .map(str::to_owned)
            .into();
            words.extend(["-l".to_owned(), host.ssh.user.clone()]);
            words.extend(host.ssh.key.iter().flat_map(|key| ["-i".to_owned(), key.clone()]));
            words.extend(["--".to_owned(), host.address.clone()]);
            Agent::Ssh { words, port, plugins }
        }
        inventory::Agent::Icinga => {
            let name =
                host.endpoint.as_ref().map_or_else(|| host.name.to_string(), |it| it.name.clone());
            Agent::Icinga { endpoint: name }
        }
        inventory::Agent::Local => Agent::Local { plugins },
        inventory::Agent::None => Agent::None {},
    }
}
