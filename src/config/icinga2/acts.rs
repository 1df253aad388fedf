//! What recovery does through Icinga agents: event commands by name, and a host in each agent's zone that they are about.

use super::super::Act;
use super::syntax::{Object, Value, code, comment, pairs, text};
use crate::inventory::{Agent, Host, Inventory};
use crate::policy::Policy;
use crate::recover::server::icinga::carrier;

/// The variable that tells such a host from one that is watched.
pub(super) const CARRIER: &str = "firstaid_carrier";

/// Whether any server has an Icinga agent.
pub(super) fn any(inventory: &Inventory) -> bool {
    inventory.hosts().iter().any(|host| endpoint(host).is_some())
}

/// The name of a host's agent in the cluster.
fn endpoint(host: &Host) -> Option<&str> {
    let named = host.endpoint.as_ref().map_or(host.name.as_str(), |it| &it.name);
    (host.agent == Agent::Icinga).then_some(named)
}

/// The event commands, whose callers bring nothing but a name.
pub(super) fn commands(policy: &Policy, inventory: &Inventory, out: &mut String) {
    if !any(inventory) {
        return;
    }
    comment(
        out,
        "Recovery, run on an agent by name through the API, where accept_commands is true; sudo's rules have the same words.",
    );
    for act in Act::all(policy, &inventory.site().plugins) {
        let sudo = ["/usr/bin/sudo", "-n"].map(str::to_owned);
        let words = sudo.into_iter().chain(act.words).map(text);
        let attributes = pairs([
            ("command", Value::List(words.collect())),
            ("timeout", super::syntax::duration(policy.timeouts.engine)),
        ]);
        Object::new("object EventCommand", &act.name, attributes).write(out);
    }
}

/// The host that what is run on an agent is about. Its zone has to be the agent's own: Icinga 2.13 drops the result of
/// anything that is about an object of the zone above.
pub(super) fn carriers<'a>(hosts: impl Iterator<Item = &'a Host>, out: &mut String) {
    for name in hosts.filter_map(endpoint) {
        let attributes = pairs([
            ("zone", text(name)),
            ("check_command", text("dummy")),
            ("enable_active_checks", code("false")),
            ("enable_passive_checks", code("false")),
            ("enable_notifications", code("false")),
            ("notes", text("Nobody checks it: what recovery runs on the agent is about it.")),
            (&format!("vars.{CARRIER}"), code("true")),
        ]);
        Object::new("object Host", &carrier(name), attributes).write(out);
    }
}
