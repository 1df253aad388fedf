//! The rules about hosts behind other hosts, which need all of them.

use std::collections::HashMap;
use std::ops::Range;

use super::{Host, Refused, refused};

/// The place in the file of every parent that a host names, for each host that names any.
pub(super) type Places = Vec<(usize, Vec<Range<usize>>)>;

/// Refuses parents that do not exist, are in another zone, or stand behind their own children.
pub(super) fn check(hosts: &[Host], places: &Places) -> Result<(), Refused> {
    if places.is_empty() {
        return Ok(());
    }
    let by_name: HashMap<&str, &Host> = hosts.iter().map(|it| (it.name.as_str(), it)).collect();
    for (number, spans) in places {
        let Some(host) = hosts.get(*number) else { continue };
        for (parent, at) in host.parents.iter().zip(spans) {
            let Some(above) = by_name.get(parent.as_str()) else {
                let reason =
                    format!("there is no host {parent}: add it, or remove it from parents");
                return Err(refused(at, reason));
            };
            // The other zone's servers do not know the object that the dependency would be about.
            if above.zone != host.zone {
                let reason = format!("parent {parent} is in another zone: remove it from parents");
                return Err(refused(at, reason));
            }
        }
        if is_behind_itself(host, &by_name) {
            let at = spans.first().cloned().unwrap_or_default();
            let reason =
                format!("host {} is its own parent in the end: break the circle", host.name);
            return Err(refused(&at, reason));
        }
    }
    Ok(())
}

fn is_behind_itself(host: &Host, by_name: &HashMap<&str, &Host>) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut next: Vec<&str> = host.parents.iter().map(super::HostName::as_str).collect();
    while let Some(name) = next.pop() {
        if name == host.name.as_str() {
            return true;
        }
        if !seen.contains(&name) {
            seen.push(name);
            let above = by_name.get(name).map_or(&[][..], |it| &it.parents);
            next.extend(above.iter().map(super::HostName::as_str));
        }
    }
    false
}
