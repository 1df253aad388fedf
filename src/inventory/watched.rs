//! A service that is watched on a host, with what differs there from the policy.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::name::is_address;
use super::{Refused, refused};
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
    /// `-w` where it is not the policy's.
    pub warning: Option<String>,
    /// `-c` where it is not the policy's.
    pub critical: Option<String>,
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
    port: Option<Spanned<u16>>,
    layer: Option<Spanned<u8>>,
    vhost: Option<Spanned<String>>,
    lookup: Option<Spanned<String>>,
    #[serde(default)]
    expected: Vec<String>,
    warning: Option<String>,
    critical: Option<String>,
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
            warning: None,
            critical: None,
        }
    }

    /// With what the host's table says, and checked; `at` is where the host lists the service.
    pub(super) fn overridden(
        mut self,
        own: Option<&Spanned<Overrides>>,
        at: &Range<usize>,
    ) -> Result<Self, Refused> {
        if let Some(own) = own.map(Spanned::get_ref) {
            if let Some(port) = &own.port {
                let reason =
                    || refused(&port.span(), "port 0 can not be connected to: give 1 to 65535");
                self.port = Some(*port.get_ref()).filter(|port| *port > 0).ok_or_else(reason)?;
            }
            if let Some(layer) = &own.layer {
                self.layer = Layer::from_number(*layer.get_ref())
                    .map_err(|reason| refused(&layer.span(), reason))?;
            }
            for name in [&own.vhost, &own.lookup].into_iter().flatten() {
                if !is_address(name.get_ref()) {
                    return Err(refused(
                        &name.span(),
                        format!(
                            "{:?} is no name: use letters, digits, '.', '_' and '-'",
                            name.get_ref()
                        ),
                    ));
                }
            }
            self.vhost = own.vhost.as_ref().map(|it| it.get_ref().clone());
            self.lookup = own.lookup.as_ref().map(|it| it.get_ref().clone());
            self.expected.clone_from(&own.expected);
            self.warning.clone_from(&own.warning);
            self.critical.clone_from(&own.critical);
        }
        if self.service.name == "dns" && self.lookup.is_none() {
            return Err(refused(
                at,
                "service dns needs `lookup`, a name that the server knows: add [host.service.dns] with it",
            ));
        }
        Ok(self)
    }
}
