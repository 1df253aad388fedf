//! How a server's power is switched from the monitoring server.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::text::Kind;
use super::{Refused, refused};

/// A fence agent and what it is told on its standard input.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Power {
    /// Its program, such as `fence_ipmilan`.
    pub agent: String,
    /// The file of the password, which only its owner may read.
    pub password_file: Option<String>,
    /// Other options, by name.
    pub options: BTreeMap<String, String>,
    /// The GUID that the device must tell before anything is switched.
    pub identity: Option<String>,
}

/// A table `power`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    agent: Spanned<String>,
    password_file: Option<Spanned<String>>,
    #[serde(default)]
    options: BTreeMap<Spanned<String>, Spanned<String>>,
    identity: Option<Spanned<String>>,
}

/// Parts of option names of fence agents whose values are secrets.
const SECRETS: &[&str] = &["pass", "secret", "token", "api_key", "apikey", "community"];
/// What the recovery program decides by itself: a fixed action would be done whatever was wanted.
const OWN: &[&str] = &["action", "option", "agent"];

impl Power {
    pub(super) fn read(row: &Row) -> Result<Self, Refused> {
        let agent = Kind::Name.read(&row.agent)?;
        if !agent.starts_with("fence_") {
            let reason = format!("{agent:?} is no fence agent: give one such as \"fence_ipmilan\"");
            return Err(refused(&row.agent.span(), reason));
        }
        let mut options = BTreeMap::new();
        for (name, value) in &row.options {
            let key = Kind::Name.read(name)?;
            let lower = key.to_ascii_lowercase();
            let path = value.get_ref().starts_with('/');
            if SECRETS.iter().any(|secret| lower.contains(secret)) && !path {
                let reason = format!(
                    "option {key} is a secret: write it to a file that only its owner reads, and name that as password_file"
                );
                return Err(refused(&name.span(), reason));
            }
            if OWN.contains(&lower.as_str()) {
                let reason = format!("option {key} is set by recover_service itself: remove it");
                return Err(refused(&name.span(), reason));
            }
            options.insert(key, Kind::Line.read(value)?);
        }
        let password_file = Kind::Path.maybe(row.password_file.as_ref())?;
        // Without it the agent takes the last system that the device has, be it another server.
        let systems = ["systems_uri", "systems-uri"];
        if agent == "fence_redfish" && !systems.iter().any(|name| options.contains_key(*name)) {
            let reason = "fence_redfish needs the option systems_uri: it says which server";
            return Err(refused(&row.agent.span(), reason));
        }
        let identity = row.identity.as_ref().map(guid).transpose()?;
        Ok(Self { agent, password_file, options, identity })
    }
}

/// 32 hexadecimal digits in groups, as `ipmitool mc guid` shows them.
fn guid(text: &Spanned<String>) -> Result<String, Refused> {
    let value = Kind::Name.read(text)?;
    let digits = value.bytes().filter(|byte| *byte != b'-');
    if digits.clone().count() == 32 && digits.clone().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(value);
    }
    let reason =
        format!("identity {value:?} is no GUID: give the one that `ipmitool mc guid` shows");
    Err(refused(&text.span(), reason))
}
