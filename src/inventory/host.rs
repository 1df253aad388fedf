//! One host of the inventory.

use serde::Deserialize;

use super::agent::{Endpoint, Nrpe, Ssh};
use super::name::HostName;
use super::watched::Watched;
use super::{Agent, OutsideOnly, Power, Recovery, Resource};
use crate::policy::Plan;

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
    /// NRPE's address apart from the host's.
    pub nrpe: Nrpe,
    /// ssh's.
    pub ssh: Ssh,
    /// The Icinga agent's, where it is the host's agent.
    pub endpoint: Option<Endpoint>,
    /// Services that are watched, in the policy's order.
    pub services: Vec<Watched>,
    /// What is measured on the server itself, in the policy's order.
    pub resources: Vec<Resource>,
    /// The zone that checks it; none where one server monitors.
    pub zone: Option<String>,
    /// Names of the contacts that are told.
    pub contacts: Vec<String>,
    /// Hosts without which it can not be reached.
    pub parents: Vec<HostName>,
    /// Whether recovery acts.
    pub recovery: Recovery,
    /// What recovery does about a fault that is seen from outside alone.
    pub outside_only: OutsideOnly,
    /// How its power is switched, where it can be.
    pub power: Option<Power>,
    /// A line for people.
    pub notes: Option<String>,
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

impl Panel {
    /// The word that the inventory has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Plesk => "plesk",
            Self::Webmin => "webmin",
        }
    }
}

impl Host {
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
            nrpe: Nrpe::default(),
            ssh: Ssh::default(),
            endpoint: None,
            services,
            resources: Resource::all(),
            zone: None,
            contacts: Vec::new(),
            parents: Vec::new(),
            recovery: Recovery::Off,
            outside_only: OutsideOnly::default(),
            power: None,
            notes: None,
        })
    }

    /// Whether there is any way to restart something on it, or the server itself.
    pub fn is_recoverable(&self) -> bool {
        self.agent != Agent::None || self.power.is_some()
    }
}
