//! What restarts a service here: a unit of systemd or an init script.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::names;
use super::owner::{self, Holder};
use super::script::{Script, Scripts};
use super::settings::Settings;
use super::systemctl;
use super::unit::{Choice, Unit};
use super::xinetd;
use super::{answers, has_systemd};
use crate::deadline::Deadline;
use crate::policy::Service;
use crate::recover::Refusal;

/// Time for what a unit has left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(5);

/// What restarts a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Daemon {
    /// A unit of systemd.
    Unit(Unit),
    /// An init script.
    Script(Script),
}

/// A daemon with the program that holds its port, if it runs.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What restarts the service.
    pub(super) daemon: Daemon,
    /// The program that holds the port.
    pub(super) running: Option<String>,
}

/// Finds what restarts a service, and makes sure that the port belongs to it.
pub(super) fn find(service: &Service, settings: &Settings) -> Result<Found, Refusal> {
    let doubt = |error: anyhow::Error| Refusal { guard: "owner", reason: format!("{error:#}") };
    let port = settings.port(service);
    let holders = owner::holders(port, answers::transports(service)).map_err(doubt)?;
    let names = called(service, settings)?;
    let running = holders.iter().find(|it| !it.is_init()).map(|holder| holder.program.clone());
    let daemon = if has_systemd() {
        Daemon::Unit(unit(&names, port, holders)?)
    } else {
        Daemon::Script(Scripts::default().choose(&names, &holders)?)
    };
    Ok(Found { daemon, running })
}

/// Names in question, the first one first.
fn called(service: &Service, settings: &Settings) -> Result<Vec<String>, Refusal> {
    if let Some(unit) = settings.unit(service) {
        return Ok(vec![unit.to_owned()]);
    }
    let mut names: Vec<String> =
        names::candidates(service, settings.panel()?).iter().map(|it| (*it).to_owned()).collect();
    if names == ["xinetd"] {
        if exists("xinetd")? {
            xinetd::guard(settings.port(service))?;
        } else {
            names = names::substitutes(service).iter().map(|it| (*it).to_owned()).collect();
        }
    }
    if service.name == "postgresql" {
        // Debian's own unit of that name starts nothing; each cluster has one of its own.
        let clusters = super::postgresql::clusters(settings.port(service));
        names.splice(0..0, clusters.into_iter().filter(|_| has_systemd()));
    }
    Ok(names)
}

fn exists(name: &str) -> Result<bool, Refusal> {
    if !has_systemd() {
        return Ok(Path::new("/etc/init.d").join(name).exists());
    }
    let facts = systemctl::show_one(&suffixed(name)).map_err(|error| unit_doubt(&error))?;
    Ok(facts.of("LoadState") != "not-found")
}

fn unit(names: &[String], port: u16, holders: Vec<Holder>) -> Result<Unit, Refusal> {
    let units: Vec<String> = names.iter().map(|name| suffixed(name)).collect();
    let candidates = systemctl::show(&units).map_err(|error| unit_doubt(&error))?;
    let sockets = systemctl::sockets().map_err(|error| unit_doubt(&error))?;
    Choice { candidates, sockets, holders, port }.made()
}

fn unit_doubt(error: &anyhow::Error) -> Refusal {
    Refusal { guard: "unit", reason: format!("{error:#}") }
}

fn suffixed(name: &str) -> String {
    if name.ends_with(".service") { name.to_owned() } else { format!("{name}.service") }
}

impl Daemon {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Unit(unit) => &unit.name,
            Self::Script(script) => &script.name,
        }
    }

    /// The unit, where it is one.
    pub(super) fn unit(&self) -> Option<&str> {
        match self {
            Self::Unit(unit) => Some(&unit.name),
            Self::Script(_) => None,
        }
    }

    /// Whether a process belongs to it.
    pub(super) fn owns(&self, holder: &Holder) -> bool {
        match self {
            Self::Unit(unit) => unit.owns(holder),
            Self::Script(script) => script.owns(holder),
        }
    }

    /// Stops it, with a limit to its own way of stopping. Gives what is worth being told.
    pub(super) fn stop(&self, limit: Duration) -> Result<String> {
        match self {
            Self::Unit(unit) => unit.stop(limit),
            Self::Script(script) => script.stop(limit),
        }
    }

    /// Time that its processes have to end by themselves after a stop: systemd has waited for them, a script may not have.
    pub(super) fn grace(&self, stopping: &Deadline) -> Deadline {
        match self {
            Self::Unit(_) => Deadline::within(LEFT_BEHIND),
            Self::Script(_) => stopping.clone(),
        }
    }

    /// Starts it. Gives what is worth being told.
    pub(super) fn start(&self, limit: Duration) -> Result<String> {
        match self {
            Self::Unit(unit) => unit.start(limit),
            Self::Script(script) => script.start(limit),
        }
    }

    /// What changes whenever it is started again by others than us; nothing is known of scripts.
    pub(super) fn stamp(&self) -> Result<String> {
        match self {
            Self::Unit(unit) => unit.stamp(),
            Self::Script(_) => Ok(String::new()),
        }
    }
}
