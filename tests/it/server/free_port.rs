//! Unused ports of 127.0.0.1.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// Ports that were handed out already: the kernel may offer one again before its daemon has bound it.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that nobody uses, neither by TCP nor by UDP, and that no other server of this process was given.
pub(super) fn free_port() -> u16 {
    loop {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port of 127.0.0.1");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let for_udp_too = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if for_udp_too && GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return port;
        }
    }
}
