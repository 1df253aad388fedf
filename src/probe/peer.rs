//! Talking with whoever is at the other end, and leaving so that the server logs no abuse.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::Trouble;
use super::tcp::Connection;
use crate::deadline::Deadline;

/// How long taking leave may last at most. It is no part of what is measured.
const LEAVE: Duration = Duration::from_secs(1);
/// Bytes that are read while taking leave; who sends more does not follow the protocol.
const LAST_WORDS: usize = 64 * 1024;

/// A connection as it is, or what was made of it.
pub trait Peer: Read + Write {
    /// The connection below.
    fn connection(&self) -> &Connection;

    /// The connection below, to change its time limit.
    fn connection_mut(&mut self) -> &mut Connection;

    /// Says that nothing more will be sent.
    ///
    /// # Errors
    /// The connection is gone.
    fn finish(&mut self) -> io::Result<()>;

    /// The address in the words of the C peers: `192.0.2.1 port 21`.
    fn target(&self) -> String {
        self.connection().target()
    }

    /// The time limit that every wait obeys.
    fn deadline(&self) -> &Deadline {
        self.connection().deadline()
    }

    /// Puts another time limit on it.
    fn limit(&mut self, deadline: Deadline) {
        self.connection_mut().limit(deadline);
    }

    /// Leaves no more than the time of a farewell.
    fn hurry(&mut self) {
        let deadline = self.deadline().at_most(LEAVE);
        self.limit(deadline);
    }

    /// Reads at most one buffer; an empty one means that the peer has closed.
    ///
    /// # Errors
    /// The fault of the target, or ours.
    fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Trouble> {
        let count = self
            .read(buffer)
            .map_err(|error| Trouble::from_io(error, self.deadline(), &self.target()))?;
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// Sends all bytes.
    ///
    /// # Errors
    /// The fault of the target, or ours.
    fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.write_all(bytes)
            .map_err(|error| Trouble::from_io(error, self.deadline(), &self.target()))
    }

    /// Says farewell in the words of the protocol and reads until the server closes: a connection that is closed with unread
    /// bytes is reset, which servers log. Lasts a second at most, and what happens meanwhile judges nothing.
    fn leave(mut self, farewell: &[u8])
    where
        Self: Sized,
    {
        self.hurry();
        // The verdict stands already: a server that is gone by now needs no farewell.
        let _ = say_farewell(&mut self, farewell);
    }
}

fn say_farewell(peer: &mut impl Peer, farewell: &[u8]) -> io::Result<()> {
    peer.write_all(farewell)?;
    if farewell.is_empty() {
        peer.finish()?;
    }
    let mut buffer = [0; 1024];
    let mut rest = LAST_WORDS;
    while rest > 0 {
        match peer.read(&mut buffer)? {
            0 => break,
            count => rest = rest.saturating_sub(count),
        }
    }
    peer.finish()
}
