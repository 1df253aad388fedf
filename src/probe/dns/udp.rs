//! A question over UDP: sent again while nothing comes, since a datagram may be lost, and whatever is no answer is passed over.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hickory_resolver::proto::op::{Message, ResponseCode};
use nix::errno::Errno;
use nix::poll::PollFlags;

use super::query::{Extension, Query};
use crate::deadline::{Deadline, Phase};
use crate::probe::Trouble;
use crate::probe::tcp::target;

/// A question without an answer is sent again after this time, or after a third of a time limit that is shorter.
const AGAIN: Duration = Duration::from_secs(2);

/// Asks, and gives the answer with whether EDNS was used for it.
///
/// # Errors
/// The server refused or was silent, or what kept us from asking.
pub(super) fn exchange(
    address: SocketAddr,
    query: &Query,
    deadline: &Deadline,
) -> Result<(Message, Extension), Trouble> {
    let socket = connected(address, deadline)?;
    let failed = |error| Trouble::from_io(error, deadline, &target(address));
    let pause = AGAIN.min(deadline.left() / 3);
    let (mut extension, mut plain) = (Extension::Edns, false);
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        deadline.enter(Phase::Send);
        deadline.note('>', query.words(extension).as_bytes());
        send(&socket, query.bytes(extension)).map_err(failed)?;
        deadline.enter(Phase::FirstByte);
        let answer = receive(&socket, query, &mut buffer, &deadline.at_most(pause));
        match answer {
            // The first such answer is about EDNS, also when the question has been sent without it meanwhile.
            Ok(answer) if !plain && misunderstood(&answer) => plain = true,
            Ok(answer) => return Ok((answer, extension)),
            Err(error) if error.kind() == io::ErrorKind::TimedOut && !deadline.passed() => {}
            Err(error) => return Err(failed(error)),
        }
        extension = Extension::None;
    }
}

fn connected(address: SocketAddr, deadline: &Deadline) -> Result<UdpSocket, Trouble> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).context("cannot make a socket")?;
    socket.set_nonblocking(true).context("cannot make a socket")?;
    // Connected, so that the kernel passes on what this server sends alone, and says when nobody listens there.
    match socket.connect(address) {
        Ok(()) => Ok(socket),
        // Answered at once, without a packet: it is this machine that has no route.
        Err(error) if error.raw_os_error() == Some(Errno::ENETUNREACH as i32) => {
            Err(anyhow!("no route to {address}: {}", Errno::ENETUNREACH.desc()).into())
        }
        Err(error) => Err(Trouble::from_io(error, deadline, &target(address))),
    }
}

fn send(socket: &UdpSocket, bytes: &[u8]) -> io::Result<()> {
    match socket.send(bytes) {
        // No room to send is as good as a datagram lost.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        result => result.map(|_| ()),
    }
}

/// Waits for the answer, and passes over everything else.
fn receive(
    socket: &UdpSocket,
    query: &Query,
    buffer: &mut [u8],
    deadline: &Deadline,
) -> io::Result<Message> {
    loop {
        deadline.wait(socket.as_fd(), PollFlags::POLLIN)?;
        let length = match socket.recv(buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        if let Some(answer) = query.answered_by(buffer.get(..length).unwrap_or_default()) {
            deadline.note('<', format!("answer of {length} bytes").as_bytes());
            return Ok(answer);
        }
        deadline.note('<', format!("{length} bytes that are no answer to the query").as_bytes());
    }
}

/// Whether a server does not know EDNS (RFC 6891 section 7) or not this version of it.
fn misunderstood(answer: &Message) -> bool {
    let codes = [ResponseCode::FormErr, ResponseCode::NotImp, ResponseCode::BADVERS];
    codes.contains(&answer.metadata.response_code)
}
