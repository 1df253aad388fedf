//! TLS over a connection, by OpenSSL. A run that needs no TLS never calls it.
//!
//! The policy does not judge certificates and names servers of 2007, so unless trust is asked for, every certificate and
//! every protocol version that OpenSSL still speaks are good enough to see whether the server answers.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use anyhow::Context;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::nid::Nid;
use openssl::ssl::{
    self, ErrorCode, HandshakeError, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode,
    SslOptions, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::{X509, X509VerifyResult};

use super::tcp::Connection;
use super::{Fault, Trouble};
use crate::deadline::{Deadline, Phase};

/// Where distributions keep the certificates of the authorities: Debian's place and Red Hat's.
const AUTHORITIES: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
/// `SSL_OP_LEGACY_SERVER_CONNECT` of OpenSSL's ssl.h: servers that do not know RFC 5746.
const LEGACY_SERVER_CONNECT: u64 = 1 << 2;

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

/// What a certificate says about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// Its common name.
    pub subject: String,
    /// When it ends: `Sun Nov 22 10:37:43 2026 +0000`, as the C peers write it.
    pub ends: String,
    /// Seconds until then; negative when it has expired.
    pub left: i64,
}

/// A connection under TLS. Reading and writing block, but no longer than the deadline.
pub struct Stream {
    ssl: SslStream<Connection>,
}

/// Makes a TLS connection of a connection.
///
/// # Errors
/// The handshake failed, hung or was cut off (the target's fault), or the options can not be used (ours).
pub fn start(connection: Connection, options: &Options) -> Result<Stream, Trouble> {
    let deadline = connection.deadline().clone();
    deadline.enter(Phase::Tls);
    let target = connection.target();
    let ssl = configured(options)?;
    match ssl.connect(connection.unnoted()) {
        Ok(ssl) => {
            deadline.note('*', format!("{} {}", ssl.ssl().version_str(), cipher(&ssl)).as_bytes());
            Ok(Stream { ssl })
        }
        Err(HandshakeError::Failure(failed)) => {
            let verified = failed.ssl().verify_result();
            Err(failure(failed.into_error(), verified, &deadline, &target))
        }
        Err(HandshakeError::SetupFailure(error)) => {
            Err(anyhow::Error::new(error).context("cannot set up TLS").into())
        }
        // A connection never says that it would block: it waits itself.
        Err(HandshakeError::WouldBlock(_)) => {
            Err(anyhow::anyhow!("the TLS handshake with {target} stopped").into())
        }
    }
}

fn cipher(ssl: &SslStream<Connection>) -> &'static str {
    ssl.ssl().current_cipher().map_or("no cipher", |cipher| cipher.name())
}

fn configured(options: &Options) -> anyhow::Result<Ssl> {
    let mut context = SslContext::builder(SslMethod::tls_client())?;
    context.set_mode(SslMode::AUTO_RETRY);
    context.set_min_proto_version(options.versions.min)?;
    context.set_max_proto_version(options.versions.max)?;
    // Many servers close without a farewell; what they sent before counts.
    context.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    match options.trust {
        Trust::Anybody => {
            context.set_security_level(0);
            context.set_options(SslOptions::from_bits_retain(LEGACY_SERVER_CONNECT));
            context.set_verify(SslVerifyMode::NONE);
        }
        Trust::Verified => {
            load_authorities(&mut context)?;
            context.set_verify(SslVerifyMode::PEER);
        }
    }
    if let Some(identity) = &options.identity {
        load_identity(&mut context, identity)?;
    }
    let mut ssl = Ssl::new(&context.build())?;
    if let Some(name) = &options.name {
        let address = name.parse::<std::net::IpAddr>().ok();
        if address.is_none() {
            ssl.set_hostname(name).with_context(|| format!("{name:?} can not be sent as SNI"))?;
        }
        match (options.trust, address) {
            (Trust::Verified, Some(address)) => ssl.param_mut().set_ip(address)?,
            (Trust::Verified, None) => ssl.param_mut().set_host(name)?,
            (Trust::Anybody, _) => {}
        }
    }
    Ok(ssl)
}

fn load_authorities(context: &mut SslContextBuilder) -> anyhow::Result<()> {
    let found = AUTHORITIES.iter().find(|file| std::path::Path::new(file).exists());
    let file = found.with_context(|| {
        format!("cannot verify certificates: neither {} exists", AUTHORITIES.join(" nor "))
    })?;
    context.set_ca_file(file).with_context(|| format!("cannot read authorities from {file}"))
}

