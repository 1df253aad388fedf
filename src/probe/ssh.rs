//! The header of an SSH server.

use std::time::Duration;

use super::tcp::{self, Family};
use super::{Peer, Speech, Trouble};
use crate::deadline::{Deadline, Phase};

/// What an SSH server's header contains.
const MARK: &[u8] = b"SSH";
/// How the line begins that identifies the server; other lines may come before it (RFC 4253 4.2).
const IDENTIFICATION: &[u8] = b"SSH-";
/// The most that is read of a header. OpenSSH's client gives up in this order, too.
const MOST: usize = 64 * 1024;
/// Our own identification.
const OWN: &str = concat!("SSH-2.0-firstaid_", env!("CARGO_PKG_VERSION"), "\r\n");
/// `SSH_MSG_DISCONNECT`, `SSH_DISCONNECT_BY_APPLICATION`, without description and language, as an unencrypted packet
/// (RFC 4253 6 and 11.1): sshd logs it as a client that left, at the level of information.
const DISCONNECT: [u8; 24] = [
    0, 0, 0, 20, 6, // length of the packet and of its padding
    1, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, // message, reason, two empty texts
    0, 0, 0, 0, 0, 0,
];

/// How much of the header must be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Extent {
    /// Until it says that this is SSH.
    Mark,
    /// The whole identification.
    Identification,
}

/// What a server said of itself.
#[derive(Clone, Debug)]
pub struct Header {
    /// Address and port that were used.
    pub target: String,
    /// Time from the start of the connection attempt to its first byte.
    pub after: Duration,
    /// All of it.
    text: Vec<u8>,
}

/// Identification of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identification<'a> {
    /// Version of the protocol, such as `2.0`.
    pub protocol: &'a [u8],
    /// Software and its version, such as `OpenSSH_9.2p1 Debian-2`.
    pub software: &'a [u8],
}

/// Reads the header of a server and leaves it politely.
///
/// # Errors
/// The server said nothing, or what kept us from asking.
pub fn header(
    (host, port): (&str, u16),
    family: Family,
    extent: Extent,
    deadline: &Deadline,
) -> Result<Header, Trouble> {
    let mut connection = tcp::open(host, port, family, deadline)?;
    deadline.enter(Phase::Greeting);
    let mut heard = Speech::default();
    heard.listen(&mut connection, MOST, |text| !text.is_empty())?;
    let identified = |text: &[u8]| identification(text).is_some();
    let read = heard.listen(&mut connection, MOST, |text| match extent {
        Extent::Mark => contains_mark(text),
        Extent::Identification => identified(text),
    });
    match read {
        Err(error @ Trouble::Ours(_)) => return Err(error),
        // It has spoken: what it said is judged, however it went on.
        Ok(()) | Err(Trouble::Target(_)) => heard.complete(&mut connection, MOST, identified),
    }
    let header = Header { target: connection.target(), after: heard.began, text: heard.text };
    // Before the server has identified itself, it does not listen.
    if header.identification().is_some() {
        connection.leave(&[OWN.as_bytes(), &DISCONNECT].concat());
    }
    Ok(header)
}

fn contains_mark(text: &[u8]) -> bool {
    text.windows(MARK.len()).any(|part| part == MARK)
}

/// The identification, when its line is complete.
fn identification(text: &[u8]) -> Option<Identification<'_>> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let line = lines.find(|line| line.starts_with(IDENTIFICATION) && line.ends_with(b"\n"))?;
    let rest = line.strip_prefix(IDENTIFICATION)?.trim_ascii_end();
    let dash = rest.iter().position(|byte| *byte == b'-')?;
    Some(Identification { protocol: rest.get(..dash)?, software: rest.get(dash + 1..)? })
}

impl Header {
    /// Whether it says that this is SSH.
    pub fn names_ssh(&self) -> bool {
        contains_mark(&self.text)
    }

    /// The identification, where its line was read.
    pub fn identification(&self) -> Option<Identification<'_>> {
        identification(&self.text)
    }

    /// The line that says that this is SSH, or else the first one.
    pub fn line(&self) -> &[u8] {
        let mut lines = self.text.split(|byte| *byte == b'\n');
        let first = lines.clone().next().unwrap_or_default();
        lines.find(|line| contains_mark(line)).unwrap_or(first).trim_ascii_end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identification_may_come_behind_a_banner() {
        for (text, found) in [
            ("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Some(("2.0", "OpenSSH_9.2p1 Debian-2"))),
            ("Welcome\r\nto SSH-2.0-x\r\nSSH-1.99-y\n", Some(("1.99", "y"))),
            ("SSH-2.0-\r\n", Some(("2.0", ""))),
            ("SSH-2.0-OpenSSH", None),
            ("SSH-2.0\r\n", None),
            ("HELLO SSH\r\n", None),
            ("", None),
        ] {
            let pair = found.map(|(protocol, software): (&'static str, &'static str)| {
                Identification { protocol: protocol.as_bytes(), software: software.as_bytes() }
            });
            assert_eq!(identification(text.as_bytes()), pair, "{text:?}");
        }
    }

    #[test]
    fn the_farewell_is_a_well_formed_packet() {
        let length =
            u32::from_be_bytes([DISCONNECT[0], DISCONNECT[1], DISCONNECT[2], DISCONNECT[3]]);
        assert_eq!(usize::try_from(length).unwrap() + 4, DISCONNECT.len());
        assert_eq!((DISCONNECT.len() % 8, DISCONNECT[5], OWN.len() < 255), (0, 1, true));
    }
}
