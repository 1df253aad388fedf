//! The network that hosts are plugged into, and the monitoring server in it.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::namespace::Namespace;

/// The address of the monitoring server, which is also the switch.
pub(crate) const MONITOR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// A switch. Who is inside its namespace is the monitoring server.
pub(crate) struct Network {
    inside: Namespace,
    given: AtomicU8,
}

impl Network {
    /// A network without hosts.
    pub(crate) fn new() -> Self {
        let inside = Namespace::network();
        for line in [
            "link set lo up".to_owned(),
            "link add switch type bridge".to_owned(),
            format!("address add {MONITOR}/24 dev switch"),
            "link set switch up".to_owned(),
        ] {
            ip(&inside, &line);
        }
        Self { inside, given: AtomicU8::new(1) }
    }

    /// The monitoring server's view of the network.
    pub(crate) fn monitor(&self) -> &Namespace {
        &self.inside
    }

    /// Lets nothing that anybody else sends reach the monitoring server any more.
    pub(crate) fn cut_uplink(&self) {
        let rules = "table ip uplink { chain cut { type filter hook input priority 0; iif switch drop ; } ; }";
        self.inside.must(Command::new("nft").arg(rules));
    }

    /// Lets everything reach it again.
    pub(crate) fn plug_uplink(&self) {
        self.inside.must(Command::new("nft").arg("delete table ip uplink"));
    }

    /// A light machine that is up.
    pub(crate) fn neighbour(&self) -> Neighbour {
        let inside = Namespace::network();
        let cable = self.attach(&inside);
        cable.plug();
        Neighbour { _inside: inside, cable }
    }

    /// Runs a cable from the switch into a host's network.
    pub(super) fn attach(&self, host: &Namespace) -> Cable {
        let number = self.given.fetch_add(1, Ordering::Relaxed) + 1;
        let port = format!("port{number}");
        let there = host.path();
        let there = there.display();
        ip(&self.inside, &format!("link add {port} type veth peer name eth0 netns {there}"));
        ip(&self.inside, &format!("link set {port} master switch"));
        let address = Ipv4Addr::new(10, 77, 0, number);
        ip(host, "link set lo up");
        ip(host, &format!("address add {address}/24 dev eth0"));
        ip(host, "link set eth0 up");
        Cable { switch: self.inside.share(), port, address }
    }
}

/// A machine of which only the address matters: it answers echoes while its cable carries.
pub(crate) struct Neighbour {
    _inside: Namespace,
    cable: Cable,
}

impl Neighbour {
    pub(crate) fn address(&self) -> Ipv4Addr {
        self.cable.address
    }

    /// Cuts its cable.
    pub(crate) fn cut(&self) {
        self.cable.cut();
    }

    /// Plugs its cable in again.
    pub(crate) fn plug(&self) {
        self.cable.plug();
    }
}

/// A cable between the switch and one host; it is dead until it carries.
pub(super) struct Cable {
    switch: Namespace,
    port: String,
    pub(super) address: Ipv4Addr,
}

impl Cable {
    /// Lets it carry.
    pub(super) fn plug(&self) {
        ip(&self.switch, &format!("link set {} up", self.port));
    }

    /// Lets nothing pass; the host's side loses its carrier.
    pub(super) fn cut(&self) {
        ip(&self.switch, &format!("link set {} down", self.port));
    }
}

fn ip(inside: &Namespace, line: &str) {
    inside.must(Command::new("ip").args(line.split(' ')));
}
