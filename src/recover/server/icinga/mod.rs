//! Icinga's API: comments, variables that all servers of a cluster see, and commands on agents.
//!
//! Everything is asked by POST with JSON, so that no name ever stands in a path or a query. What comes back is the engine's
//! word about itself, and may be anything.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::deadline::Deadline;
use crate::plugin::visible;
use crate::probe::http::{self, End, Request, Version, Wanted};
use crate::probe::tcp::{self, Family};
use crate::probe::tls::{self, Trust};
use crate::probe::{Channel, Trouble};

mod downtime;
mod execution;
mod settings;

pub use downtime::{AUTHOR, Downtime, Suspending};
pub use execution::{Execution, carrier};

/// Bytes of an answer that are read.
const LONGEST: u64 = 4 << 20;

/// The API of one engine.
pub struct Api {
    address: String,
    port: u16,
    name: String,
    ca: PathBuf,
    credentials: String,
}

/// An object that comments and the like are about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Object<'a> {
    /// A host.
    Host(&'a str),
    /// A service: the host's name, and its own.
    Service(&'a str, &'a str),
}

impl Object<'_> {
    /// What selects exactly this one.
    fn selection(self) -> Map<String, Value> {
        let (kind, key, name) = match self {
            Self::Host(host) => ("Host", "host", host.to_owned()),
            Self::Service(host, service) => ("Service", "service", format!("{host}!{service}")),
        };
        [("type".to_owned(), json!(kind)), (key.to_owned(), json!(name))].into_iter().collect()
    }
}

/// What is done with a path of the API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verb {
    Get,
    Post,
}

impl Api {
    /// Runs an action on an object, such as `schedule-downtime`, and gives what the engine says of it.
    ///
    /// # Errors
    /// The engine can not be asked, or refuses.
    pub fn act(
        &self,
        action: &str,
        object: Object,
        parameters: Map<String, Value>,
        deadline: &Deadline,
    ) -> Result<Value> {
        let mut body = parameters;
        body.extend(object.selection());
        self.one(Verb::Post, &format!("/v1/actions/{action}"), body, deadline)
    }

    /// Leaves a comment on an object, which the engine removes at `expiry`, in seconds since 1970.
    ///
    /// # Errors
    /// As [`Api::act`].
    pub fn comment(
        &self,
        object: Object,
        (text, expiry): (&str, u64),
        deadline: &Deadline,
    ) -> Result<()> {
        let parameters =
            [("author", json!("firstaid")), ("comment", json!(text)), ("expiry", json!(expiry))];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
        self.act("add-comment", object, parameters.into_iter().collect(), deadline).map(drop)
    }

    /// The custom variables of a host, as all servers of the cluster see them.
    ///
    /// # Errors
    /// The engine can not be asked, or has no such host.
    pub fn read_vars(&self, host: &str, deadline: &Deadline) -> Result<Map<String, Value>> {
        let vars = self.attribute("hosts", "host", (host, "vars"), deadline)?;
        if vars.is_null() {
            return Ok(Map::new());
        }
        let vars = vars.as_object().cloned();
        vars.with_context(|| format!("the variables of host {host:?} are none"))
    }

