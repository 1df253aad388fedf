//! A service that is watched on a host, with what differs there from the policy.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::agent::port;
use super::text::Kind;
use super::{Recovery, Refused, refused};
use crate::policy::Service;

/// A watched service.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The documented service.
    pub service: &'static Service,
    /// Address of the service where it is not the host's.
    pub address: Option<String>,
    /// Its port on this host.
    pub port: u16,
    /// What is judged: the connection or the answer.
    pub layer: Layer,
    /// HTTP: which status rules hold.
    pub status: StatusRules,
    /// HTTP: the name in the Host header.
    pub vhost: Option<String>,
    /// DNS: the name that is looked up.
    pub lookup: Option<String>,
    /// DNS: addresses that the answer must have.
    pub expected: Vec<String>,
    /// DNS: the server is an authority for that name, and need not resolve those of others.
    pub authoritative: bool,
    /// `-w` where it is not the policy's.
    pub warning: Option<String>,
    /// `-c` where it is not the policy's.
    pub critical: Option<String>,
    /// The unit or init script that restarts it, where it is not the policy's.
    pub unit: Option<String>,
    /// Whether recovery acts, where the host says something else.
    pub recovery: Option<Recovery>,
}

/// What a check of a service judges.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Layer {
    /// The connection alone.
    Transport,
    /// The answer.
    #[default]
    Application,
}

impl Layer {
    /// Reads the number of the layer.
    pub(super) fn from_number(number: u8) -> Result<Self, String> {
        match number {
            4 => Ok(Self::Transport),
            7 => Ok(Self::Application),
            other => Err(format!("layer {other}: layer is 4 or 7")),
        }
    }
}

/// Which rules judge an HTTP status.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum StatusRules {
    /// Those of the plan.
    #[default]
    Documented,
    /// Those of core2duo in either plan.
    Strict,
}

/// A `[host.service.NAME]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overrides {
    address: Option<Spanned<String>>,
    port: Option<Spanned<u16>>,
    layer: Option<Spanned<u8>>,
    vhost: Option<Spanned<String>>,
    lookup: Option<Spanned<String>>,
    #[serde(default)]
    expected: Vec<Spanned<String>>,
    authoritative: Option<Spanned<bool>>,
    warning: Option<Spanned<String>>,
    critical: Option<Spanned<String>>,
    unit: Option<Spanned<String>>,
    recovery: Option<Recovery>,
}

impl Watched {
    /// A service as the policy has it.
    pub fn of(service: &'static Service) -> Self {
        Self {
            service,
            address: None,
            port: service.port,
            layer: Layer::default(),
            status: StatusRules::default(),
            vhost: None,
            lookup: None,
            expected: Vec::new(),
            authoritative: false,
            warning: None,
            critical: None,
            unit: None,
            recovery: None,
        }
    }

    /// Whether a check of the port judges it, because its own check knows no layers.
    pub fn by_connection(&self) -> bool {
        self.layer == Layer::Transport
            && matches!(self.service.check, "ssh_banner" | "smtp220" | "dns")
    }

    /// With what the host's table says, and checked; `at` is where the host lists the service.
    pub(super) fn overridden(
        mut self,
        own: Option<&Spanned<Overrides>>,
        at: &Range<usize>,
    ) -> Result<Self, Refused> {
        if let Some(own) = own.map(Spanned::get_ref) {
            self.fits(own)?;
            if let Some(given) = &own.port {
                self.port = port(given)?;
            }
            if let Some(layer) = &own.layer {
                self.layer = Layer::from_number(*layer.get_ref())
                    .map_err(|reason| refused(&layer.span(), reason))?;
            }
            self.address = Kind::Address.maybe(own.address.as_ref())?;
            self.vhost = Kind::Address.maybe(own.vhost.as_ref())?;
            self.lookup = Kind::Address.maybe(own.lookup.as_ref())?;
            self.expected = Kind::Network.list(&own.expected)?;
            self.authoritative = own.authoritative.as_ref().is_some_and(|it| *it.get_ref());
            self.warning = Kind::Line.maybe(own.warning.as_ref())?;
            self.critical = Kind::Line.maybe(own.critical.as_ref())?;
            self.unit = Kind::Unit.maybe(own.unit.as_ref())?;
            self.recovery = own.recovery;
        }
        if self.service.name == "dns" && self.lookup.is_none() && !self.by_connection() {
            return Err(refused(
                at,
                "service dns needs `lookup`, a name that the server knows: add [host.service.dns] with it",
            ));
        }
        Ok(self)
    }

    /// A key of another service would be without effect.
    fn fits(&self, own: &Overrides) -> Result<(), Refused> {
        let (http, dns) = (self.service.check == "http_layer7", self.service.name == "dns");
        let misplaced = [
            (http, "vhost", own.vhost.as_ref().map(Spanned::span), "http and https"),
            (dns, "lookup", own.lookup.as_ref().map(Spanned::span), "dns"),
            (dns, "expected", own.expected.first().map(Spanned::span), "dns"),
            (dns, "authoritative", own.authoritative.as_ref().map(Spanned::span), "dns"),
        ];
        for (fits, key, span, home) in misplaced {
            if let Some(span) = span
                && !fits
            {
                let name = self.service.name;
                return Err(refused(
                    &span,
                    format!("{key} belongs to {home}, not to {name}: remove it"),
                ));
            }
        }
        Ok(())
    }
}
