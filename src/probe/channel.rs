//! A connection, with or without TLS, and how it is left so that the server logs no abuse.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::tcp::Connection;
use super::{Trouble, tls};
use crate::deadline::Deadline;

/// How long taking leave may last at most. It is no part of what is measured.
const LEAVE: Duration = Duration::from_secs(1);
/// Bytes that are read while taking leave; who sends more does not follow the protocol.
const LAST_WORDS: usize = 64 * 1024;

/// A connection, with or without TLS.
#[derive(Debug)]
pub enum Channel {
    /// As it is.
    Plain(Connection),
    /// Under TLS.
    Tls(Box<tls::Stream>),
}

impl Channel {
    /// Puts TLS over it.
    ///
    /// # Errors
    /// As [`tls::start`]; also when TLS is there already.
    pub fn secured(self, options: &tls::Options) -> Result<Self, Trouble> {
        match self {
            Self::Plain(connection) => Ok(Self::Tls(Box::new(tls::start(connection, options)?))),
            Self::Tls(_) => Err(anyhow::anyhow!("TLS is there already").into()),
        }
    }

    /// The connection below.
    pub fn connection(&self) -> &Connection {
        match self {
            Self::Plain(connection) => connection,
            Self::Tls(stream) => stream.connection(),
        }
    }

    fn connection_mut(&mut self) -> &mut Connection {
        match self {
            Self::Plain(connection) => connection,
            Self::Tls(stream) => stream.connection_mut(),
        }
    }

    /// The address in the words of the peers: `192.0.2.1 port 21`.
    pub fn target(&self) -> String {
        self.connection().target()
    }

    /// The time limit that every wait obeys.
    pub fn deadline(&self) -> &Deadline {
        self.connection().deadline()
    }

    /// Puts another time limit on it.
    pub fn limit(&mut self, deadline: Deadline) {
        self.connection_mut().limit(deadline);
    }

    /// Reads at most one buffer; an empty one means that the peer has closed.
    ///
    /// # Errors
    /// The fault of the target, or ours.
    pub fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Trouble> {
        let count = self
            .read(buffer)
            .map_err(|error| Trouble::from_io(error, self.deadline(), &self.target()))?;
        Ok(buffer.get(..count).unwrap_or_default())
    }

    /// Sends all bytes.
    ///
    /// # Errors
    /// The fault of the target, or ours.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.write_all(bytes)
            .map_err(|error| Trouble::from_io(error, self.deadline(), &self.target()))
    }

    /// The server's certificate, under TLS.
    ///
    /// # Errors
    /// As [`tls::Stream::certificate`].
    pub fn certificate(&self) -> Result<Option<tls::Certificate>, Trouble> {
        match self {
            Self::Plain(_) => Ok(None),
            Self::Tls(stream) => stream.certificate().map(Some),
        }
    }

    /// Leaves no more than the time of a farewell.
    pub(super) fn hurry(&mut self) {
        let deadline = self.deadline().at_most(LEAVE);
        self.limit(deadline);
    }

    /// Says farewell in the words of the protocol and reads until the server closes: a connection that is closed with unread
    /// bytes is reset, which servers log. Lasts a second at most, and what happens meanwhile judges nothing.
    pub fn leave(mut self, farewell: &[u8]) {
        self.hurry();
        // The verdict stands already: a server that is gone by now needs no farewell.
        let _ = self.say_farewell(farewell);
    }

    fn say_farewell(&mut self, farewell: &[u8]) -> io::Result<()> {
        self.write_all(farewell)?;
        if farewell.is_empty() {
            match self {
                Self::Plain(connection) => connection.finish()?,
                Self::Tls(stream) => stream.close_notify()?,
            }
        }
        let mut buffer = [0; 1024];
        let mut rest = LAST_WORDS;
        while rest > 0 {
            match self.read(&mut buffer)? {
                0 => break,
                count => rest = rest.saturating_sub(count),
            }
        }
        match self {
            Self::Tls(stream) => stream.close_notify(),
            Self::Plain(_) => Ok(()),
        }
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(connection) => connection.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(connection) => connection.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(connection) => connection.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
