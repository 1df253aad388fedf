//! What is monitored: hosts, read from a TOML file or found on this machine.
//!
//! Parsed, not validated: a value of these types has passed every rule. A refusal names file, line and what to do.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use toml::Spanned;

mod call;
mod host;
mod name;
mod watched;

pub use call::Call;
pub use host::{Agent, Host, Panel};
pub use name::HostName;
pub use watched::{Layer, StatusRules, Watched};

/// All hosts, in the order of the file.
#[derive(Debug)]
pub struct Inventory {
    hosts: Vec<Host>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    host: Vec<Spanned<host::Row>>,
}

impl Inventory {
    /// Reads a file.
    ///
    /// # Errors
    /// The file can not be read, or a rule refuses it: `FILE:LINE: what is wrong and what to do`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).map_err(|refused| {
            let line = text.get(..refused.at).unwrap_or_default().matches('\n').count() + 1;
            anyhow!("{}:{line}: {}", path.display(), refused.reason)
        })
    }

    /// Reads the text of a file.
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
        let mut hosts: Vec<Host> = Vec::new();
        for row in file.host {
            let at = row.span();
            let host = Host::from_row(row.into_inner(), &at)?;
            if hosts.iter().any(|other| other.name == host.name) {
                return Err(refused(
                    &at,
                    format!("host {} stands twice: names are unique", host.name),
                ));
            }
            hosts.push(host);
        }
        Ok(Self { hosts })
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

    /// All hosts.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }
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
