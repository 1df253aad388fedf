//! The places that are told of a window: the engines, and the server itself.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use jiff::Timestamp;

use super::Settings;
use crate::deadline::Deadline;
use crate::inventory::Inventory;
use crate::recover::server::agent::{self, Want};
use crate::recover::server::icinga::{Api, Suspending};
use crate::recover::server::nagios::{self, Nagios};
use crate::recover::server::spelling::{self, Stored};
use crate::recover::suspension::spelling::spell;
use crate::recover::suspension::{Note, Window};
use crate::recover::{Agent, Machine};

/// What became of a window in one place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: &'static str,
    result: Result<String>,
}

impl Place {
    pub(super) fn good(name: &'static str, text: String) -> Self {
        Self { name, result: Ok(text) }
    }

    pub(super) fn is_good(&self) -> bool {
        self.result.is_ok()
    }

    pub(super) fn text(&self) -> String {
        self.result.as_ref().map_or_else(|error| format!("{error:#}"), Clone::clone)
    }
}

/// Where a window takes effect.
pub(super) struct Places {
    icinga: Option<Api>,
    nagios: Option<Nagios>,
    server: Server,
    /// Settings of the API, for servers that are asked through it.
    api: PathBuf,
    /// For one engine.
    wait: Duration,
}

/// The server itself.
enum Server {
    /// It is asked through its agent.
    Asked(Box<Machine>),
    /// It can not be asked: why.
    Unknown(anyhow::Error),
    /// Recovery never acts there: why.
    Untouched(&'static str),
}

impl Places {
    pub(super) fn of(settings: &Settings, inventory: &Inventory, host: &str) -> Result<Self> {
        let own = inventory.suspension();
        let path = |given: &Option<PathBuf>, own: &Option<String>| {
            given.clone().or_else(|| own.as_ref().map(Into::into))
        };
        let nagios = path(&settings.nagios_commands, &own.nagios_commands).map(|commands| Nagios {
            commands,
            status: path(&settings.nagios_status, &own.nagios_status),
        });
        let icinga = Api::read(&settings.api)?;
        ensure!(
            icinga.is_some() || nagios.is_some(),
            "no engine is known that would be told: there is no {}, and no nagios_commands in the inventory's [suspension]",
            settings.api.display()
        );
        let recoverable = inventory.host(host)?.is_recoverable();
        let server = if recoverable {
            match Machine::find(&settings.machines, host) {
                Ok(Machine { agent: Agent::None {}, .. }) => {
                    Server::Untouched("it has no agent; what is done from here, the record holds")
                }
                Ok(machine) => Server::Asked(Box::new(machine)),
                Err(error) => Server::Unknown(error),
            }
        } else {
            Server::Untouched("recovery does nothing there")
        };
        let wait = Duration::from_secs(settings.wait.into());
        Ok(Self { icinga, nagios, server, api: settings.api.clone(), wait })
    }

    /// Tells every place. `had` names those that have it already.
    pub(super) fn suspend(&self, note: &Note, had: &[String]) -> Vec<Place> {
        let comment = comment(note);
        let mut placed = Vec::new();
        if let Some(api) = &self.icinga {
            let suspending =
                Suspending { host: &note.host, window: note.window, comment: &comment };
            let result = api.suspend(&suspending, &Deadline::within(self.wait));
            let result = result.map(|count| format!("the host and {count} services in downtime"));
            placed.push(Place { name: "icinga", result });
        }
        if let Some(nagios) = &self.nagios {
            let result = if nagios.status.is_none() && had.iter().any(|name| name == "nagios") {
                Ok("was handed over before".to_owned())
            } else {
                let wanted = nagios::Wanted::new(&note.host, note.window, &comment);
                nagios.suspend(&wanted, now(), &Deadline::within(self.wait)).map(told)
            };
            placed.push(Place { name: "nagios", result });
        }
        let ask = |machine: &Machine| {
            let stored = spelling::store(note.window, &mut |want| ask(machine, &self.api, want))?;
            Ok(match stored {
                Stored::Now => "stored there".to_owned(),
                Stored::Before => "was stored there before".to_owned(),
            })
        };
        placed.push(self.server(ask));
        placed
    }

