//! TCP connections whose every wait is under the deadline.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, connect, socket};

use super::{Fault, Peer, Trouble};
use crate::deadline::{Deadline, Phase};

/// Which addresses of a name are used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Family {
    /// All of them.
    #[default]
    Any,
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

impl Family {
    fn admits(self, address: SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// A connection. Reading and writing block, but no longer than the deadline.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    deadline: Deadline,
    attempted: Instant,
    noted: bool,
}

impl Connection {
    /// The address that was used.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address in the words of the peers: `192.0.2.1 port 21`.
    pub fn target(&self) -> String {
        target(self.address)
    }

    /// The time limit that every wait obeys.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Time since the start of the attempt to connect, to whichever address: finding the addresses is not the server's doing.
    pub fn age(&self) -> Duration {
        self.attempted.elapsed()
    }

    /// With another time limit from now on.
    pub fn limit(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// With its bytes left out of the transcript: they are the ciphertext of a stream that notes what it says.
    #[must_use]
    pub(super) fn unnoted(self) -> Self {
        Self { noted: false, ..self }
    }

    fn note(&self, direction: char, bytes: &[u8]) {
        if self.noted {
            self.deadline.note(direction, bytes);
        }
    }
}

impl Peer for Connection {
    fn connection(&self) -> &Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut Connection {
        self
    }

    fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.deadline.wait(self.stream.as_fd(), PollFlags::POLLIN)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(count) => {
                    self.note('<', buffer.get(..count).unwrap_or_default());
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.stream.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.deadline.wait(self.stream.as_fd(), PollFlags::POLLOUT)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(count) => {
                    self.note('>', bytes.get(..count).unwrap_or_default());
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Connects to a name or address: to each of its addresses in turn, each with an equal share of the time that is left.
///
/// # Errors
/// The fault of the last address that was tried, or what kept us from trying.
pub fn open(
    host: &str,
    port: u16,
    family: Family,
    deadline: &Deadline,
) -> Result<Connection, Trouble> {
    let addresses = resolve(host, port, family, deadline)?;
    let attempted = Instant::now();
    let mut last = None;
    for (number, address) in addresses.iter().enumerate() {
        match connect_to(*address, &deadline.share(addresses.len() - number)) {
            Ok(stream) => {
                let (address, deadline) = (*address, deadline.clone());
                return Ok(Connection { stream, address, deadline, attempted, noted: true });
            }
            // A fault of the target outranks a family that this machine has no route for.
            Err(trouble @ Trouble::Ours(_)) if last.is_none() => last = Some(trouble),
            Err(Trouble::Ours(_)) => {}
            Err(trouble) => last = Some(trouble),
        }
    }
    Err(last.unwrap_or_else(|| Fault::Unresolved(host.to_owned()).into()))
}

/// All addresses of a name that the family admits, in the resolver's order. An address resolves to itself without a resolver.
///
/// # Errors
/// The name has no such address (the target's fault), or there is no resolver to ask (ours).
pub fn resolve(
    host: &str,
    port: u16,
    family: Family,
    deadline: &Deadline,
) -> Result<Vec<SocketAddr>, Trouble> {
    deadline.enter(Phase::Resolve);
    // An engine's macro without a value, or a Unix socket of the C peers: nothing that a target could have done.
    if host.is_empty() || host.starts_with('/') {
        return Err(anyhow::anyhow!("{host:?} is no name or address of a host").into());
    }
    let literal = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    let found = match literal.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => look_up(host, port, deadline)?,
    };
    let addresses: Vec<SocketAddr> =
        found.into_iter().filter(|address| family.admits(*address)).collect();
    if addresses.is_empty() {
        return Err(Fault::Unresolved(host.to_owned()).into());
    }
    Ok(addresses)
}

fn look_up(host: &str, port: u16, deadline: &Deadline) -> Result<Vec<SocketAddr>, Trouble> {
    let query = (host.to_owned(), port);
    let answer = deadline.aside(move || query.to_socket_addrs().map(Iterator::collect));
    match answer {
        Ok(Ok(addresses)) => Ok(addresses),
        // A failed system call of the resolver is ours (no descriptors, no memory); its own errors carry no number.
        Ok(Err(error)) if error.raw_os_error().is_some() => Err(Trouble::Ours(
            anyhow::Error::new(error).context(format!("cannot resolve {host:?}")),
        )),
        Ok(Err(_)) if !has_resolver() => Err(no_resolver(host)),
        Ok(Err(_)) => Err(Fault::Unresolved(host.to_owned()).into()),
        // Without a name server the C library asks this machine, where nobody may listen.
        Err(error) if error.kind() == io::ErrorKind::TimedOut && !has_resolver() => {
            Err(no_resolver(host))
        }
        Err(error) => Err(Trouble::from_io(error, deadline, host)),
    }
}

fn no_resolver(host: &str) -> Trouble {
    Trouble::Ours(anyhow::anyhow!(
        "cannot resolve {host:?}: no resolver is configured in /etc/resolv.conf"
    ))
}

/// Whether a name server is configured at all.
fn has_resolver() -> bool {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    text.lines().any(|line| line.split_whitespace().next() == Some("nameserver"))
}

fn connect_to(address: SocketAddr, deadline: &Deadline) -> Result<TcpStream, Trouble> {
    deadline.enter(Phase::Connect);
    begin(address, deadline)?.finish(deadline)
}

/// A connection that was asked for, and is accepted or not while other work is done.
#[derive(Debug)]
pub struct Attempt {
    socket: OwnedFd,
    address: SocketAddr,
}

/// Begins to connect to an address, and waits for nothing.
///
/// # Errors
/// The fault of the target where it is known at once, or what kept us from trying.
pub fn begin(address: SocketAddr, deadline: &Deadline) -> Result<Attempt, Trouble> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(family, SockType::Stream, flags, None).context("cannot make a socket")?;
    match connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => Ok(Attempt { socket, address }),
        // Answered at once, without a packet: it is this machine that has no route.
        Err(error @ Errno::ENETUNREACH) => {
            Err(Trouble::Ours(anyhow::anyhow!("no route to {address}: {}", error.desc())))
        }
        Err(error) => Err(Trouble::from_io(error.into(), deadline, &target(address))),
    }
}

impl Attempt {
    /// Waits until the connection is accepted.
    ///
    /// # Errors
    /// The fault of the target, or ours.
    pub fn finish(self, deadline: &Deadline) -> Result<TcpStream, Trouble> {
        let failed = |error| Trouble::from_io(error, deadline, &target(self.address));
        deadline.wait(self.socket.as_fd(), PollFlags::POLLOUT).map_err(failed)?;
        let stream = TcpStream::from(self.socket);
        match stream.take_error().map_err(failed)? {
            None => Ok(stream),
            Some(error) => Err(failed(error)),
        }
    }
}

/// An address in the words of the peers: `192.0.2.1 port 21`.
pub fn target(address: SocketAddr) -> String {
    format!("{} port {}", address.ip(), address.port())
}
