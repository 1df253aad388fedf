//! This machine as a host: which of the documented services listen here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Result;

use crate::inventory::{Host, Watched};
use crate::policy::{Plan, Policy, Service};
use crate::probe::listening::{self, Listening};

/// This machine with the services that listen on their documented ports.
///
/// # Errors
/// The kernel's socket tables can not be read.
pub(super) fn host(plan: Plan) -> Result<Host> {
    let listening = listening::read()?;
    let services =
        Policy::documented().services.iter().filter_map(|service| watched(service, &listening));
    Host::local(plan, services.collect())
}

/// The service, where something listens on its port, at an address where it is reached.
fn watched(service: &'static Service, listening: &Listening) -> Option<Watched> {
    let sockets = if service.name == "dns" { &listening.udp } else { &listening.tcp };
    let on_port = sockets.iter().filter(|socket| socket.port() == service.port);
    // The least address: loopback and IPv4 come before others, so that the answer is the same each time.
    let address = on_port
        .map(|socket| reached_at(*socket))
        .min_by_key(|address| (!address.is_loopback(), *address))?;
    let mut watched = Watched::of(service);
    watched.address = Some(address.to_string());
    if service.name == "dns" {
        watched.lookup = Some("localhost".to_owned());
    }
    Some(watched)
}

/// A socket that takes every address is reached at loopback.
fn reached_at(socket: SocketAddr) -> IpAddr {
    match socket.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        // Unless told otherwise, such a socket takes IPv4 too; IPv6 alone is what is certain.
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => socket.ip(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tcp: &[&str], udp: &[&str]) -> Vec<(&'static str, String)> {
        let sockets = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let listening = Listening { tcp: sockets(tcp), udp: sockets(udp) };
        let services =
            Policy::documented().services.iter().filter_map(|service| watched(service, &listening));
        services.map(|watched| (watched.service.name, watched.address.unwrap())).collect()
    }

    #[test]
    fn services_are_found_where_they_are_reached() {
        let tcp = ["0.0.0.0:22", "[::]:22", "[::]:80", "10.0.0.5:3306", "127.0.0.1:9999"];
        let expected =
            [("ssh", "127.0.0.1"), ("dns", "127.0.0.53"), ("http", "::1"), ("mysql", "10.0.0.5")];
        let expected: Vec<_> = expected.map(|(name, address)| (name, address.to_owned())).into();
        assert_eq!(found(&tcp, &["127.0.0.53:53", "192.0.2.1:53"]), expected);
    }

    #[test]
    fn a_machine_without_services_has_none() {
        assert_eq!(found(&["127.0.0.1:53"], &["0.0.0.0:68"]), []);
    }
}
