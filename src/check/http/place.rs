//! Options that say which server is asked, and as whom.

use clap::ValueEnum;

use crate::check::Times;
use crate::check::options::Families;
use crate::policy::{Policy, Service};
use crate::probe::http::Scheme;
use crate::probe::tcp::Family;

use super::value::{Second, host_and_port};

/// Name of the check in the policy.
pub(super) const CHECK: &str = "http_layer7";
/// The service that is asked over TLS.
const SECURE: &str = "https";

/// Reads the name of a service that this check judges.
fn named(name: &str) -> Result<&'static Service, String> {
    let policy = Policy::documented();
    let own = policy.services_of(CHECK);
    match policy.service(name) {
        Ok(service) if own.contains(&name) => Ok(service),
        _ => Err(format!("expected {}", own.join(", "))),
    }
}

/// What has to answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(super) enum Layer {
    /// The port accepts a connection
    #[value(name = "4")]
    Connection,
    /// The server answers a request
    #[default]
    #[value(name = "7")]
    Answer,
}

/// Which rules hold for the status of an answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(super) enum StatusRules {
    /// Those of the plan
    #[default]
    Plan,
    /// Those of core2duo, in either plan
    Strict,
}

/// The server, and by which documented row it is judged.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Name of the host, also for the Host header; a port behind it goes into that header [-H or -I is required]
    #[arg(short = 'H', long, value_name = "NAME[:PORT]", value_parser = host_and_port)]
    hostname: Option<(String, Option<u16>)>,
    /// The same as -H
    #[arg(value_name = "NAME", value_parser = host_and_port, conflicts_with = "hostname")]
    host: Option<(String, Option<u16>)>,
    /// Address or name to connect to [default: that of -H]
    #[arg(short = 'I', long = "IP-address", value_name = "ADDRESS")]
    address: Option<String>,
    /// TCP port [default: that of the service; 443 with -S or -C]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    families: Families,
    /// Documented service, http or https: its port, TLS and thresholds
    #[arg(long, default_value = "http", value_parser = named)]
    pub(super) service: &'static Service,
    /// A second port that must accept a connection, or none [default: as documented for service and plan]
    #[arg(long, value_name = "PORT", value_parser = Second::parse)]
    pub(super) with_port: Option<Second>,
    /// What has to answer: 4 the port, 7 the web server
    #[arg(long, value_enum, default_value_t)]
    pub(super) layer: Layer,
    /// Which rules hold for the status of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) status: StatusRules,
    #[command(flatten)]
    pub(super) times: Times,
}

impl Place {
    /// Whether the service itself speaks TLS.
    pub(super) fn is_https(&self) -> bool {
        self.service.name == SECURE
    }

    /// The port that is asked. TLS on the port of plain HTTP is what nobody means.
    pub(super) fn port(&self, scheme: Scheme) -> u16 {
        match self.port {
            Some(port) => port,
            None if scheme == Scheme::Https && !self.is_https() => scheme.usual_port(),
            None => self.service.port,
        }
    }

    /// Which addresses are used.
    pub(super) fn family(&self) -> Family {
        self.families.family()
    }

    /// The name that is asked for, with the port that its header shows; `more` is a name from elsewhere.
    pub(super) fn name<'a>(&'a self, more: Option<&'a str>) -> Option<(&'a str, Option<u16>)> {
        let own = self.hostname.as_ref().or(self.host.as_ref());
        own.map(|(name, port)| (name.as_str(), *port)).or(more.map(|name| (name, None)))
    }

    /// Where to connect to, where it is not the name.
    pub(super) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }
}
