//! Units of systemd, by `systemctl`: it works for root even where the message bus is dead.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::recover::process::{self, Ran};

/// Where it may be.
const PLACES: [&str; 2] = ["/usr/bin/systemctl", "/bin/systemctl"];
/// Time for a question: a front asks three or four of them.
const ASKING: Duration = Duration::from_secs(3);
/// What is asked about a unit.
const PROPERTIES: &str = "Id,LoadState,UnitFileState,ActiveState,SubState,Result,KillMode,TriggeredBy,Triggers,Listen,Accept,MainPID,NRestarts";

/// What systemd knows about a unit. A property that a kind of unit does not have is empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Facts(BTreeMap<String, Vec<String>>);

impl Facts {
    /// The value of a property; the first, where it has several lines.
    pub(super) fn of(&self, property: &str) -> &str {
        self.0.get(property).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// The unit's name; aliases lead to it.
    pub(super) fn id(&self) -> &str {
        self.of("Id")
    }

    /// Whether there is such a unit, and it may be started.
    pub(super) fn is_loaded(&self) -> bool {
        self.of("LoadState") == "loaded"
    }

    /// Whether the administrator has forbidden it.
    pub(super) fn is_masked(&self) -> bool {
        self.of("LoadState") == "masked"
    }

    /// Whether the administrator wants it to be started with the machine.
    pub(super) fn is_enabled(&self) -> bool {
        // A generator writes units of init scripts and instances that are configured elsewhere. What can not be enabled at all
        // (static) is started by others.
        matches!(
            self.of("UnitFileState"),
            "enabled" | "enabled-runtime" | "generated" | "static" | "alias" | "transient"
        )
    }

    /// Whether it is up, or on its way.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.of("ActiveState"), "active" | "activating" | "reloading" | "refreshing")
    }

    /// Whether it is down for good.
    pub(super) fn is_down(&self) -> bool {
        matches!(self.of("ActiveState"), "inactive" | "failed")
    }

    /// Whether a socket unit listens on a port.
    pub(super) fn listens_on(&self, port: u16) -> bool {
        let lines = self.0.get("Listen").map_or(&[][..], Vec::as_slice);
        lines.iter().any(|line| {
            let address = line.split(' ').next().unwrap_or_default();
            address.rsplit_once(':').map_or(address, |(_, it)| it).parse() == Ok(port)
        })
    }

    /// Names of units in a property that lists them.
    pub(super) fn names(&self, property: &str) -> Vec<String> {
        self.of(property).split_ascii_whitespace().map(str::to_owned).collect()
    }
}

/// Asks about units, in their order. A unit that does not exist is told as such.
pub(super) fn show(units: &[String]) -> Result<Vec<Facts>> {
    let found = asked(units)?;
    ensure!(
        found.len() == units.len(),
        "systemd told of {} units, not {}",
        found.len(),
        units.len()
    );
    Ok(found)
}

/// Asks about one unit.
pub(super) fn show_one(unit: &str) -> Result<Facts> {
    show(&[unit.to_owned()])?.pop().context("systemd told nothing")
}

/// Every socket unit that is up.
pub(super) fn sockets() -> Result<Vec<Facts>> {
    let mut found = asked(&["*.socket".to_owned()])?;
    found.retain(Facts::is_active);
    Ok(found)
}

fn asked(patterns: &[String]) -> Result<Vec<Facts>> {
    let mut words = vec!["show".to_owned(), format!("--property={PROPERTIES}"), "--".to_owned()];
    words.extend(patterns.iter().cloned());
    match call(&words, ASKING)? {
        Ran::Ended(ended) if ended.code == Some(0) => Ok(parse(&ended.output)),
        Ran::Ended(ended) => bail!("systemctl show: {}", ended.output.trim_end()),
        Ran::Killed { .. } => bail!("systemd does not answer"),
    }
}

/// Blocks of `Property=value`, parted by empty lines.
pub(super) fn parse(text: &str) -> Vec<Facts> {
    let blocks = text.split("\n\n").map(|block| {
        let mut facts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (property, value) in block.lines().filter_map(|line| line.split_once('=')) {
            facts.entry(property.to_owned()).or_default().push(value.to_owned());
        }
        Facts(facts)
    });
    blocks.filter(|facts| !facts.id().is_empty()).collect()
}

/// The state of the whole system, in systemd's word.
pub(super) fn system_state() -> Result<String> {
    let ran = call(&["is-system-running".to_owned()], ASKING)?;
    let word = ran.output().lines().last().unwrap_or_default().trim().to_owned();
    ensure!(
        matches!(ran, Ran::Ended(_))
            && word.bytes().all(|it| it.is_ascii_lowercase())
            && !word.is_empty(),
        "systemd does not tell its state: {}",
        ran.output().trim_end()
    );
    Ok(word)
}

/// Runs it with these words.
pub(super) fn call(words: &[String], limit: Duration) -> Result<Ran> {
    let program = PLACES.iter().find(|path| std::path::Path::new(path).exists());
    let program = program.context("there is no systemctl")?;
    let mut line = vec![(*program).to_owned()];
    line.extend(words.iter().cloned());
    process::run(&line, b"", limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Result=success
Id=mariadb.service
TriggeredBy=mariadb.socket mariadb-extra.socket
LoadState=loaded
ActiveState=deactivating
UnitFileState=enabled

Id=mysqld.service
LoadState=not-found
ActiveState=inactive
UnitFileState=

Accept=no
Listen=/run/mysqld/mysqld.sock (Stream)
Listen=[::]:3306 (Stream)
Id=mariadb.socket
ActiveState=active
";

    #[test]
    fn each_block_is_a_unit() {
        let found = parse(TEXT);
        let ids: Vec<&str> = found.iter().map(Facts::id).collect();
        assert_eq!(ids, ["mariadb.service", "mysqld.service", "mariadb.socket"]);
        assert!(found[0].is_loaded() && found[0].is_enabled() && !found[0].is_active());
        assert!(!found[0].is_down());
        assert_eq!(found[0].names("TriggeredBy"), ["mariadb.socket", "mariadb-extra.socket"]);
        assert!(!found[1].is_loaded() && !found[1].is_masked() && !found[1].is_enabled());
        assert!(found[1].is_down());
    }

    #[test]
    fn a_socket_unit_tells_its_ports() {
        let found = parse(TEXT);
        assert!(found[2].listens_on(3306) && !found[2].listens_on(330));
        assert!(!found[0].listens_on(3306));
        let short = parse("Id=a.socket\nListen=0.0.0.0:21 (Stream)\n");
        assert!(short[0].listens_on(21));
    }
}
