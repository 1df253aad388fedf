//! What is monitored: hosts, read from a TOML file or found on this machine.
//!
//! Parsed, not validated: a value of these types has passed every rule. A refusal names file, line and what to do.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use toml::Spanned;

mod agent;
mod call;
mod eligible;
mod host;
mod listed;
mod name;
mod parents;
mod power;
mod resource;
mod row;
mod site;
mod suspension;
mod text;
mod watched;
mod zone;

pub use agent::{Agent, Certificates, Endpoint, Nrpe, Ssh};
pub use call::Call;
pub use host::{Host, Panel};
pub use name::HostName;
pub use power::Power;
pub use resource::Resource;
pub use site::{Layout, OutsideOnly, Recovery, Site};
pub use suspension::Suspension;
pub use watched::{Layer, StatusRules, Watched};
pub use zone::{Contact, Member, Zone};

/// The whole file; hosts are in its order.
#[derive(Debug)]
pub struct Inventory {
    site: Site,
    zones: Vec<Zone>,
    contacts: Vec<Contact>,
    hosts: Vec<Host>,
    suspension: Suspension,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    site: site::Row,
    #[serde(default)]
    zone: Vec<Spanned<zone::Row>>,
    #[serde(default)]
    contact: Vec<zone::ContactRow>,
    suspension: Option<Spanned<suspension::Row>>,
    #[serde(default)]
    host: Vec<Spanned<row::Row>>,
}

impl Inventory {
    /// Reads a file.
    ///
    /// # Errors
    /// The file can not be read, or a rule refuses it: `FILE:LINE: what is wrong and what to do`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::from_text(&path.display().to_string(), &text)
    }

    /// Of parts that exist already: what a test changes in them has passed no rule.
    pub fn of(site: Site, zones: Vec<Zone>, contacts: Vec<Contact>, hosts: Vec<Host>) -> Self {
        Self { site, zones, contacts, hosts, suspension: Suspension::default() }
    }

    /// Reads the text of a file, which is called `name` in errors.
    ///
    /// # Errors
    /// As those of `read`.
    pub fn from_text(name: &str, text: &str) -> Result<Self> {
        Self::parse(text).map_err(|refused| {
            let line = text.get(..refused.at).unwrap_or_default().matches('\n').count() + 1;
            anyhow!("{name}:{line}: {}", refused.reason)
        })
    }

    fn parse(text: &str) -> Result<Self, Refused> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            Refused { at, reason: error.message().lines().collect::<Vec<_>>().join(" ") }
        })?;
        if file.host.is_empty() {
            return Err(Refused {
                at: 0,
                reason: "no host: add a [[host]] with name and address".to_owned(),
            });
        }
        let contacts = Contact::all(&file.contact)?;
        Contact::known(&contacts, file.site.contacts.as_deref().unwrap_or_default())?;
        let mut site = Site::read(&file.site)?;
        if site.contacts.is_empty() {
            site.contacts = contacts.iter().map(|contact| contact.name.clone()).collect();
        }
        let zones = Zone::all(&file.zone, &site)?;
        let around = row::Surroundings { site: &site, zones: &zones, contacts: &contacts };
        let hosts = hosts(file.host, &around)?;
        let suspension = Suspension::read(file.suspension.as_ref())?;
        Ok(Self { site, zones, contacts, hosts, suspension })
    }

    /// The host of that name.
    ///
    /// # Errors
    /// There is none; the names that there are.
    pub fn host(&self, name: &str) -> Result<&Host> {
        let found = self.hosts.iter().find(|host| host.name.as_str() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> =
                self.hosts.iter().map(|host| host.name.as_str()).take(10).collect();
            anyhow!("no host {name:?} in the inventory, which begins with {}", names.join(", "))
        })
    }

    /// What holds for the whole monitoring.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The zones of a cluster, a parent before its children; none where one server monitors.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// Everybody who can be told.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// When quiet time has to be asked for, and where it is told.
    pub fn suspension(&self) -> &Suspension {
        &self.suspension
    }

    /// All hosts.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }
}

/// Every host, with a name of its own.
fn hosts(rows: Vec<Spanned<row::Row>>, around: &row::Surroundings) -> Result<Vec<Host>, Refused> {
    let mut hosts: Vec<Host> = Vec::with_capacity(rows.len());
    let mut names: HashSet<HostName> = HashSet::with_capacity(rows.len());
    let mut endpoints: HashSet<String> =
        around.zones.iter().flat_map(|zone| &zone.endpoints).map(|it| it.name.clone()).collect();
    endpoints.extend(around.zones.iter().map(|zone| zone.name.clone()));
    let mut places = parents::Places::new();
    for row in rows {
        let at = row.span();
        let spans = row.get_ref().parent_spans();
        let host = row.into_inner().read(&at, around)?;
        if !names.insert(host.name.clone()) {
            return Err(refused(&at, format!("host {} stands twice: names are unique", host.name)));
        }
        if let Some(endpoint) = &host.endpoint
            && !endpoints.insert(endpoint.name.clone())
        {
            let reason = format!("endpoint {} stands twice: names are unique", endpoint.name);
            return Err(refused(&at, reason));
        }
        if !spans.is_empty() {
            places.push((hosts.len(), spans));
        }
        hosts.push(host);
    }
    parents::check(&hosts, &places)?;
    Ok(hosts)
}

