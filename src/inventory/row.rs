//! A `[[host]]` table as the file has it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::agent::{Endpoint, EndpointRow, Nrpe, NrpeRow, Ssh, SshRow};
use super::eligible::{OsCheck, eligible};
use super::listed::Listed;
use super::name::HostName;
use super::text::Kind;
use super::watched::{Overrides, StatusRules};
use super::zone::Contact;
use super::{
    Agent, Host, Layout, OutsideOnly, Panel, Power, Recovery, Refused, Resource, Site, Zone, power,
    refused, resource,
};
use crate::policy::Plan;

/// The keys of a host.
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
    nrpe: Option<Spanned<NrpeRow>>,
    ssh: Option<Spanned<SshRow>>,
    icinga: Option<Spanned<EndpointRow>>,
    #[serde(default)]
    services: Vec<Spanned<String>>,
    resources: Option<Spanned<Vec<Spanned<String>>>>,
    http_layer: Option<Spanned<u8>>,
    #[serde(default)]
    http_status: StatusRules,
    #[serde(default)]
    service: BTreeMap<Spanned<String>, Spanned<Overrides>>,
    #[serde(default)]
    resource: BTreeMap<Spanned<String>, resource::Overrides>,
    zone: Option<Spanned<String>>,
    contacts: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    parents: Vec<Spanned<String>>,
    recovery: Option<Recovery>,
    outside_only: Option<OutsideOnly>,
    power: Option<power::Row>,
    notes: Option<Spanned<String>>,
}

/// What a host is read against.
pub(super) struct Surroundings<'a> {
    pub(super) site: &'a Site,
    pub(super) zones: &'a [Zone],
    pub(super) contacts: &'a [Contact],
}

/// Names of generated templates begin so; an object of the same name would collide with them.
const RESERVED: &str = "firstaid-";

impl Row {
    /// The host that the table means; `at` is where it begins.
    pub(super) fn read(self, at: &Range<usize>, around: &Surroundings) -> Result<Host, Refused> {
        let name = host_name(&self.name)?;
        let address = Kind::Address.read(&self.address)?;
        eligible(self.os.as_ref(), self.os_check, self.line.as_ref(), at)?;
        self.tables_fit()?;
        let listed = Listed {
            names: &self.services,
            tables: &self.service,
            layer: self.http_layer.as_ref(),
            status: self.http_status,
        };
        let services = listed.read()?;
        let resources = Resource::read(self.agent, self.resources.as_ref(), &self.resource)?;
        let endpoint = (self.agent == Agent::Icinga)
            .then(|| Endpoint::read(self.icinga.as_ref().map(Spanned::get_ref), name.as_str()));
        let host = Host {
            address,
            plan: self.plan,
            panel: self.panel,
            agent: self.agent,
            nrpe: Nrpe::read(self.nrpe.as_ref(), &around.site.nrpe)?,
            ssh: self
                .ssh
                .as_ref()
                .map_or_else(|| Ok(Ssh::default()), |it| Ssh::read(it.get_ref()))?,
            endpoint: endpoint.transpose()?,
            services,
            resources,
            zone: self.zone(around)?,
            contacts: self.contacts(around)?,
            parents: self.parents.iter().map(host_name).collect::<Result<_, _>>()?,
            recovery: self.recovery.unwrap_or(around.site.recovery),
            outside_only: self.outside_only.unwrap_or(around.site.outside_only),
            power: self.power.as_ref().map(Power::read).transpose()?,
            notes: Kind::Line.maybe(self.notes.as_ref())?,
            name,
        };
        for watched in &host.services {
            super::call::accepted(&host, watched.service.name)
                .map_err(|reason| refused(&self.own_table(watched.service.name, at), reason))?;
        }
        for resource in host.resources.iter().filter(|it| !it.is_documented()) {
            super::call::accepted(&host, resource.name)
                .map_err(|reason| refused(&self.own_table(resource.name, at), reason))?;
        }
        Ok(host)
    }

    /// The parents with their places, for the rules that need all hosts.
    pub(super) fn parent_spans(&self) -> Vec<Range<usize>> {
        self.parents.iter().map(Spanned::span).collect()
    }

    /// Where the table of a service or resource stands, or else the host.
    fn own_table(&self, name: &str, at: &Range<usize>) -> Range<usize> {
        let services = self.service.keys();
        let own = services.chain(self.resource.keys()).find(|key| key.get_ref() == name);
        own.map_or_else(|| at.clone(), Spanned::span)
    }

    /// A table of an agent that the host does not have would be without effect.
    fn tables_fit(&self) -> Result<(), Refused> {
        let tables = [
            (self.nrpe.as_ref().map(Spanned::span), Agent::Nrpe),
            (self.ssh.as_ref().map(Spanned::span), Agent::Ssh),
            (self.icinga.as_ref().map(Spanned::span), Agent::Icinga),
        ];
        for (span, agent) in tables {
            if let Some(span) = span
                && self.agent != agent
            {
                let (table, own) = (agent.name(), self.agent.name());
                let reason = format!(
                    "table {table} has no effect, since agent is {own:?}: remove it, or set agent = {table:?}"
                );
                return Err(refused(&span, reason));
            }
        }
        Ok(())
    }

    /// The zone that checks the host: the masters', where it names none.
    fn zone(&self, around: &Surroundings) -> Result<Option<String>, Refused> {
        match (&self.zone, around.site.layout) {
            (None, _) => Ok(around.zones.first().map(|zone| zone.name.clone())),
            (Some(zone), Layout::Single) => {
                let reason = "zones belong to a cluster: set layout = \"cluster\" in [site], or remove the key";
                Err(refused(&zone.span(), reason))
            }
            (Some(zone), Layout::Cluster) => {
                let known = around.zones.iter().any(|it| it.name == *zone.get_ref());
                let reason =
                    || format!("there is no zone {:?}: add a [[zone]] with it", zone.get_ref());
                known
                    .then(|| Some(zone.get_ref().clone()))
                    .ok_or_else(|| refused(&zone.span(), reason()))
            }
        }
    }

    fn contacts(&self, around: &Surroundings) -> Result<Vec<String>, Refused> {
        if let Some(own) = &self.contacts {
            if own.is_empty() {
                let reason = "nobody would be told: name a contact, or remove the key";
                return Err(refused(&self.name.span(), reason));
            }
            Contact::known(around.contacts, own)?;
            return Kind::Name.list(own);
        }
        Ok(around.site.contacts.clone())
    }
}

fn host_name(text: &Spanned<String>) -> Result<HostName, Refused> {
    let name = HostName::parse(text.get_ref()).map_err(|reason| refused(&text.span(), reason))?;
    if name.as_str().starts_with(RESERVED) {
        let reason = format!(
            "names that begin with {RESERVED:?} are those of generated templates: rename the host"
        );
        return Err(refused(&text.span(), reason));
    }
    Ok(name)
}
