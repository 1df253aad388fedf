//! Endpoints and zones: of the monitoring servers, and of agents.

use super::syntax::{Object, Value, code, comment, pairs, quoted, text};
use crate::inventory::{Host, Inventory, Member, Zone};

/// The file that every server of a cluster has beside its `icinga2.conf`.
pub(super) fn write(inventory: &Inventory) -> String {
    let mut out = String::new();
    comment(
        &mut out,
        "The same file on every server. A server connects to those of the zones below it, and the first of a zone to",
    );
    comment(
        &mut out,
        "the second. Servers of one zone replay nothing to each other: a replay would repeat alerts and recovery.",
    );
    for zone in inventory.zones() {
        for (number, member) in zone.endpoints.iter().enumerate() {
            endpoint(inventory, zone, number, member, &mut out);
        }
    }
    for zone in inventory.zones() {
        let names = zone.endpoints.iter().map(|member| text(&member.name)).collect();
        let mut attributes = pairs([("endpoints", Value::List(names))]);
        attributes.extend(zone.parent.iter().map(|parent| ("parent".to_owned(), text(parent))));
        Object::new("object Zone", &zone.name, attributes).write(&mut out);
    }
    let global = pairs([("global", code("true"))]);
    Object::new("object Zone", "global-templates", global).write(&mut out);
    out.push_str(&agents(inventory));
    out
}

fn endpoint(inventory: &Inventory, zone: &Zone, number: usize, member: &Member, out: &mut String) {
    let above = inventory.zones().iter().find(|it| Some(&it.name) == zone.parent.as_ref());
    let from_above = above.iter().flat_map(|it| &it.endpoints);
    let connecting: Vec<&str> =
        from_above.chain(zone.endpoints.iter().take(number)).map(|it| it.name.as_str()).collect();
    let peers: Vec<&str> = zone.endpoints.iter().map(|it| it.name.as_str()).collect();
    let mut object = Object::new("object Endpoint", &member.name, Vec::new());
    if !connecting.is_empty() {
        let (address, port) = (quoted(&member.address), member.port);
        let body = format!("{{ host = {address}, port = {port} }}");
        object.attributes.push(condition(&connecting, &body));
    }
    if peers.len() > 1 {
        object.attributes.push(condition(&peers, "{ log_duration = 0 }"));
    }
    object.write(out);
}

/// Attributes that hold on some servers.
fn condition(names: &[&str], body: &str) -> (String, Value) {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    ("if".to_owned(), Value::Rule(format!("(NodeName in [ {} ]) {body}", names.join(", "))))
}

/// Endpoint and zone of every agent.
pub(super) fn agents(inventory: &Inventory) -> String {
    let mut out = String::new();
    for host in inventory.hosts() {
        agent(host, &mut out);
    }
    out
}

fn agent(host: &Host, out: &mut String) {
    let Some(endpoint) = &host.endpoint else { return };
    let mut attributes = pairs([("log_duration", code("0"))]);
    if let Some(address) = &endpoint.address {
        attributes.push(("host".to_owned(), text(address)));
        attributes.push(("port".to_owned(), code(endpoint.port.to_string())));
    }
    Object::new("object Endpoint", &endpoint.name, attributes).write(out);
    let parent = host.zone.as_ref().map_or_else(|| code("ZoneName"), text);
    let zone = pairs([("endpoints", Value::List(vec![text(&endpoint.name)])), ("parent", parent)]);
    Object::new("object Zone", &endpoint.name, zone).write(out);
}
