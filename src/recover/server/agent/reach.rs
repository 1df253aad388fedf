//! Whether a machine accepts a connection, and if not, whether it lives.

use crate::deadline::{Deadline, Phase};
use crate::probe::icmp::{self, Request};
use crate::probe::tcp::{self, Family};
use crate::probe::{Fault, Trouble};

/// What a machine says to a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reach {
    /// It accepts.
    Open,
    /// Nothing comes back.
    Silent(String),
    /// Its kernel refuses.
    Refused(String),
    /// Nobody can tell, or it is another machine's word.
    Unclear(String),
}

/// Tries to connect.
pub fn reach(address: &str, port: u16, deadline: &Deadline) -> Reach {
    // An address that is reported unreachable is asked by an echo, in a part of the time.
    let connecting = deadline.at_most(deadline.left() * 2 / 3);
    match tcp::open(address, port, Family::Any, &connecting) {
        Ok(_) => Reach::Open,
        Err(Trouble::Target(fault)) => match &fault {
            // A name that nobody resolves says nothing about the machine.
            Fault::Silent { phase: Phase::Resolve, .. }
            | Fault::Unresolved(_)
            | Fault::Ended { .. }
            | Fault::Tls { .. }
            | Fault::Garbled(_) => Reach::Unclear(fault.to_string()),
            Fault::Silent { .. } => Reach::Silent(fault.to_string()),
            Fault::Refused(_) => Reach::Refused(fault.to_string()),
            Fault::Unreachable(_) => echo(address, &fault.to_string(), deadline),
        },
        Err(Trouble::Ours(error)) => Reach::Unclear(format!("{error:#}")),
    }
}

/// An address is unreachable where its machine is dead, but also by the word of a firewall, be it the machine's own, and of a
/// router without a route; an agent that connects by itself may just be stopped. An echo that comes back proves life; only "host unreachable" and silence speak of death.
pub(super) fn echo(address: &str, fault: &str, deadline: &Deadline) -> Reach {
    let left = deadline.left();
    let request =
        Request { packets: 2, interval: left / 8, size: 56, patience: left / 2, source: None };
    let echoes = match icmp::reach(address, Family::Any, &request, deadline) {
        Ok(echoes) => echoes,
        Err(Trouble::Target(other)) => return Reach::Unclear(format!("{fault}; {other}")),
        Err(Trouble::Ours(error)) => return Reach::Unclear(format!("{fault}; {error:#}")),
    };
    if echoes.answered().next().is_some() {
        return Reach::Refused(format!("{fault}, but {} answers echoes", echoes.address));
    }
    let complaints: Vec<String> = echoes.complaints.iter().map(ToString::to_string).collect();
    match complaints.iter().find(|text| !text.starts_with("host unreachable")) {
        Some(other) => Reach::Unclear(format!("{fault}; {other}")),
        None => Reach::Silent(fault.to_owned()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::TcpListener;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::Duration;

    use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn};
    use nix::sys::socket::{bind, getsockname, socket};

    use super::*;

    /// A port of 127.0.0.1 that nobody else gets, and where nobody listens, while the descriptor is open.
    pub(in super::super) fn refusing() -> (OwnedFd, u16) {
        let own = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None);
        let own = own.unwrap();
        bind(own.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
        let bound: SockaddrIn = getsockname(own.as_raw_fd()).unwrap();
        (own, bound.port())
    }

    #[test]
    fn a_listener_is_open_and_a_closed_port_refuses() {
        let look = |port| reach("127.0.0.1", port, &Deadline::within(Duration::from_secs(10)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(look(listener.local_addr().unwrap().port()), Reach::Open);
        let (_own, port) = refusing();
        assert!(matches!(look(port), Reach::Refused(_)), "{:?}", look(port));
    }

    #[test]
    fn what_is_no_address_is_unclear() {
        for address in ["", "/run/socket"] {
            let seen = reach(address, 1, &Deadline::within(Duration::from_secs(10)));
            assert!(matches!(seen, Reach::Unclear(_)), "{address:?}: {seen:?}");
        }
    }
}