    /// Sets custom variables of a host; the others stay. The engine writes them to disk and tells its peers.
    ///
    /// # Errors
    /// The engine can not be asked, or does not accept a variable.
    pub fn write_vars(
        &self,
        host: &str,
        vars: &Map<String, Value>,
        deadline: &Deadline,
    ) -> Result<()> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let mut attrs = Map::new();
        for (name, value) in vars {
            // A dot would reach into another variable.
            ensure!(!name.is_empty() && name.bytes().all(plain), "{name:?} is no variable");
            attrs.insert(format!("vars.{name}"), value.clone());
        }
        let body = [("host", json!(host)), ("attrs", Value::Object(attrs))];
        let body = body.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        self.one(Verb::Post, "/v1/objects/hosts", body, deadline).map(drop)
    }

    /// Whether the engine takes over what other servers of its zone write. A server that holds the configuration of its cluster
    /// does not, unless it is told to.
    ///
    /// # Errors
    /// The engine can not be asked, or does not tell.
    pub fn accepts_writes(&self, deadline: &Deadline) -> Result<bool> {
        let body = Map::from_iter([("attrs".to_owned(), json!(["accept_config"]))]);
        let listener = self.one(Verb::Get, "/v1/objects/apilisteners", body, deadline)?;
        let accepts = listener["attrs"]["accept_config"].as_bool();
        accepts.context("Icinga does not tell whether accept_config is true")
    }

    /// Whether a server or agent of the cluster is connected to the engine.
    ///
    /// # Errors
    /// The engine can not be asked, or knows no such endpoint.
    pub fn connected(&self, endpoint: &str, deadline: &Deadline) -> Result<bool> {
        let value = self.attribute("endpoints", "endpoint", (endpoint, "connected"), deadline)?;
        value.as_bool().with_context(|| {
            format!("whether {endpoint:?} is connected is told as {}", shown(&value))
        })
    }

    /// An attribute of an object: its type in paths, its type as a key, and the names of the object and the attribute.
    fn attribute(
        &self,
        path: &str,
        key: &str,
        (name, attribute): (&str, &str),
        deadline: &Deadline,
    ) -> Result<Value> {
        let body = [(key.to_owned(), json!(name)), ("attrs".to_owned(), json!([attribute]))];
        let body = body.into_iter().collect();
        let found = self.one(Verb::Get, &format!("/v1/objects/{path}"), body, deadline)?;
        ensure!(found["name"] == name, "asked for {name:?}, got {}", shown(&found["name"]));
        let value = found["attrs"].get(attribute);
        value.cloned().with_context(|| format!("{name:?} has no attribute {attribute}"))
    }

    /// Asks something that has exactly one result, and gives it.
    fn one(
        &self,
        verb: Verb,
        path: &str,
        body: Map<String, Value>,
        deadline: &Deadline,
    ) -> Result<Value> {
        let results = self.results(verb, path, &Value::Object(body), deadline)?;
        let [result] = results.as_slice() else {
            bail!("Icinga has {} results of one, at {path}", results.len())
        };
        match result["code"].as_f64() {
            Some(code) if !(200.0..300.0).contains(&code) => {
                bail!("Icinga refuses {path} ({code}): {}", shown(&result["status"]))
            }
            // What is read has no code, and what was done has one.
            None if verb == Verb::Post => bail!("Icinga does not say what became of {path}"),
            _ => Ok(result.clone()),
        }
    }

    /// Asks for objects, of which there may be any number.
    fn many(&self, path: &str, body: &Value, deadline: &Deadline) -> Result<Vec<Value>> {
        self.results(Verb::Get, path, body, deadline)
    }

    fn results(
        &self,
        verb: Verb,
        path: &str,
        body: &Value,
        deadline: &Deadline,
    ) -> Result<Vec<Value>> {
        let (status, mut answer) = self
            .ask(verb, path, body, deadline)
            .with_context(|| format!("cannot ask Icinga at {} port {}", self.address, self.port))?;
        if let Value::Array(results) = answer["results"].take()
            && (200..300).contains(&status)
        {
            return Ok(results);
        }
        bail!("Icinga refuses {path} ({status}): {}", shown(&answer["status"]))
    }

    fn ask(
        &self,
        verb: Verb,
        path: &str,
        body: &Value,
        deadline: &Deadline,
    ) -> Result<(u16, Value)> {
        let mut headers = vec![
            ("Host", self.name.clone()),
            ("Connection", "close".to_owned()),
            ("Accept", "application/json".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("Authorization", format!("Basic {}", self.credentials)),
        ];
        if verb == Verb::Get {
            headers.push(("X-HTTP-Method-Override", "GET".to_owned()));
        }
        let request = Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            version: Version::HTTP_11,
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: Some(body.to_string()),
        };
        let mut answer = self.send(&request, deadline).map_err(plain)?;
        let page = answer.page(Wanted::All(LONGEST));
        let status = answer.head.status().context("the answer has no status")?;
        ensure!(status != 401, "user or password are not accepted");
        ensure!(page.end == End::Complete, "the answer does not end: {:?}", page.end);
        let value = serde_json::from_slice(&page.body)
            .with_context(|| format!("the answer ({status}) is no JSON"))?;
        Ok((status, value))
    }

    fn send(&self, request: &Request, deadline: &Deadline) -> Result<http::Answer, Trouble> {
        let connection = tcp::open(&self.address, self.port, Family::Any, deadline)?;
        let options = tls::Options {
            name: Some(self.name.clone()),
            trust: Trust::Verified,
            authority: Some(self.ca.clone()),
            ..tls::Options::default()
        };
        http::ask(Channel::Plain(connection).secured(&options)?, request)
    }
}

/// Whoever's doing it was: no act follows from it.
fn plain(trouble: Trouble) -> anyhow::Error {
    match trouble {
        Trouble::Target(fault) => anyhow::anyhow!("{fault}"),
        Trouble::Ours(error) => error,
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    visible(text.as_bytes())
}
