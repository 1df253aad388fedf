//! The socket that echo packets leave and arrive by: a ping socket where the kernel admits the group, else a raw one.

use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType,
    SockaddrStorage, bind, connect, getsockname, recvmsg, sendmsg, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};

use super::complaint::Complaint;
use super::packet::{Echo, Protocol, message_of, quoted, reply};

/// What stands before an echo message on a raw IPv4 socket, at most, and one byte that shows a reply that is too long.
const ROOM: usize = 60 + 8 + 1;

/// Which kind of socket it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `SOCK_DGRAM`: the kernel chooses the identifier and delivers our replies alone.
    Ping,
    /// `SOCK_RAW`: every echo reply from the target arrives.
    Raw,
}

/// A socket that is connected to one target.
#[derive(Debug)]
pub(super) struct Socket {
    fd: OwnedFd,
    kind: Kind,
    protocol: Protocol,
    identifier: u16,
    buffer: Vec<u8>,
}

/// What a look into one of the socket's queues brought.
#[derive(Clone, Debug)]
pub(super) enum Taken<T> {
    /// The queue is empty.
    Nothing,
    /// Something that is not for us.
    Noise,
    /// What was looked for.
    One(T),
}

impl<T> From<Option<T>> for Taken<T> {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::Noise, Self::One)
    }
}

/// A packet that arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) source: Option<IpAddr>,
    pub(super) echo: Echo<'a>,
    /// The moment at which the kernel had it, however late this program reads it.
    pub(super) at: Instant,
}

