//! How a command is run on the server itself, and how that way is reached.

use serde::Deserialize;
use toml::Spanned;

use super::text::Kind;
use super::{Refused, refused};

/// How a command is run on the server itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Agent {
    /// Through NRPE.
    #[default]
    Nrpe,
    /// Through an Icinga agent.
    Icinga,
    /// Through ssh.
    Ssh,
    /// Not at all.
    None,
    /// It is this machine.
    #[serde(skip)]
    Local,
}

impl Agent {
    /// The word that the inventory and `recover_service --via` have for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nrpe => "nrpe",
            Self::Icinga => "icinga",
            Self::Ssh => "ssh",
            Self::None => "none",
            Self::Local => "local",
        }
    }
}

/// How NRPE is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Nrpe {
    /// Its port.
    pub port: u16,
    /// The certificates that both sides show; this machine, which is not asked through NRPE, may have none.
    pub tls: Option<Certificates>,
}

impl Default for Nrpe {
    fn default() -> Self {
        // The generated NRPE answers nobody without a certificate.
        let path = |name: &str| format!("/etc/firstaid/tls/{name}");
        let tls = Certificates {
            ca: path("ca.pem"),
            certificate: path("monitor.pem"),
            key: path("monitor.key"),
        };
        Self { port: 5666, tls: Some(tls) }
    }
}

/// Files of a certificate on the monitoring server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificates {
    /// Of the authority that both sides trust.
    pub ca: String,
    /// The monitoring server's certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// How ssh is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ssh {
    /// Its port.
    pub port: u16,
    /// The account on the server.
    pub user: String,
    /// File of the private key on the monitoring server; ssh's own default where there is none.
    pub key: Option<String>,
}

impl Default for Ssh {
    fn default() -> Self {
        Self { port: 22, user: "nagios".to_owned(), key: None }
    }
}

/// How an Icinga agent is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Its name in the cluster, the common name of its certificate.
    pub name: String,
    /// Where it listens; without it, the agent connects by itself.
    pub address: Option<String>,
    /// Its port.
    pub port: u16,
}

/// The port of Icinga's own protocol.
pub(super) const ICINGA_PORT: u16 = 5665;

/// A table `nrpe`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NrpeRow {
    port: Option<Spanned<u16>>,
    ca: Option<Spanned<String>>,
    certificate: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
}

/// A table `ssh`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SshRow {
    port: Option<Spanned<u16>>,
    user: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
}

/// A table `icinga`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointRow {
    endpoint: Option<Spanned<String>>,
    address: Option<Spanned<String>>,
    port: Option<Spanned<u16>>,
}

impl Nrpe {
    /// What `check_nrpe` is called with. Its own failures are UNKNOWN: they say nothing about the server.
    pub fn args(&self, address: &str, command: &str, seconds: &str) -> Vec<String> {
        let mut args = self.ways(address, seconds);
        args.extend(["-c".to_owned(), command.to_owned()]);
        args
    }

    /// The same without a command.
    pub fn ways(&self, address: &str, seconds: &str) -> Vec<String> {
        let port = self.port.to_string();
        let mut args = vec!["-u", "-t", seconds, "-H", address, "-p", &port];
        if let Some(tls) = &self.tls {
            args.extend(["-A", &tls.ca, "-C", &tls.certificate, "-K", &tls.key]);
        }
        args.into_iter().map(str::to_owned).collect()
    }

    /// What a table says, and `default` for the rest.
    pub(super) fn read(row: Option<&Spanned<NrpeRow>>, default: &Self) -> Result<Self, Refused> {
        let Some(at) = row else { return Ok(default.clone()) };
        let row = at.get_ref();
        let mut nrpe = default.clone();
        if let Some(given) = &row.port {
            nrpe.port = port(given)?;
        }
        let files = [&row.ca, &row.certificate, &row.key];
        if files.iter().any(|file| file.is_some()) {
            let [Some(ca), Some(certificate), Some(key)] = files else {
                let reason = "certificates of nrpe are three files: give ca, certificate and key";
                return Err(refused(&at.span(), reason));
            };
            nrpe.tls = Some(Certificates {
                ca: Kind::Path.read(ca)?,
                certificate: Kind::Path.read(certificate)?,
                key: Kind::Path.read(key)?,
            });
        }
        Ok(nrpe)
    }
}

impl Ssh {
    /// What a table says.
    pub(super) fn read(row: &SshRow) -> Result<Self, Refused> {
        let mut ssh = Self::default();
        if let Some(given) = &row.port {
            ssh.port = port(given)?;
        }
        if let Some(user) = &row.user {
            ssh.user = Kind::Name.read(user)?;
        }
        ssh.key = Kind::Path.maybe(row.key.as_ref())?;
        Ok(ssh)
    }
}

impl Endpoint {
    /// What a table says; the endpoint has the host's name where it says nothing.
    pub(super) fn read(row: Option<&EndpointRow>, host: &str) -> Result<Self, Refused> {
        let mut endpoint = Self { name: host.to_owned(), address: None, port: ICINGA_PORT };
        let Some(row) = row else { return Ok(endpoint) };
        if let Some(name) = &row.endpoint {
            endpoint.name = Kind::Name.read(name)?;
        }
        endpoint.address = Kind::Address.maybe(row.address.as_ref())?;
        if let Some(given) = &row.port {
            endpoint.port = port(given)?;
        }
        Ok(endpoint)
    }
}

/// A port that can be connected to.
pub(super) fn port(port: &Spanned<u16>) -> Result<u16, Refused> {
    match *port.get_ref() {
        0 => Err(refused(&port.span(), "port 0 can not be connected to: give 1 to 65535")),
        number => Ok(number),
    }
}
