//! One host of the inventory.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::name::{HostName, is_address};
use super::watched::{Layer, Overrides, StatusRules, Watched};
use super::{Refused, refused};
use crate::policy::{Plan, Policy};

/// A monitored server.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name, unique in the inventory.
    pub name: HostName,
    /// Name or address that checks connect to.
    pub address: String,
    /// Its plan.
    pub plan: Plan,
    /// Its control panel.
    pub panel: Panel,
    /// How the checks that run on the server itself are reached.
    pub agent: Agent,
    /// Services that are watched, in the policy's order.
    pub services: Vec<Watched>,
}

/// The server's control panel; it decides which script restarts a service.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Panel {
    /// None.
    #[default]
    None,
    /// Plesk.
    Plesk,
    /// Webmin.
    Webmin,
}

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

/// A host as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    name: Spanned<String>,
    address: Spanned<String>,
    #[serde(default)]
    plan: Plan,
    os: Option<Spanned<String>>,
    #[serde(default)]
    os_check: OsCheck,
    line: Option<Spanned<String>>,
    #[serde(default)]
    panel: Panel,
    #[serde(default)]
    agent: Agent,
    #[serde(default)]
    services: Vec<Spanned<String>>,
    http_layer: Option<Spanned<u8>>,
    #[serde(default)]
    http_status: StatusRules,
    #[serde(default)]
    service: BTreeMap<Spanned<String>, Spanned<Overrides>>,
}

#[derive(Clone, Copy, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum OsCheck {
    #[default]
    On,
    Off,
}

/// Operating systems that the service is offered for, with those that it is extended to. Source: documented policy, section 1.
const ELIGIBLE: &[&str] =
    &["centos", "redhat", "rhel", "almalinux", "rocky", "oraclelinux", "debian", "ubuntu"];

impl Host {
    pub(super) fn from_row(row: Row, at: &Range<usize>) -> Result<Self, Refused> {
        let name = HostName::parse(row.name.get_ref())
            .map_err(|reason| refused(&row.name.span(), reason))?;
        if !is_address(row.address.get_ref()) {
            let reason =
                format!("{:?} is no address: give an IP address or a name", row.address.get_ref());
            return Err(refused(&row.address.span(), reason));
        }
        eligible(&row, at)?;
        let services = services(&row)?;
        Ok(Self {
            name,
            address: row.address.into_inner(),
            plan: row.plan,
            panel: row.panel,
            agent: row.agent,
            services,
        })
    }

    /// This machine, with the services that were found on it.
    ///
    /// # Errors
    /// Its name is not acceptable.
    pub fn local(plan: Plan, services: Vec<Watched>) -> anyhow::Result<Self> {
        let name = HostName::parse("localhost").map_err(anyhow::Error::msg)?;
        Ok(Self {
            name,
            address: "127.0.0.1".to_owned(),
            plan,
            panel: Panel::None,
            agent: Agent::Local,
            services,
        })
    }
}

/// Source: documented policy, section 1.
fn eligible(row: &Row, at: &Range<usize>) -> Result<(), Refused> {
    if let Some(line) = &row.line {
        return Err(refused(
            &line.span(),
            match line.get_ref().as_str() {
                "shared-10m" => {
                    "servers on the shared 10 Mbps line are not eligible: remove the host"
                        .to_owned()
                }
                other => {
                    format!("unknown line {other:?}: leave the key out, or say \"shared-10m\"")
                }
            },
        ));
    }
    let Some(os) = &row.os else {
        let reason = format!(
            "host {} names no os: add os = \"centos\" (or {})",
            row.name.get_ref(),
            ELIGIBLE.join(", ")
        );
        return Err(refused(at, reason));
    };
    let known = os.get_ref().to_ascii_lowercase();
    if known.contains("windows") {
        return Err(refused(&os.span(), "Windows servers are not eligible: remove the host"));
    }
    if ELIGIBLE.contains(&known.as_str()) || row.os_check == OsCheck::Off {
        return Ok(());
    }
    let reason = format!(
        "os {:?} is not eligible: it is one of {}, or set os_check = \"off\" for this host",
        os.get_ref(),
        ELIGIBLE.join(", ")
    );
    Err(refused(&os.span(), reason))
}

/// The watched services in the policy's order, each with its overrides.
fn services(row: &Row) -> Result<Vec<Watched>, Refused> {
    let documented = Policy::documented().services;
    for (number, service) in row.services.iter().enumerate() {
        let name = service.get_ref();
        if !documented.iter().any(|known| known.name == name) {
            let names: Vec<&str> = documented.iter().map(|known| known.name).collect();
            return Err(refused(
                &service.span(),
                format!("unknown service {name:?}: one of {}", names.join(", ")),
            ));
        }
        if row.services.iter().take(number).any(|earlier| earlier.get_ref() == name) {
            return Err(refused(
                &service.span(),
                format!("service {name} stands twice: remove one"),
            ));
        }
    }
    for name in row.service.keys() {
        if !row.services.iter().any(|service| service.get_ref() == name.get_ref()) {
            let reason = format!(
                "service {} is not among the host's services: add it there, or remove its table",
                name.get_ref()
            );
            return Err(refused(&name.span(), reason));
        }
    }
    let mut watched = Vec::new();
    for service in documented {
        let Some(listed) = row.services.iter().find(|listed| listed.get_ref() == service.name)
        else {
            continue;
        };
        let own =
            row.service.iter().find(|(name, _)| name.get_ref() == service.name).map(|(_, own)| own);
        let mut one = Watched::of(service);
        one.status = row.http_status;
        if service.name == "http"
            && let Some(layer) = &row.http_layer
        {
            one.layer = Layer::from_number(*layer.get_ref())
                .map_err(|reason| refused(&layer.span(), reason))?;
        }
        watched.push(one.overridden(own, &listed.span())?);
    }
    Ok(watched)
}