impl Socket {
    /// Opens a socket for payloads of `size` bytes; `identifier` is used where the kernel does not choose one.
    ///
    /// # Errors
    /// Neither kind of socket is permitted, with both remedies; or no descriptor is left.
    pub(super) fn open(target: SocketAddr, size: usize, identifier: u16) -> anyhow::Result<Self> {
        let (family, number, protocol) = match target {
            SocketAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp, Protocol::V4),
            SocketAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6, Protocol::V6),
        };
        let open =
            |kind| socket(family, kind, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC, number);
        let (fd, kind) = match open(SockType::Datagram) {
            Ok(fd) => (fd, Kind::Ping),
            Err(_) => match open(SockType::Raw) {
                Ok(fd) => (fd, Kind::Raw),
                Err(Errno::EPERM | Errno::EACCES) => return Err(not_permitted()),
                Err(error) => return Err(anyhow!(error).context("cannot make an ICMP socket")),
            },
        };
        // Without the kernel's stamp the moment of reading is taken, which is later on a busy machine; nothing else is lost.
        let _ = setsockopt(&fd, sockopt::ReceiveTimestampns, &true);
        match protocol {
            Protocol::V4 => setsockopt(&fd, sockopt::Ipv4RecvErr, &true),
            Protocol::V6 => setsockopt(&fd, sockopt::Ipv6RecvErr, &true),
        }
        .context("cannot ask for ICMP errors")?;
        Ok(Self { fd, kind, protocol, identifier, buffer: vec![0; size + ROOM] })
    }

    /// Sends from this address of ours.
    ///
    /// # Errors
    /// It is no address of this machine.
    pub(super) fn bind(&self, source: IpAddr) -> anyhow::Result<()> {
        bind(self.fd.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(source, 0)))
            .with_context(|| format!("cannot send from {source}"))
    }

    /// Fixes the target. A route is looked up, and nothing is sent.
    ///
    /// # Errors
    /// There is no way to the target.
    pub(super) fn connect(&mut self, target: SocketAddr) -> Result<(), Errno> {
        connect(self.fd.as_raw_fd(), &SockaddrStorage::from(target))?;
        if self.kind == Kind::Ping {
            let own: SockaddrStorage = getsockname(self.fd.as_raw_fd())?;
            let v4 = own.as_sockaddr_in().map(nix::sys::socket::SockaddrIn::port);
            let v6 = own.as_sockaddr_in6().map(nix::sys::socket::SockaddrIn6::port);
            self.identifier = v4.or(v6).unwrap_or_default();
        }
        Ok(())
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn identifier(&self) -> u16 {
        self.identifier
    }

    /// # Errors
    /// The kernel's, also for a packet that was sent before: see [`Socket::complaint`].
    pub(super) fn send(&self, sequence: u16, payload: &[u8]) -> Result<(), Errno> {
        let echo = Echo { identifier: self.identifier, sequence, payload };
        let bytes = echo.request(self.protocol);
        let parts = [IoSlice::new(&bytes)];
        sendmsg::<()>(self.fd.as_raw_fd(), &parts, &[], MsgFlags::empty(), None).map(|_| ())
    }

    /// The next echo reply.
    pub(super) fn receive(&mut self) -> Taken<Arrival<'_>> {
        let mut control = nix::cmsg_space!(TimeSpec, libc::sock_extended_err, libc::sockaddr_in6);
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let message = match recvmsg::<SockaddrStorage>(
            self.fd.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            flags,
        ) {
            Ok(message) => message,
            Err(Errno::EAGAIN) => return Taken::Nothing,
            // The news of an error, which stands in the queue of errors too; reading it here has cleared it.
            Err(_) => return Taken::Noise,
        };
        let mut stamp = None;
        for part in message.cmsgs().into_iter().flatten() {
            if let ControlMessageOwned::ScmTimestampns(time) = part {
                stamp = Some(Duration::from(time));
            }
        }
        let at = arrived(stamp);
        let (length, source) = (message.bytes, message.address.as_ref().and_then(address));
        let bytes = self.buffer.get(..length).unwrap_or_default();
        let bytes = match (self.kind, self.protocol) {
            (Kind::Raw, Protocol::V4) => message_of(bytes),
            (Kind::Ping, _) | (Kind::Raw, Protocol::V6) => Some(bytes),
        };
        let echo = bytes.and_then(|bytes| reply(bytes, self.protocol));
        echo.map(|echo| Arrival { source, echo, at }).into()
    }

    /// The next ICMP error about a packet of ours: the packet's sequence number, and what the error says.
    pub(super) fn complaint(&mut self) -> Taken<(u16, Complaint)> {
        let mut control = nix::cmsg_space!(TimeSpec, libc::sock_extended_err, libc::sockaddr_in6);
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let Ok(message) = recvmsg::<()>(self.fd.as_raw_fd(), &mut parts, Some(&mut control), flags)
        else {
            return Taken::Nothing;
        };
        let said = message.cmsgs().ok().and_then(|mut parts| parts.find_map(|part| said(&part)));
        let length = message.bytes;
        let bytes = self.buffer.get(..length).unwrap_or_default();
        let echo = quoted(bytes, self.protocol).filter(|echo| echo.identifier == self.identifier);
        echo.and_then(|echo| Some((echo.sequence, said?))).into()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn not_permitted() -> anyhow::Error {
    anyhow!(
        "not permitted to ping: sysctl net.ipv4.ping_group_range=\"0 2147483647\", or setcap cap_net_raw+ep check_icmp_rtt"
    )
}

/// The moment of a stamp of the wall clock. Its age is what counts, so that a step of that clock in mid-flight does no harm.
fn arrived(stamp: Option<Duration>) -> Instant {
    let now = Instant::now();
    let wall = clock_gettime(ClockId::CLOCK_REALTIME).map(Duration::from).ok();
    let age = stamp.and_then(|stamp| wall?.checked_sub(stamp)).unwrap_or_default();
    now.checked_sub(age).unwrap_or(now)
}

fn address(storage: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = storage.as_sockaddr_in().map(|it| IpAddr::from(it.ip()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|it| IpAddr::from(it.ip())))
}

/// What an entry of the queue of errors says; an error of this machine's own (a packet too large for the link) says nothing here.
fn said(part: &ControlMessageOwned) -> Option<Complaint> {
    let (protocol, error, from) = if let ControlMessageOwned::Ipv4RecvErr(error, from) = part {
        let from = from.map(|it| IpAddr::from(u32::from_be(it.sin_addr.s_addr).to_be_bytes()));
        (Protocol::V4, error, from)
    } else if let ControlMessageOwned::Ipv6RecvErr(error, from) = part {
        (Protocol::V6, error, from.map(|it| IpAddr::from(it.sin6_addr.s6_addr)))
    } else {
        return None;
    };
    match error.ee_origin {
        libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6 => {
            Complaint::read(protocol, error.ee_type, error.ee_code, from)
        }
        _ => None,
    }
}
