//! Options of TLS.

use std::path::PathBuf;

use crate::check::Validity;
use crate::probe::tls::{Identity, Options, Trust, Versions};

/// TLS, and what the certificate has to be like.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Secure {
    /// Speak TLS: of one version alone (1, 1.1, 1.2, 1.3), or with + of that version or a newer one
    #[arg(
        short = 'S',
        long,
        value_name = "VERSION[+]",
        num_args = 0..=1,
        default_missing_value = ""
    )]
    ssl: Option<String>,
    /// Send the name of -H in the TLS handshake; that is always done where it is a name
    #[arg(long)]
    sni: bool,
    /// Judge the certificate alone: days that it has to be valid, WARNING[,CRITICAL]
    #[arg(short = 'C', long, value_name = "DAYS[,DAYS]", value_parser = Validity::parse)]
    pub(super) certificate: Option<Validity>,
    /// With -C: ask the server, too
    #[arg(long)]
    pub(super) continue_after_certificate: bool,
    /// Accept only a certificate that an authority known to this machine has signed, for the name of -H
    #[arg(long)]
    verify_cert: bool,
    /// The client's own certificate, PEM
    #[arg(short = 'J', long, value_name = "FILE")]
    client_cert: Option<PathBuf>,
    /// Key of the client's certificate, PEM [default: in the same file]
    #[arg(short = 'K', long, value_name = "FILE", requires = "client_cert")]
    private_key: Option<PathBuf>,
}

impl Secure {
    /// Whether these options ask for TLS.
    pub(super) fn is_asked(&self) -> bool {
        self.ssl.is_some() || self.certificate.is_some()
    }

    /// The word behind `-S` that is no version: the peer takes it for the host.
    pub(super) fn stray_word(&self) -> Option<&str> {
        self.ssl
            .as_deref()
            .filter(|it| !it.is_empty() && Versions::parse(it).is_err() && !is_old(it))
    }

    /// How the connection is made for a name.
    pub(super) fn options(&self, name: &str) -> anyhow::Result<Options> {
        let versions = match self.ssl.as_deref() {
            Some(text) if !text.is_empty() && self.stray_word().is_none() => {
                Versions::parse(text).map_err(anyhow::Error::msg)?
            }
            _ => Versions::default(),
        };
        let trust = if self.verify_cert { Trust::Verified } else { Trust::Anybody };
        let identity = self
            .client_cert
            .clone()
            .map(|certificate| Identity { certificate, key: self.private_key.clone() });
        let name = Some(name.to_owned());
        Ok(Options { name, trust, versions, identity, authority: None })
    }
}

/// Versions that the peer's notation has and no OpenSSL speaks any more.
fn is_old(text: &str) -> bool {
    matches!(text.trim_end_matches('+'), "2" | "3")
}
