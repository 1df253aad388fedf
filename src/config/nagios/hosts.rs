//! Hosts with their services.

use super::commands::check;
use super::object::{Objects, Value};
use super::templates::{
    Audiences, HOST, RECOVERED_HOST, RECOVERED_PING, RESTARTED_SERVICE, SERVICE,
};
use super::{PING_WARNING, contact_name, via};
use crate::config::{File, nrpe, shell};
use crate::inventory::{Agent, Call, Host, HostName, Inventory, Recovery};
use crate::policy::Policy;

/// The file.
pub(super) fn write(policy: &Policy, inventory: &Inventory, audiences: &Audiences) -> File {
    let mut objects = Objects::default();
    let site = Site {
        plugins: &inventory.site().plugins,
        limit: nrpe::client_limit(policy).to_string(),
        audiences,
    };
    for host in inventory.hosts() {
        Section::of(host, &site).write(&mut objects);
    }
    File::new("nagios/objects/hosts.cfg", "#", &objects.into_text())
}

/// What all hosts have in common.
struct Site<'a> {
    plugins: &'a str,
    /// Seconds after which NRPE's client gives up.
    limit: String,
    audiences: &'a Audiences,
}

/// What is written about one host.
struct Section<'a> {
    host: &'a Host,
    site: &'a Site<'a>,
    via: Option<&'static str>,
    people: Value,
}

/// What differs from one service to another.
struct Service<'a> {
    name: &'a str,
    /// The template of those that recovery reaches; none where nothing is ever recovered.
    recovered: Option<&'static str>,
    recovery: Recovery,
    command: Value,
}

impl<'a> Section<'a> {
    fn of(host: &'a Host, site: &'a Site) -> Self {
        let names: Vec<String> = host.contacts.iter().map(|name| contact_name(name)).collect();
        Self { host, site, via: via(host), people: Value::names(&names) }
    }

    /// Template and contacts, which a template of what recovery reaches brings along.
    fn told(&self, recovered: Option<&str>, watched: &str) -> Vec<(&'static str, Value)> {
        match recovered.filter(|_| self.via.is_some()) {
            Some(base) => {
                let name = self.site.audiences.template(base, &self.host.contacts);
                vec![("use", name.as_str().into())]
            }
            None => vec![("use", watched.into()), ("contacts", self.people.clone())],
        }
    }

    /// Options of the recovery program that differ from one object to another: words of our own, which need no quotes.
    fn recovery(&self, recovery: Recovery) -> Option<(&'static str, Value)> {
        let dry_run = if recovery == Recovery::Off { " --dry-run" } else { "" };
        self.via.map(|via| ("_FIRSTAID_RECOVER", Value::text(&format!("--via {via}{dry_run}"))))
    }

    fn write(&self, objects: &mut Objects) {
        let host = self.host;
        let mut directives = self.told(Some(RECOVERED_HOST), HOST);
        directives.extend([
            ("host_name", host.name.as_str().into()),
            ("address", host.address.as_str().into()),
            ("check_command", self.ping("critical")),
        ]);
        if !host.parents.is_empty() {
            let parents: Vec<&str> = host.parents.iter().map(HostName::as_str).collect();
            directives.push(("parents", Value::names(&parents)));
        }
        let notes = host.notes.as_deref().unwrap_or_default().trim();
        if !notes.is_empty() {
            directives.push(("notes", notes.into()));
        }
        directives.extend(self.recovery(host.recovery));
        objects.define("host", &directives);
        let (recovered, recovery) = (Some(RECOVERED_PING), host.recovery);
        let command = self.ping("warning");
        self.service(objects, Service { name: PING_WARNING, recovered, recovery, command });
        for watched in &host.services {
            let call = Call::service(host, watched);
            let command = Value::call(&check(call.check), &call.args);
            let recovery = watched.recovery.unwrap_or(host.recovery);
            let recovered = Some(RESTARTED_SERVICE);
            self.service(objects, Service { name: call.label, recovered, recovery, command });
        }
        for call in Call::all(host).iter().filter(|call| call.is_resource()) {
            if let Some(command) = self.resource(call) {
                let (name, recovery) = (call.label, host.recovery);
                self.service(objects, Service { name, recovered: None, recovery, command });
            } else {
                let (name, agent) = (call.label, host.agent.name());
                objects.comment(&format!(
                    "{name} of {}: Nagios reaches no agent {agent:?}.",
                    host.name
                ));
            }
        }
    }

    fn service(&self, objects: &mut Objects, service: Service) {
        let mut directives = self.told(service.recovered, SERVICE);
        directives.extend([
            ("host_name", self.host.name.as_str().into()),
            ("service_description", service.name.into()),
            ("check_command", service.command),
        ]);
        directives.extend(service.recovered.and_then(|_| self.recovery(service.recovery)));
        objects.define("service", &directives);
    }

    /// A view of the one measurement that counts one status alone: four in a row of the same alert.
    fn ping(&self, only: &str) -> Value {
        let mut call = Call::ping(self.host);
        call.args.extend(["--only".to_owned(), only.to_owned()]);
        Value::call(&check(call.check), &call.args)
    }

    /// How what is measured on the server itself is asked for, where Nagios reaches it.
    fn resource(&self, call: &Call) -> Option<Value> {
        let host = self.host;
        match host.agent {
            Agent::Nrpe => {
                let name = nrpe::command_name(call.check);
                let words = host.nrpe.args(&host.address, &name, &self.site.limit);
                Some(Value::call("firstaid_nrpe", &words))
            }
            Agent::Ssh => {
                let mut remote = vec![format!("{}/check_{}", self.site.plugins, call.check)];
                remote.extend(call.args.iter().cloned());
                Some(Value::call("firstaid_ssh", &self.ssh(shell::words(&remote))))
            }
            Agent::Icinga | Agent::None | Agent::Local => None,
        }
    }

    fn ssh(&self, remote: String) -> Vec<String> {
        let ssh = &self.host.ssh;
        let mut words = vec!["-H".to_owned(), self.host.address.clone()];
        words.extend(["-p".to_owned(), ssh.port.to_string(), "-l".to_owned(), ssh.user.clone()]);
        words.extend(ssh.key.iter().flat_map(|key| ["-i".to_owned(), key.clone()]));
        words.extend(["-C".to_owned(), remote]);
        words
    }
}
