//! What recovery knows about a server: `firstaid generate` writes a line for each into `recovery/machines.jsonl`.
//!
//! Recovery reads one line, not the inventory: a call during an outage must not cost the reading of ten thousand hosts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::policy::{Pace, Policy, Recovery};

/// A server as recovery sees it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Its name in the inventory. The first field of its line.
    pub host: String,
    /// Its address.
    pub address: String,
    /// Whether recovery acts on it, or only says what it would do.
    pub acts: bool,
    /// How many times as fast as documented a drill runs.
    #[serde(default, skip_serializing_if = "Pace::is_documented")]
    pub pace: Pace,
    /// Seconds between two checks, at that pace.
    pub interval: u32,
    /// Consecutive failures that make a fault.
    pub attempts: u32,
    /// Further failures that a stage waits.
    pub stage_waits: u32,
    /// What is done about a fault that is seen from outside alone: `restart`, `reboot` or `nothing`.
    pub outside_only: String,
    /// How it is asked to act.
    pub agent: Agent,
    /// How its power is switched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
    /// Control panel: `none`, `plesk` or `webmin`; what is found on the server itself decides where this says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    /// Its checks, as whole command lines: services by name, and `ping`.
    pub checks: BTreeMap<String, Vec<String>>,
    /// What differs from the policy, by service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, Own>,
    /// Addresses on the monitoring server's side that must answer before a server is rebooted: its gateway, and canaries.
    #[serde(default)]
    pub witnesses: Witnesses,
}

/// How a server is asked to act. The words of an act follow these.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "way", deny_unknown_fields)]
pub enum Agent {
    /// NRPE: the words of its client; `-c` and the command's name follow. Address and port tell whether anybody listens.
    Nrpe {
        /// The client with its options.
        words: Vec<String>,
        /// Where it listens.
        port: u16,
    },
    /// ssh: the words of its client; the remote command line follows as one word.
    Ssh {
        /// The client with its options and the account.
        words: Vec<String>,
        /// Where it listens.
        port: u16,
        /// Folder of `recover_service` on the server.
        plugins: String,
    },
    /// An Icinga agent, through the API of the engine.
    Icinga {
        /// The agent's name in the cluster.
        endpoint: String,
    },
    /// It is the monitoring server itself.
    Local {
        /// Folder of `recover_service`.
        plugins: String,
    },
    /// Not at all.
    None {},
}

impl Agent {
    /// The word that `--via` has for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nrpe { .. } => "nrpe",
            Self::Ssh { .. } => "ssh",
            Self::Icinga { .. } => "icinga",
            Self::Local { .. } => "local",
            Self::None {} => "none",
        }
    }
}

/// How a server's power is switched.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// The fence agent's name.
    pub agent: String,
    /// The file of its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
    /// Other options by name.
    pub options: BTreeMap<String, String>,
    /// What the device must tell about itself before anything is switched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// What differs from the policy for a service.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The unit or init script that restarts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether recovery acts on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts: Option<bool>,
}

/// Who must answer the monitoring server itself.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Witnesses {
    /// Its gateway; that of the default route where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Hosts of which one must answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub canaries: Vec<String>,
}

impl Machine {
    /// A server of which nothing is known but the policy.
    pub fn documented() -> Self {
        let schedule = &Policy::documented().schedule;
        Self {
            host: "localhost".to_owned(),
            address: "127.0.0.1".to_owned(),
            acts: true,
            pace: Pace::default(),
            interval: schedule.check_interval,
            attempts: schedule.max_attempts,
            stage_waits: schedule.stage_waits,
            outside_only: "restart".to_owned(),
            agent: Agent::Local { plugins: "/usr/lib/nagios/plugins".to_owned() },
            power: None,
            panel: None,
            checks: BTreeMap::new(),
            services: BTreeMap::new(),
            witnesses: Witnesses::default(),
        }
    }

    /// The brakes of recovery for this server.
    pub fn limits(&self) -> Recovery {
        self.pace.recovery()
    }

    /// Finds a server's line.
    ///
    /// # Errors
    /// The file can not be read, has no such server, or its line can not be understood.
    pub fn find(path: &Path, host: &str) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let start = format!("{{\"host\":{},", serde_json::to_string(host)?);
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader
                .read_until(b'\n', &mut line)
                .with_context(|| format!("cannot read {}", path.display()))?;
            anyhow::ensure!(read > 0, "{} has no host {host:?}", path.display());
            if line.starts_with(start.as_bytes()) {
                return Self::read(&line).with_context(|| format!("{}: {host}", path.display()));
            }
        }
    }

    /// Reads one line, or a file of one below the line that says what made it.
    ///
    /// # Errors
    /// It can not be understood.
    pub fn read(text: &[u8]) -> Result<Self> {
        let mut lines = text.split(|byte| *byte == b'\n');
        let line = lines.find(|line| !line.starts_with(b"{\"made\":")).unwrap_or_default();
        serde_json::from_slice(line).context("cannot be understood")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::recover) fn machine() -> Machine {
        Machine {
            host: "web1".to_owned(),
            address: "192.0.2.1".to_owned(),
            agent: Agent::Nrpe { words: vec!["/bin/false".to_owned()], port: 5666 },
            ..Machine::documented()
        }
    }

    #[test]
    fn a_server_is_found_by_its_whole_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("machines.jsonl");
        let of = |host: &str| Machine { host: host.to_owned(), ..machine() };
        let lines: Vec<String> =
            ["web11", "web1"].map(|host| serde_json::to_string(&of(host)).unwrap() + "\n").into();
        std::fs::write(&path, lines.concat()).unwrap();
        assert_eq!(Machine::find(&path, "web1").unwrap(), machine());
        assert!(Machine::find(&path, "web").is_err());
        assert!(Machine::find(folder.path(), "web1").is_err());
    }
}
