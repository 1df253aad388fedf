//! TLS over a connection, by OpenSSL. A run that needs no TLS never calls it.
//!
//! The policy does not judge certificates and names servers of 2007, so unless trust is asked for, every certificate and
//! every protocol version that OpenSSL still speaks are good enough to see whether the server answers.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use openssl::ssl::{SslStream, SslVersion};
use openssl::x509::X509;

use super::tcp::Connection;
use super::{Fault, Trouble};
use crate::deadline::{Deadline, Phase};

mod anybody;
mod certificate;
mod verified;

pub use certificate::Certificate;

/// How a TLS connection is made. The default sends no name and accepts everything.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name that is sent (SNI, unless it is an address) and, with `Trust::Verified`, must be the certificate's.
    pub name: Option<String>,
    /// Whose certificate is good enough.
    pub trust: Trust,
    /// Which protocol versions are offered.
    pub versions: Versions,
    /// The client's own certificate.
    pub identity: Option<Identity>,
    /// With `Trust::Verified`: a PEM file with the only authority that counts, instead of those that this machine knows.
    pub authority: Option<PathBuf>,
}

/// Whose certificate is good enough.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Trust {
    /// Anybody's.
    #[default]
    Anybody,
    /// One that an authority known to this machine has signed, that is valid now and made out to the name.
    Verified,
}

/// Files of a client certificate, both PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its key; the certificate's file where it is not given.
    pub key: Option<PathBuf>,
}

/// A span of protocol versions; without a bound what OpenSSL speaks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Versions {
    min: Option<SslVersion>,
    max: Option<SslVersion>,
}

impl Versions {
    /// Reads the C peers' notation: `1.2` that version alone, `1.2+` that version or a newer one.
    ///
    /// # Errors
    /// No such version, or one that OpenSSL does not speak any more.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (number, newer) = text.strip_suffix('+').map_or((text, false), |it| (it, true));
        let version = match number {
            "1" | "1.0" => SslVersion::TLS1,
            "1.1" => SslVersion::TLS1_1,
            "1.2" => SslVersion::TLS1_2,
            "1.3" => SslVersion::TLS1_3,
            "2" | "3" => return Err(format!("SSLv{number} is not supported")),
            _ => return Err(format!("{text:?} is no TLS version: 1, 1.1, 1.2 or 1.3, or with +")),
        };
        Ok(Self { min: Some(version), max: (!newer).then_some(version) })
    }
}

/// A connection under TLS. Reading and writing block, but no longer than the deadline.
pub struct Stream(Session);

enum Session {
    /// By OpenSSL itself: native-tls reads the authorities at every start (12 ms of CPU time) also where nobody is verified, and
    /// can not be lowered to what servers of 2007 speak.
    Anybody(SslStream<Connection>),
    /// By native-tls, which knows where each system keeps its authorities.
    Verified(native_tls::TlsStream<Connection>),
}

/// Makes a TLS connection of a connection.
///
/// # Errors
/// The handshake failed, hung or was cut off (the target's fault), or the options can not be used (ours).
pub fn start(connection: Connection, options: &Options) -> Result<Stream, Trouble> {
    connection.deadline().enter(Phase::Tls);
    match options.trust {
        Trust::Anybody => anybody::start(connection, options).map(Session::Anybody).map(Stream),
        Trust::Verified => verified::start(connection, options).map(Session::Verified).map(Stream),
    }
}

impl Stream {
    /// The address in the words of the peers: `192.0.2.1 port 443`.
    pub fn target(&self) -> String {
        self.connection().target()
    }

    /// The time limit that every wait obeys.
    pub fn deadline(&self) -> &Deadline {
        self.connection().deadline()
    }

    /// The connection below.
    pub fn connection(&self) -> &Connection {
        match &self.0 {
            Session::Anybody(ssl) => ssl.get_ref(),
            Session::Verified(tls) => tls.get_ref(),
        }
    }

    /// The connection below, to change its time limit.
    pub fn connection_mut(&mut self) -> &mut Connection {
        match &mut self.0 {
            Session::Anybody(ssl) => ssl.get_mut(),
            Session::Verified(tls) => tls.get_mut(),
        }
    }

    /// Says that nothing more will be sent.
    ///
    /// # Errors
    /// The connection broke.
    pub fn close_notify(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Session::Anybody(ssl) => ssl.shutdown().map(drop).map_err(anybody::plain),
            Session::Verified(tls) => tls.shutdown(),
        }
    }

    /// The server's certificate.
    ///
    /// # Errors
    /// The server has shown none, or it can not be read: the target's fault.
    pub fn certificate(&self) -> Result<Certificate, Trouble> {
        let fault = |reason: &str| Fault::Tls { target: self.target(), reason: reason.to_owned() };
        let shown = match &self.0 {
            Session::Anybody(ssl) => ssl.ssl().peer_certificate(),
            Session::Verified(tls) => {
                let der =
                    tls.peer_certificate().ok().flatten().and_then(|shown| shown.to_der().ok());
                der.and_then(|der| X509::from_der(&der).ok())
            }
        };
        let certificate = shown.ok_or_else(|| fault("no certificate was shown"))?;
        Certificate::read(&certificate).map_err(|error| fault(&format!("{error:#}")).into())
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(self.connection()).finish()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.0 {
            Session::Anybody(ssl) => ssl.read(buffer),
            Session::Verified(tls) => tls.read(buffer),
        };
        let count = read.map_err(anybody::described)?;
        self.deadline().note('<', buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.0 {
            Session::Anybody(ssl) => ssl.write(bytes),
            Session::Verified(tls) => tls.write(bytes),
        };
        let count = written.map_err(anybody::described)?;
        self.deadline().note('>', bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Session::Anybody(ssl) => ssl.flush(),
            Session::Verified(tls) => tls.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_as_the_peers_write_them() {
        let alone = Versions { min: Some(SslVersion::TLS1_2), max: Some(SslVersion::TLS1_2) };
        assert_eq!(Versions::parse("1.2"), Ok(alone));
        assert_eq!(Versions::parse("1.2+"), Ok(Versions { max: None, ..alone }));
        for text in ["", "+", "2", "3", "4", "1.4", "1.2++", " 1"] {
            assert!(Versions::parse(text).is_err(), "{text:?}");
        }
    }
}
