//! Where an apply rule is written: the engine warns about one that matches nothing.

use std::fmt::Write;

use super::syntax::{Object, quoted};
use crate::inventory::{Host, Inventory};

/// Servers of which zones have the objects that a rule makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Servers {
    /// Those of the host's zone and of all above it, which show the host.
    Seeing,
    /// Those of the host's zone alone, which check it.
    Checking,
    /// The masters, which see every host.
    Masters,
}

/// Appends a rule for the hosts that `matches` names, on those servers alone where it finds one.
pub(super) fn write(
    out: &mut String,
    inventory: &Inventory,
    rule: &Object,
    servers: Servers,
    matches: impl Fn(&Host) -> bool,
) {
    let hosts = || inventory.hosts().iter().filter(|host| matches(host));
    if inventory.zones().is_empty() {
        if hosts().next().is_some() {
            rule.write(out);
        }
        return;
    }
    let mut zones: Vec<&str> = Vec::new();
    // Few zones stand against many hosts: each zone is looked for until its first host.
    for (number, zone) in inventory.zones().iter().enumerate() {
        let has_one = match servers {
            Servers::Masters => number == 0 && hosts().next().is_some(),
            Servers::Checking => hosts().any(|host| host.zone.as_ref() == Some(&zone.name)),
            Servers::Seeing => hosts().any(|host| is_below(inventory, host, &zone.name)),
        };
        if has_one {
            zones.push(&zone.name);
        }
    }
    if zones.is_empty() {
        return;
    }
    let names: Vec<String> = zones.into_iter().map(quoted).collect();
    let _ = writeln!(out, "if (ZoneName in [ {} ]) {{", names.join(", "));
    let mut inner = String::new();
    rule.write(&mut inner);
    for line in inner.trim_end().lines() {
        let _ = writeln!(out, "  {line}");
    }
    out.push_str("}\n\n");
}

/// Whether a host's zone is that one or stands below it.
fn is_below(inventory: &Inventory, host: &Host, zone: &str) -> bool {
    let mut at = host.zone.as_deref();
    while let Some(name) = at {
        if name == zone {
            return true;
        }
        at =
            inventory.zones().iter().find(|it| it.name == name).and_then(|it| it.parent.as_deref());
    }
    false
}
