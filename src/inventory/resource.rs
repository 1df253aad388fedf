//! A resource that is measured on the server itself, with what differs there from the policy.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::text::Kind;
use super::{Agent, Refused, refused};

/// A watched resource.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resource {
    /// Name of its check: `load`, `disk` or `mem`.
    pub name: &'static str,
    /// `-w` where it is not the policy's.
    pub warning: Option<String>,
    /// `-c` where it is not the policy's.
    pub critical: Option<String>,
    /// disk: the partitions that must be there; all local ones where none are named.
    pub paths: Vec<String>,
}

/// A `[host.resource.NAME]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overrides {
    warning: Option<Spanned<String>>,
    critical: Option<Spanned<String>>,
    #[serde(default)]
    paths: Vec<Spanned<String>>,
}

impl Resource {
    /// The documented resources, in the document's order.
    pub const NAMES: [&'static str; 3] = ["load", "disk", "mem"];

    /// A resource as the policy has it.
    pub fn of(name: &'static str) -> Self {
        Self { name, warning: None, critical: None, paths: Vec::new() }
    }

    /// All of them.
    pub fn all() -> Vec<Self> {
        Self::NAMES.map(Self::of).into()
    }

    /// Whether nothing differs from the policy.
    pub fn is_documented(&self) -> bool {
        *self == Self::of(self.name)
    }

    /// Those that a host lists, or all of them where it lists none.
    pub(super) fn read(
        agent: Agent,
        listed: Option<&Spanned<Vec<Spanned<String>>>>,
        tables: &BTreeMap<Spanned<String>, Overrides>,
    ) -> Result<Vec<Self>, Refused> {
        let mut watched = match listed {
            None if agent == Agent::None => Vec::new(),
            None => Self::all(),
            Some(listed) => named(listed)?,
        };
        if agent == Agent::None
            && let Some(at) = listed
            && !watched.is_empty()
        {
            let reason = "resources are measured on the server itself, and agent is \"none\": remove them, or name an agent";
            return Err(refused(&at.span(), reason));
        }
        for (name, own) in tables {
            let Some(resource) = watched.iter_mut().find(|it| it.name == name.get_ref()) else {
                let reason = format!(
                    "resource {} is not watched on this host: it is one of {}, and needs an agent; or remove its table",
                    name.get_ref(),
                    Self::NAMES.join(", ")
                );
                return Err(refused(&name.span(), reason));
            };
            resource.warning = Kind::Line.maybe(own.warning.as_ref())?;
            resource.critical = Kind::Line.maybe(own.critical.as_ref())?;
            if let Some(path) = own.paths.first()
                && resource.name != "disk"
            {
                let reason = format!("paths belong to disk, not to {}: remove them", resource.name);
                return Err(refused(&path.span(), reason));
            }
            resource.paths = Kind::Path.list(&own.paths)?;
        }
        Ok(watched)
    }
}

fn named(listed: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<Resource>, Refused> {
    let names = Kind::Name.list(listed.get_ref())?;
    for (name, at) in names.iter().zip(listed.get_ref()) {
        if !Resource::NAMES.contains(&name.as_str()) {
            let known = Resource::NAMES.join(", ");
            return Err(refused(&at.span(), format!("unknown resource {name:?}: one of {known}")));
        }
    }
    let watched = Resource::NAMES.into_iter().filter(|name| names.iter().any(|it| it == name));
    Ok(watched.map(Resource::of).collect())
}
