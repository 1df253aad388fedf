//! TLS with whoever answers, whatever certificate and protocol version it has.

use std::io;

use anyhow::Context;
use openssl::ssl::{
    self, ErrorCode, HandshakeError, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode,
    SslOptions, SslStream, SslVerifyMode,
};

use super::{Identity, Options};
use crate::deadline::Deadline;
use crate::probe::tcp::Connection;
use crate::probe::{Fault, Trouble};

/// `SSL_OP_LEGACY_SERVER_CONNECT` of OpenSSL's ssl.h: servers that do not know RFC 5746.
const LEGACY_SERVER_CONNECT: u64 = 1 << 2;

/// The handshake.
pub(super) fn start(
    connection: Connection,
    options: &Options,
) -> Result<SslStream<Connection>, Trouble> {
    let deadline = connection.deadline().clone();
    let target = connection.target();
    let ssl = configured(options)?;
    match ssl.connect(connection.unnoted()) {
        Ok(ssl) => {
            deadline.note('*', format!("{} {}", ssl.ssl().version_str(), cipher(&ssl)).as_bytes());
            Ok(ssl)
        }
        Err(HandshakeError::Failure(failed)) => {
            Err(failure(failed.into_error(), &deadline, &target))
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
    context.set_security_level(0);
    context.set_options(SslOptions::from_bits_retain(LEGACY_SERVER_CONNECT));
    context.set_verify(SslVerifyMode::NONE);
    if let Some(identity) = &options.identity {
        load_identity(&mut context, identity)?;
    }
    let mut ssl = Ssl::new(&context.build())?;
    if let Some(name) = &options.name {
        // An address is never sent as a name (RFC 6066 section 3).
        if name.parse::<std::net::IpAddr>().is_err() {
            ssl.set_hostname(name).with_context(|| format!("{name:?} can not be sent as SNI"))?;
        }
    }
    Ok(ssl)
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
fn failure(error: ssl::Error, deadline: &Deadline, target: &str) -> Trouble {
    let ended = matches!(error.code(), ErrorCode::ZERO_RETURN | ErrorCode::SYSCALL);
    if ended || error.io_error().is_some() {
        let error = error.into_io_error().unwrap_or_else(|_| io::ErrorKind::UnexpectedEof.into());
        return Trouble::from_io(error, deadline, target);
    }
    let reason = reason(&error);
    Fault::Tls { target: target.to_owned(), reason }.into()
}

/// The library's words for an error, without its numbers and places.
fn reason(error: &ssl::Error) -> String {
    let first = error.ssl_error().and_then(|stack| stack.errors().first()?.reason());
    first.map_or_else(|| error.to_string(), str::to_owned)
}

/// An error of the protocol itself as `InvalidData`, which [`Trouble::from_io`] knows; others as they are.
pub(super) fn plain(error: ssl::Error) -> io::Error {
    error
        .into_io_error()
        .unwrap_or_else(|error| io::Error::new(io::ErrorKind::InvalidData, reason(&error)))
}

/// The same for what reading and writing give.
pub(super) fn described(error: io::Error) -> io::Error {
    match error.downcast::<ssl::Error>() {
        Ok(error) => plain(error),
        Err(error) => error,
    }
}