/// A rule's refusal, with the byte of the file where it begins.
#[derive(Debug)]
struct Refused {
    at: usize,
    reason: String,
}

fn refused(at: &Range<usize>, reason: impl Into<String>) -> Refused {
    Refused { at: at.start, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[host]]\nname = \"web1\"\naddress = \"192.0.2.1\"\nos = \"centos\"\nservices = [\"ssh\"]\n";

    fn reason(text: &str) -> String {
        Inventory::parse(text).map_or_else(|refused| refused.reason, |_| "accepted".to_owned())
    }

    #[test]
    fn a_host_is_found_by_its_name() {
        let inventory = Inventory::parse(GOOD).unwrap();
        assert_eq!(inventory.host("web1").unwrap().address, "192.0.2.1");
        assert_eq!(
            inventory.host("web2").unwrap_err().to_string(),
            "no host \"web2\" in the inventory, which begins with web1"
        );
    }

    #[test]
    fn what_is_wrong_is_refused_with_what_to_do() {
        let with = |line: &str| format!("{GOOD}{line}\n");
        let cases = [
            (String::new(), "no host: add a [[host]] with name and address"),
            (with("colour = 1"), "unknown field `colour`"),
            (format!("{GOOD}{GOOD}"), "host web1 stands twice"),
            (GOOD.replace("centos", "windows"), "Windows servers are not eligible"),
            (GOOD.replace("centos", "plan9"), "os_check = \"off\""),
            (GOOD.replace("\"ssh\"", "\"gopher\""), "unknown service \"gopher\""),
            (GOOD.replace("\"ssh\"", "\"ssh\", \"ssh\""), "service ssh stands twice"),
            (GOOD.replace("\"ssh\"", "\"dns\""), "needs `lookup`"),
            (GOOD.replace("web1", "web 1"), "is no host name"),
            (GOOD.replace("192.0.2.1", "-h"), "is no address"),
            (with("line = \"shared-10m\""), "shared 10 Mbps line"),
            (with("plan = \"core3\""), "core3"),
            (with("[host.service.ftp]\nport = 21"), "not among the host's services"),
            (with("[host.service.ssh]\nport = 0"), "port 0"),
            (with("[host.service.ssh]\nlayer = 5"), "layer is 4 or 7"),
            (with("[host.service.ssh]\nvhost = \"a\""), "vhost belongs to http"),
            (with("[host.service.ssh]\nwarning = \"10x\""), "check_ssh_banner refuses"),
            (with("[host.resource.load]\nwarning = \"a\""), "check_load refuses"),
            (with("[host.resource.cpu]\nwarning = \"1\""), "resource cpu is not watched"),
            (with("agent = \"none\"\nresources = [\"load\"]"), "agent is \"none\""),
            (with("ssh = { user = \"x\" }"), "table ssh has no effect"),
            (with("nrpe = { ca = \"/ca\" }"), "three files"),
            (with("zone = \"x\""), "zones belong to a cluster"),
            (with("contacts = [\"x\"]"), "no contact \"x\""),
            (with("contacts = []"), "nobody would be told"),
            (with("parents = [\"x\"]"), "no host x"),
            (with("parents = [\"web1\"]"), "its own parent"),
            (with("[host.power]\nagent = \"ipmi\""), "no fence agent"),
            (
                with("[host.power]\nagent = \"fence_x\"\noptions = { passwd = \"x\" }"),
                "is a secret",
            ),
            (with("[host.power]\nagent = \"fence_x\"\noptions = { action = \"x\" }"), "itself"),
            (with("notes = \"a\\nb\""), "not one line"),
            (with("http_layer = 4"), "without service http"),
            (GOOD.replace("web1", "firstaid-host"), "rename the host"),
            (with("[site]\nlayout = \"cluster\""), "add a [[zone]]"),
            (with("[site]\nattempts = 1"), "give 2 to 100"),
            (with("[site]\nplugins = \"/a b\""), "no plain path"),
        ];
        for (text, expected) in cases {
            let reason = reason(&text);
            assert!(reason.contains(expected), "{text}\n=> {reason}");
        }
    }

    #[test]
    fn a_refusal_names_the_line() {
        let refused = Inventory::parse(&GOOD.replace("\"ssh\"", "\"gopher\"")).unwrap_err();
        assert_eq!(GOOD[..refused.at].matches('\n').count() + 1, 5);
    }
}
