//! A port that neither accepts nor refuses: the kernel drops what comes in while the queue of the listener is full.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, listen, socket,
};

/// The listener, and the connections that fill its queue.
pub(crate) struct FullBacklog {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullBacklog {
    /// On an address of this machine and a port, 0 for any.
    pub(crate) fn at(address: Ipv4Addr, port: u16) -> Self {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Inet, SockType::Stream, flags, None).expect("a socket");
        let [a, b, c, d] = address.octets();
        bind(socket.as_raw_fd(), &SockaddrIn::new(a, b, c, d, port)).expect("a free port");
        listen(&socket, Backlog::new(0).expect("zero is allowed")).expect("a bound socket");
        let listener = TcpListener::from(socket);
        let address = listener.local_addr().expect("a bound socket has an address");
        let waiting = std::iter::from_fn(|| {
            TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()
        });
        let waiting = waiting.take(16).collect();
        Self { address, _listener: listener, _waiting: waiting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}
