//! One fence agent: what it is told, and what its answers are worth.
//!
//! Source: the agents' common library (fencing.py of ClusterLabs): options are lines `name=value` on standard input; without
//! an action an agent reboots; `status` ends with 0 for on, 2 for off, 1 for everything else.

use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::PowerState;
use crate::plugin::visible;
use crate::recover::Power;
use crate::recover::process::{self, Ended, Ran};
use crate::recover::server::secret;

/// Where fence agents are, and nowhere else.
const FOLDER: &str = "/usr/sbin";
/// What this program says itself.
const OWN: &[&str] = &["action", "option", "agent", "password", "passwd"];

/// An agent that can be run.
pub(super) struct Fence {
    program: String,
    options: String,
    secret: Option<String>,
}

impl Fence {
    /// Checks what is configured.
    ///
    /// # Errors
    /// It can not be used as it is.
    pub(super) fn new(power: &Power) -> Result<Self> {
        let program = program(&power.agent)?;
        let mut options = String::new();
        for (name, value) in &power.options {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            ensure!(
                !name.is_empty() && name.bytes().all(plain),
                "{name:?} is no name of an option"
            );
            ensure!(!OWN.contains(&name.as_str()), "option {name} is set by recovery itself");
            let _ = writeln!(options, "{name}={}", written(name, value)?);
        }
        if power.agent == "fence_redfish" {
            // Without it the agent takes the last system that the device has (measured: another server's).
            let named = ["systems_uri", "systems-uri"];
            let has = named.iter().any(|name| power.options.contains_key(*name));
            ensure!(has, "fence_redfish needs the option systems_uri: it says which server");
        }
        let secret = match &power.password_file {
            None => None,
            Some(path) => {
                let secret = secret::read(Path::new(path))?;
                let _ = writeln!(options, "password={}", written("password", &secret)?);
                Some(secret)
            }
        };
        Ok(Self { program, options, secret })
    }

    /// Asks for the state. Exit code and words must say the same.
    ///
    /// # Errors
    /// The state is unknown, or the agent does not know an option: it would go on without.
    pub(super) fn status(&self, limit: Duration) -> Result<PowerState> {
        let ended = self.run("status", limit)?;
        if let Some(line) = ended.output.lines().find(|line| line.contains("Parse error")) {
            bail!("{} does not take its options: {}", self.program, self.shown(line));
        }
        let mut words = ended.output.lines().filter_map(|line| line.strip_prefix("Status: "));
        match (ended.code, words.next_back().map(str::trim_end)) {
            (Some(0), Some("ON")) => Ok(PowerState::On),
            (Some(2), Some("OFF")) => Ok(PowerState::Off),
            (code, _) => bail!(
                "{} does not know the power's state (exit code {code:?}): {}",
                self.program,
                self.said(&ended.output)
            ),
        }
    }

    /// Switches, and gives what the agent said: only a later status proves anything.
    pub(super) fn switch(&self, to: PowerState, limit: Duration) -> String {
        let action = match to {
            PowerState::On => "on",
            PowerState::Off => "off",
        };
        match self.run(action, limit) {
            Ok(ended) => self.said(&ended.output),
            Err(error) => format!("{error:#}"),
        }
    }

    fn run(&self, action: &str, limit: Duration) -> Result<Ended> {
        let input = format!("action={action}\n{}", self.options);
        let ran = process::run(std::slice::from_ref(&self.program), input.as_bytes(), limit)?;
        match ran {
            Ran::Ended(ended) => Ok(ended),
            Ran::Killed { .. } => {
                bail!("{} ({action}) did not end in {} s", self.program, limit.as_secs())
            }
        }
    }

    /// The line that says most: an agent in Python warns of its own age, too.
    fn said(&self, output: &str) -> String {
        let mut lines = output.lines().rev().filter(|line| !line.trim().is_empty());
        let telling = |line: &&str| {
            ["rror", "ailed", "imed out", "uccess"].iter().any(|part| line.contains(part))
        };
        let line = lines.clone().find(telling).or_else(|| lines.next());
        self.shown(line.unwrap_or("nothing was said"))
    }

    /// Agents repeat lines of their input where they do not understand them.
    fn shown(&self, line: &str) -> String {
        let line = match &self.secret {
            Some(secret) => line.replace(secret, "***"),
            None => line.to_owned(),
        };
        visible(line.trim().as_bytes())
    }
}

/// Finds the agent: a program that only root can change.
fn program(agent: &str) -> Result<String> {
    let rest = agent.strip_prefix("fence_").unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    ensure!(!rest.is_empty() && rest.bytes().all(plain), "{agent:?} is no fence agent");
    let path = format!("{FOLDER}/{agent}");
    let data = std::fs::metadata(&path).with_context(|| format!("cannot use {path}"))?;
    let safe = data.is_file() && data.uid() == 0 && data.mode() & 0o022 == 0;
    ensure!(safe, "{path} is no program that only root can change");
    Ok(path)
}

/// A value as the library reads it: it strips blanks, and one pair of quotes.
fn written(name: &str, value: &str) -> Result<String> {
    ensure!(!value.contains(char::is_control), "the value of option {name} is not one line");
    let quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
    Ok(if quoted || value.trim() != value { format!("\"{value}\"") } else { value.to_owned() })
}
