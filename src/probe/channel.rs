//! A connection, with or without TLS.

use std::io::{self, Read, Write};

use super::tcp::Connection;
use super::{Peer, Trouble, tls};

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
}

impl Peer for Channel {
    fn connection(&self) -> &Connection {
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

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(connection) => connection.finish(),
            Self::Tls(stream) => stream.close_notify(),
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