fn load_identity(context: &mut SslContextBuilder, identity: &Identity) -> anyhow::Result<()> {
    let (certificate, key) =
        (&identity.certificate, identity.key.as_ref().unwrap_or(&identity.certificate));
    context
        .set_certificate_chain_file(certificate)
        .with_context(|| format!("cannot read client certificate {}", certificate.display()))?;
    context
        .set_private_key_file(key, openssl::ssl::SslFiletype::PEM)
        .with_context(|| format!("cannot read client key {}", key.display()))
}

/// Sorts the failure of a handshake.
fn failure(
    error: ssl::Error,
    verified: X509VerifyResult,
    deadline: &Deadline,
    target: &str,
) -> Trouble {
    let ended = matches!(error.code(), ErrorCode::ZERO_RETURN | ErrorCode::SYSCALL);
    if ended || error.io_error().is_some() {
        let error = error.into_io_error().unwrap_or_else(|_| io::ErrorKind::UnexpectedEof.into());
        return Trouble::from_io(error, deadline, target);
    }
    let mut reason = reason(&error);
    if verified != X509VerifyResult::OK {
        reason = format!("{reason} ({})", verified.error_string());
    }
    Fault::Tls { target: target.to_owned(), reason }.into()
}

/// The library's words for an error, without its numbers and places.
fn reason(error: &ssl::Error) -> String {
    let first = error.ssl_error().and_then(|stack| stack.errors().first()?.reason());
    first.map_or_else(|| error.to_string(), str::to_owned)
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
        self.ssl.get_ref()
    }

    /// The connection below, to change its time limit.
    pub fn connection_mut(&mut self) -> &mut Connection {
        self.ssl.get_mut()
    }

    /// Says that nothing more will be sent.
    ///
    /// # Errors
    /// The connection broke.
    pub fn close_notify(&mut self) -> io::Result<()> {
        self.ssl.shutdown().map(drop).map_err(plain)
    }

    /// The server's certificate.
    ///
    /// # Errors
    /// The server has shown none, or it can not be read: the target's fault.
    pub fn certificate(&self) -> Result<Certificate, Trouble> {
        let fault = |reason: &str| Fault::Tls { target: self.target(), reason: reason.to_owned() };
        let shown = self.ssl.ssl().peer_certificate();
        let certificate = shown.ok_or_else(|| fault("no certificate was shown"))?;
        Certificate::read(&certificate).map_err(|error| fault(&format!("{error:#}")).into())
    }
}

impl Certificate {
    fn read(certificate: &X509) -> anyhow::Result<Self> {
        let name = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next();
        let subject = match name {
            None => "Unknown CN".to_owned(),
            Some(entry) => String::from_utf8_lossy(entry.data().as_slice()).into_owned(),
        };
        let ends = certificate.not_after();
        let left = Asn1Time::days_from_now(0)?.diff(ends).context("its end can not be read")?;
        let left = i64::from(left.days) * 86_400 + i64::from(left.secs);
        Ok(Self { subject, ends: in_peers_words(ends)?, left })
    }
}

/// OpenSSL writes `Nov 22 10:37:43 2026 GMT`; the C peers begin with the day of the week.
fn in_peers_words(time: &Asn1TimeRef) -> anyhow::Result<String> {
    // 1970 began on a Thursday.
    const WEEK: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = Asn1Time::from_unix(0)?.diff(time)?.days.rem_euclid(7);
    let weekday = usize::try_from(days).ok().and_then(|day| WEEK.get(day)).unwrap_or(&"");
    let text = time.to_string();
    Ok(format!("{weekday} {} +0000", text.strip_suffix(" GMT").unwrap_or(&text)))
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(self.connection()).finish()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.ssl.read(buffer).map_err(described)?;
        self.deadline().note('<', buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.ssl.write(bytes).map_err(described)?;
        self.deadline().note('>', bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.ssl.flush()
    }
}

/// An error of the protocol itself as `InvalidData`, which [`Trouble::from_io`] knows; others as they are.
fn plain(error: ssl::Error) -> io::Error {
    error
        .into_io_error()
        .unwrap_or_else(|error| io::Error::new(io::ErrorKind::InvalidData, reason(&error)))
}

fn described(error: io::Error) -> io::Error {
    match error.downcast::<ssl::Error>() {
        Ok(error) => plain(error),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_written_as_the_peers_write_it() {
        let written = |time| in_peers_words(&Asn1Time::from_unix(time).unwrap()).unwrap();
        assert_eq!(written(1_796_208_331), "Wed Dec  2 10:45:31 2026 +0000");
        assert_eq!(written(-86_400), "Wed Dec 31 00:00:00 1969 +0000");
    }

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
