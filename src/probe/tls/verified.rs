//! TLS with a server that has to prove who it is.

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context;
use native_tls::{Certificate, HandshakeError, Protocol, TlsConnector, TlsStream};
use openssl::ssl::SslVersion;

use super::{Identity, Options};
use crate::probe::tcp::Connection;
use crate::probe::{Fault, Trouble};

/// The handshake. Without a name the certificate has to be made out to the address.
pub(super) fn start(
    connection: Connection,
    options: &Options,
) -> Result<TlsStream<Connection>, Trouble> {
    let deadline = connection.deadline().clone();
    let target = connection.target();
    let name = options.name.clone().unwrap_or_else(|| connection.address().ip().to_string());
    match connector(options)?.connect(&name, connection.unnoted()) {
        Ok(stream) => {
            deadline.note('*', b"certificate verified");
            Ok(stream)
        }
        Err(HandshakeError::Failure(error)) => match broken(&error) {
            Some(broken) => Err(Trouble::from_io(broken, &deadline, &target)),
            None => Err(Fault::Tls { target, reason: error.to_string() }.into()),
        },
        // A connection never says that it would block: it waits itself.
        Err(HandshakeError::WouldBlock(_)) => {
            Err(anyhow::anyhow!("the TLS handshake with {target} stopped").into())
        }
    }
}

/// The error of the connection below, where it was the connection that failed.
fn broken(error: &native_tls::Error) -> Option<io::Error> {
    let below = error.source()?.downcast_ref::<io::Error>()?;
    Some(below.raw_os_error().map_or_else(|| below.kind().into(), io::Error::from_raw_os_error))
}

fn connector(options: &Options) -> anyhow::Result<TlsConnector> {
    let mut builder = TlsConnector::builder();
    if let Some(version) = options.versions.min {
        builder.min_protocol_version(Some(protocol(version)));
    }
    if let Some(version) = options.versions.max {
        builder.max_protocol_version(Some(protocol(version)));
    }
    if let Some(identity) = &options.identity {
        builder.identity(own(identity)?);
    }
    if let Some(path) = &options.authority {
        let pem = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let authority = Certificate::from_pem(&pem)
            .with_context(|| format!("{} is no certificate", path.display()))?;
        builder.disable_built_in_roots(true).add_root_certificate(authority);
    }
    builder.build().context("cannot set up TLS")
}

fn protocol(version: SslVersion) -> Protocol {
    match version {
        SslVersion::TLS1 => Protocol::Tlsv10,
        SslVersion::TLS1_1 => Protocol::Tlsv11,
        SslVersion::TLS1_2 => Protocol::Tlsv12,
        _ => Protocol::Tlsv13,
    }
}

fn own(identity: &Identity) -> anyhow::Result<native_tls::Identity> {
    let read =
        |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    let key = identity.key.as_ref().unwrap_or(&identity.certificate);
    let (certificate, key) = (read(&identity.certificate)?, read(key)?);
    native_tls::Identity::from_pkcs8(&certificate, &key)
        .context("cannot use the client certificate")
}
