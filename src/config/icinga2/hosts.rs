//! Hosts, each with one dictionary of its services.

use super::notifications::{dry_run, user};
use super::services::{address, measured, own};
use super::syntax::{Object, Pairs, Value, code, macros, text};
use crate::inventory::{Agent, Host, HostName, Inventory, Recovery};

/// The file of those hosts that one zone checks.
pub(super) fn write(inventory: &Inventory, zone: Option<&str>) -> String {
    let mut out = String::new();
    let hosts = || inventory.hosts().iter().filter(|host| host.zone.as_deref() == zone);
    for host in hosts() {
        object(inventory, host).write(&mut out);
    }
    super::acts::carriers(hosts(), &mut out);
    out
}

fn object(inventory: &Inventory, host: &Host) -> Object {
    let mut attributes = address(host);
    let mut set = |name: &str, value: Value| attributes.push((name.to_owned(), value));
    if let Some(notes) = &host.notes {
        // No macros are looked for in this attribute.
        set("notes", macros(notes));
    }
    set("vars.firstaid_plan", text(host.plan.name()));
    set("vars.firstaid_users", texts(host.contacts.iter().map(|name| user(name))));
    if !host.parents.is_empty() {
        set("vars.firstaid_parents", texts(host.parents.iter().map(HostName::to_string)));
    }
    if host.is_recoverable() {
        set("vars.firstaid_via", text(host.agent.name()));
    }
    if host.recovery == Recovery::Off {
        let (name, value) = dry_run(host.recovery);
        set(&format!("vars.{name}"), value);
    }
    let services = host.services.iter().map(|it| (it.service.name.to_owned(), own(host, it)));
    set("vars.firstaid_services", Value::Dict(services.collect()));
    attributes.extend(agent(inventory, host));
    Object::new("object Host", host.name.as_str(), attributes).import("firstaid-host")
}

/// How what is measured on the server is reached.
fn agent(inventory: &Inventory, host: &Host) -> Pairs {
    let mut attributes: Pairs = Vec::new();
    if host.resources.is_empty() {
        return attributes;
    }
    let mut set = |name: &str, value: Value| attributes.push((name.to_owned(), value));
    let site = inventory.site();
    match host.agent {
        Agent::Nrpe if host.nrpe != site.nrpe => {
            set("vars.firstaid_nrpe_port", code(host.nrpe.port.to_string()));
            for (name, file) in super::commands::certificates(&host.nrpe) {
                set(&format!("vars.{name}"), file);
            }
        }
        Agent::Ssh => {
            set("vars.firstaid_ssh_user", text(&host.ssh.user));
            set("vars.firstaid_ssh_port", code(host.ssh.port.to_string()));
            if let Some(key) = &host.ssh.key {
                set("vars.firstaid_ssh_key", text(key));
            }
        }
        Agent::Icinga => {
            let endpoint = host.endpoint.as_ref().map_or(host.name.as_str(), |it| &it.name);
            set("vars.firstaid_endpoint", text(endpoint));
            if host.zone.is_none() {
                // The engine lets only objects of a zone be checked by another endpoint.
                set("zone", code("ZoneName"));
            }
        }
        Agent::Nrpe | Agent::None | Agent::Local => {}
    }
    let resources =
        host.resources.iter().map(|it| (it.name.to_owned(), measured(host, it, &site.plugins)));
    set("vars.firstaid_resources", Value::Dict(resources.collect()));
    attributes
}

fn texts(values: impl Iterator<Item = String>) -> Value {
    Value::List(values.map(text).collect())
}
