//! Zones of an Icinga 2 cluster, and the contacts that are told.

use std::collections::HashSet;

use serde::Deserialize;
use toml::Spanned;

use super::agent::{ICINGA_PORT, port};
use super::text::Kind;
use super::{Layout, Refused, Site, refused};

/// A zone and the servers that monitor in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// The zone above it; the masters' zone has none.
    pub parent: Option<String>,
    /// Its servers, one or two; the first connects to the second.
    pub endpoints: Vec<Member>,
}

/// A monitoring server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its name in the cluster, the common name of its certificate.
    pub name: String,
    /// Where it listens.
    pub address: String,
    /// Its port.
    pub port: u16,
}

/// Somebody who is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contact {
    /// The name that hosts have for it.
    pub name: String,
    /// Where mail goes.
    pub email: String,
}

/// A `[[zone]]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    name: Spanned<String>,
    parent: Option<Spanned<String>>,
    #[serde(default)]
    endpoints: Vec<MemberRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberRow {
    name: Spanned<String>,
    address: Spanned<String>,
    port: Option<Spanned<u16>>,
}

/// A `[[contact]]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactRow {
    name: Spanned<String>,
    email: Spanned<String>,
}

/// The folder of what every zone has; Icinga's own name for the rest.
const TAKEN: &[&str] = &["global-templates", "director-global"];
/// Icinga discourages more in one zone: its notifications would come doubled.
const MOST_ENDPOINTS: usize = 2;

impl Zone {
    /// All zones, a parent before its children.
    pub(super) fn all(rows: &[Spanned<Row>], site: &Site) -> Result<Vec<Self>, Refused> {
        match (site.layout, rows.first()) {
            (Layout::Single, None) => return Ok(Vec::new()),
            (Layout::Single, Some(row)) => {
                let reason =
                    "zones belong to a cluster: set layout = \"cluster\" in [site], or remove them";
                return Err(refused(&row.span(), reason));
            }
            (Layout::Cluster, None) => {
                return Err(refused(
                    &(0..0),
                    "layout is \"cluster\": add a [[zone]] with the masters",
                ));
            }
            (Layout::Cluster, Some(_)) => {}
        }
        let mut zones: Vec<Self> = Vec::new();
        let mut names = HashSet::new();
        for row in rows {
            let zone = Self::read(row, &zones)?;
            for name in zone.endpoints.iter().map(|it| &it.name) {
                if !names.insert(name.clone()) {
                    let reason = format!("endpoint {name} stands twice: names are unique");
                    return Err(refused(&row.span(), reason));
                }
            }
            zones.push(zone);
        }
        Ok(zones)
    }

    fn read(row: &Spanned<Row>, earlier: &[Self]) -> Result<Self, Refused> {
        let (at, row) = (row.span(), row.get_ref());
        let name = Kind::Name.read(&row.name)?;
        if TAKEN.contains(&name.as_str()) || earlier.iter().any(|zone| zone.name == name) {
            return Err(refused(
                &row.name.span(),
                format!("zone {name} exists already: rename it"),
            ));
        }
        let known = |parent: &str| earlier.iter().any(|zone| zone.name == parent);
        match &row.parent {
            None if earlier.is_empty() => {}
            None => {
                return Err(refused(
                    &at,
                    format!(
                        "zone {name} needs a parent: the first zone is the masters', every other is below one"
                    ),
                ));
            }
            Some(parent) if known(parent.get_ref()) => {}
            Some(parent) => {
                let reason = format!(
                    "zone {:?} does not stand above this one: write parents first",
                    parent.get_ref()
                );
                return Err(refused(&parent.span(), reason));
            }
        }
        if row.endpoints.is_empty() || row.endpoints.len() > MOST_ENDPOINTS {
            return Err(refused(
                &at,
                format!("zone {name} has {} endpoints: give one or two", row.endpoints.len()),
            ));
        }
        let endpoints = row.endpoints.iter().map(Member::read).collect::<Result<_, _>>()?;
        let parent = row.parent.as_ref().map(|parent| parent.get_ref().clone());
        Ok(Self { name, parent, endpoints })
    }
}

impl Member {
    fn read(row: &MemberRow) -> Result<Self, Refused> {
        Ok(Self {
            name: Kind::Name.read(&row.name)?,
            address: Kind::Address.read(&row.address)?,
            port: row.port.as_ref().map_or(Ok(ICINGA_PORT), port)?,
        })
    }
}

impl Contact {
    /// All contacts; where there are none, the monitoring server's own root.
    pub(super) fn all(rows: &[ContactRow]) -> Result<Vec<Self>, Refused> {
        let mut contacts: Vec<Self> = Vec::new();
        for row in rows {
            let name = Kind::Name.read(&row.name)?;
            if name == "robot" || contacts.iter().any(|it| it.name == name) {
                return Err(refused(
                    &row.name.span(),
                    format!("contact {name} exists already: rename it"),
                ));
            }
            contacts.push(Self { name, email: Kind::Mail.read(&row.email)? });
        }
        if contacts.is_empty() {
            let (name, email) = ("root".to_owned(), "root@localhost".to_owned());
            contacts.push(Self { name, email });
        }
        Ok(contacts)
    }

    /// Refuses a name that nobody has.
    pub(super) fn known(contacts: &[Self], names: &[Spanned<String>]) -> Result<(), Refused> {
        for name in names {
            if !contacts.iter().any(|it| it.name == *name.get_ref()) {
                let reason =
                    format!("there is no contact {:?}: add a [[contact]] with it", name.get_ref());
                return Err(refused(&name.span(), reason));
            }
        }
        Ok(())
    }
}
