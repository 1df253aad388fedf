//! Downtimes of a host and its services: asked for before they are made, so that there is one of each.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::{Api, Object, Verb};
use crate::deadline::Deadline;
use crate::recover::suspension::Window;

/// Whose downtimes are ours.
pub const AUTHOR: &str = "firstaid";

/// A downtime as the engine has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Downtime {
    /// Its name in the engine.
    pub name: String,
    /// The service that it is about; the host itself where there is none.
    pub service: Option<String>,
    /// Who made it.
    pub author: String,
    /// Why.
    pub comment: String,
    /// When it holds.
    pub window: Window,
}

impl Downtime {
    /// Whether this program made it.
    pub fn is_ours(&self) -> bool {
        self.author == AUTHOR
    }

    fn read(value: &Value) -> Option<Self> {
        let attrs = &value["attrs"];
        let text = |name: &str| attrs[name].as_str().map(str::to_owned);
        Some(Self {
            name: value["name"].as_str()?.to_owned(),
            service: text("service_name").filter(|name| !name.is_empty()),
            author: text("author")?,
            comment: text("comment")?,
            window: Window {
                from: seconds(&attrs["start_time"])?,
                until: seconds(&attrs["end_time"])?,
            },
        })
    }
}

/// Icinga's numbers are floating ones.
fn seconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| (0.0..1e11).contains(seconds))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a number between 0 and 1e11"
    )]
    Some(seconds as u64)
}

/// What the engine was asked for, for one window.
#[derive(Clone, Copy, Debug)]
pub struct Suspending<'a> {
    /// The host.
    pub host: &'a str,
    /// The window.
    pub window: Window,
    /// The comment, by which it is found again.
    pub comment: &'a str,
}

impl Suspending<'_> {
    fn is(&self, downtime: &Downtime) -> bool {
        downtime.is_ours() && downtime.window == self.window && downtime.comment == self.comment
    }

    /// What is sent for one object.
    fn parameters(&self) -> Map<String, Value> {
        let all = [
            ("author", json!(AUTHOR)),
            ("comment", json!(self.comment)),
            ("start_time", json!(self.window.from)),
            ("end_time", json!(self.window.until)),
            ("fixed", json!(true)),
        ];
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What is sent for the host with all its services.
    pub fn whole(&self) -> Map<String, Value> {
        let mut parameters = self.parameters();
        parameters.insert("all_services".to_owned(), json!(true));
        parameters
    }
}

impl Api {
    /// The downtimes of a host and its services.
    ///
    /// # Errors
    /// The engine can not be asked, or one of them can not be understood.
    pub fn downtimes(&self, host: &str, deadline: &Deadline) -> Result<Vec<Downtime>> {
        let found = self.of_host("downtimes", "downtime.host_name", host, deadline)?;
        let read = found.iter().map(|value| {
            Downtime::read(value)
                .with_context(|| format!("cannot understand a downtime: {}", super::shown(value)))
        });
        read.collect()
    }

    /// Puts a host and all its services in downtime: those that are not yet. Says how many services there are.
    ///
    /// # Errors
    /// The engine can not be asked, or not all of them are in downtime.
    pub fn suspend(&self, wanted: &Suspending, deadline: &Deadline) -> Result<usize> {
        let missing = self.missing(wanted, deadline)?;
        if missing.host && missing.services.len() == missing.all {
            let sent = self.schedule(Object::Host(wanted.host), wanted.whole(), deadline);
            // An answer that was lost says nothing: what is there is looked at.
            if sent.is_err() && self.missing(wanted, deadline)?.host {
                sent?;
            }
        }
        let missing = self.missing(wanted, deadline)?;
        if missing.host {
            self.schedule(Object::Host(wanted.host), wanted.parameters(), deadline)?;
        }
        for service in &missing.services {
            let object = Object::Service(wanted.host, service);
            self.schedule(object, wanted.parameters(), deadline)?;
        }
        let missing = self.missing(wanted, deadline)?;
        ensure!(!missing.host, "Icinga has no downtime of the host, though it was asked for");
        if let Some(service) = missing.services.first() {
            anyhow::bail!("Icinga has no downtime of {service}, though it was asked for");
        }
        Ok(missing.all)
    }

    /// Removes what [`Api::suspend`] made for a window, and says how many downtimes that were.
    ///
    /// # Errors
    /// The engine can not be asked, or keeps some of them.
    pub fn resume(&self, wanted: &Suspending, deadline: &Deadline) -> Result<usize> {
        let ours = self.downtimes(wanted.host, deadline)?;
        let names: Vec<&String> =
            ours.iter().filter(|it| wanted.is(it)).map(|it| &it.name).collect();
        for name in &names {
            let body = [("downtime".to_owned(), json!(name))].into_iter().collect();
            // Those of services may go with that of their host: what is left is looked at.
            let _ = self.one(Verb::Post, "/v1/actions/remove-downtime", body, deadline);
        }
        let left = self.downtimes(wanted.host, deadline)?;
        let left = left.iter().filter(|it| wanted.is(it)).count();
        ensure!(left == 0, "Icinga keeps {left} of {} downtimes", names.len());
        Ok(names.len())
    }

    /// What of a host is in no such downtime yet.
    fn missing(&self, wanted: &Suspending, deadline: &Deadline) -> Result<Missing> {
        let hosts = self.of_host("hosts", "host.name", wanted.host, deadline)?;
        ensure!(hosts.len() == 1, "Icinga has no host {:?}", wanted.host);
        let services = self.of_host("services", "service.host_name", wanted.host, deadline)?;
        let services: Vec<String> = services
            .iter()
            .map(|value| value["attrs"]["name"].as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .context("a service has no name")?;
        let downtimes = self.downtimes(wanted.host, deadline)?;
        let has = |service: Option<&str>| {
            downtimes.iter().any(|it| wanted.is(it) && it.service.as_deref() == service)
        };
        let (host, all) = (!has(None), services.len());
        let services = services.into_iter().filter(|name| !has(Some(name))).collect();
        Ok(Missing { host, services, all })
    }

    fn schedule(
        &self,
        object: Object,
        parameters: Map<String, Value>,
        deadline: &Deadline,
    ) -> Result<()> {
        self.act("schedule-downtime", object, parameters, deadline).map(drop)
    }

    /// Objects of a type, where an attribute is the host's name.
    fn of_host(
        &self,
        kind: &str,
        attribute: &str,
        host: &str,
        deadline: &Deadline,
    ) -> Result<Vec<Value>> {
        let body = json!({
            "filter": format!("{attribute} == firstaid_host"),
            "filter_vars": { "firstaid_host": host },
            "attrs": ["name", "host_name", "service_name", "author", "comment", "start_time", "end_time"],
        });
        let body = if kind == "downtimes" { body } else { named(body) };
        self.many(&format!("/v1/objects/{kind}"), &body, deadline)
    }
}

/// Icinga refuses attributes that a type does not have.
fn named(mut body: Value) -> Value {
    body["attrs"] = json!(["name"]);
    body
}

/// What is in no downtime yet.
#[derive(Debug)]
struct Missing {
    host: bool,
    services: Vec<String>,
    /// How many services there are.
    all: usize,
}