    /// Takes a window back everywhere; `left` are those that the server keeps.
    pub(super) fn resume(&self, note: &Note, left: &[Window]) -> Vec<Place> {
        let comment = comment(note);
        let mut placed = Vec::new();
        if let Some(api) = &self.icinga {
            let suspending =
                Suspending { host: &note.host, window: note.window, comment: &comment };
            let result = api.resume(&suspending, &Deadline::within(self.wait));
            let result = result.map(|count| format!("{count} downtimes removed"));
            placed.push(Place { name: "icinga", result });
        }
        if let Some(nagios) = &self.nagios {
            let wanted = nagios::Wanted::new(&note.host, note.window, &comment);
            let result = nagios.resume(&wanted, now(), &Deadline::within(self.wait)).map(told);
            placed.push(Place { name: "nagios", result });
        }
        placed.push(self.server(|machine| {
            spelling::replace(left, &mut |want| ask(machine, &self.api, want))?;
            Ok(format!("forgotten there; {} other windows stay", left.len()))
        }));
        placed
    }

    fn server(&self, ask: impl FnOnce(&Machine) -> Result<String>) -> Place {
        let result = match &self.server {
            Server::Asked(machine) => ask(machine),
            Server::Unknown(error) => Err(anyhow::anyhow!("{error:#}")),
            Server::Untouched(why) => Ok((*why).to_owned()),
        };
        Place { name: "server", result }
    }

    /// What would be sent, word by word.
    pub(super) fn rehearsed(&self, note: &Note) -> String {
        let comment = comment(note);
        let mut text = String::new();
        if self.icinga.is_some() {
            let suspending =
                Suspending { host: &note.host, window: note.window, comment: &comment };
            let mut body = suspending.whole();
            body.insert("type".to_owned(), "Host".into());
            body.insert("host".to_owned(), note.host.as_str().into());
            let body = serde_json::Value::Object(body);
            let _ = writeln!(text, "icinga: POST /v1/actions/schedule-downtime {body}");
        }
        if self.nagios.is_some() {
            for command in nagios::Wanted::new(&note.host, note.window, &comment).schedule() {
                let _ = writeln!(text, "nagios: [{}] {command}", note.at);
            }
        }
        let letters = match &self.server {
            Server::Asked(_) => spell(note.window)
                .map(|it| format!("firstaid_suspension_begin, one for each of {it}, _end")),
            Server::Unknown(error) => Err(anyhow::anyhow!("{error:#}")),
            Server::Untouched(why) => Ok((*why).to_owned()),
        };
        let _ = writeln!(text, "server: {}", letters.unwrap_or_else(|error| format!("{error:#}")));
        text
    }

    /// What the engines say about a window.
    pub(super) fn seen(&self, note: &Note) -> Vec<(&'static str, String)> {
        let comment = comment(note);
        let mut seen = Vec::new();
        if let Some(api) = &self.icinga {
            let downtimes = api.downtimes(&note.host, &Deadline::within(self.wait));
            let text = downtimes.map_or_else(
                |error| format!("{error:#}"),
                |all| {
                    let ours = all.iter().filter(|it| {
                        it.is_ours() && it.window == note.window && it.comment == comment
                    });
                    match ours.count() {
                        0 => "NO downtime".to_owned(),
                        count => format!("{count} downtimes"),
                    }
                },
            );
            seen.push(("icinga", text));
        }
        if let Some(nagios) = &self.nagios {
            let has = nagios.has(&nagios::Wanted::new(&note.host, note.window, &comment));
            let text = match has {
                Ok(Some(true)) => "downtimes".to_owned(),
                Ok(Some(false)) => "NO downtime, or not of all services".to_owned(),
                Ok(None) => "unknown: no status file is named".to_owned(),
                Err(error) => format!("{error:#}"),
            };
            seen.push(("nagios", text));
        }
        seen
    }
}

/// By what a downtime is found again: it follows from the record alone.
fn comment(note: &Note) -> String {
    format!("{} ({})", note.why, note.who)
}

fn ask(machine: &Machine, api: &Path, want: Want) -> agent::Asked {
    agent::ask(machine, api, want, agent::QUESTION)
}

fn told(told: nagios::Told) -> String {
    match told {
        nagios::Told::Seen(count) => format!("the host and {count} services, by its status"),
        nagios::Told::HandedOver => {
            "handed over; no status file is named that would prove it".to_owned()
        }
    }
}

fn now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}
