//! The checks of a host as command lines: what `firstaid check` runs is what the engine runs.

use std::ffi::OsString;

use super::{Agent, Host, Layer, Resource, StatusRules, Watched};
use crate::check::ALL;

/// Options of calls that have no value.
const FLAGS: [&str; 1] = ["-A"];

/// One check of a host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// What the row is called: the service's name, `ping`, or the resource's.
    pub label: &'static str,
    /// The check's name in the table of checks.
    pub check: &'static str,
    /// Arguments of its binary.
    pub args: Vec<String>,
}

impl Call {
    /// Every check of a host: ping, its services in the policy's order, then what is measured on the server itself.
    pub fn all(host: &Host) -> Vec<Self> {
        let mut calls = vec![Self::ping(host)];
        calls.extend(host.services.iter().map(|watched| Self::service(host, watched)));
        calls.extend(host.resources.iter().map(|resource| Self::resource(host, resource)));
        calls
    }

    /// Whether it has to run on another machine, through that machine's agent.
    pub fn is_remote(&self, host: &Host) -> bool {
        self.is_resource() && host.agent != Agent::Local
    }

    /// Whether it measures a resource of the server itself.
    pub fn is_resource(&self) -> bool {
        Resource::NAMES.contains(&self.check)
    }

    /// A resource.
    pub fn resource(host: &Host, resource: &Resource) -> Self {
        let mut args = Vec::new();
        args.extend(resource.paths.iter().flat_map(|path| options(&[("-p", path.clone())])));
        for (option, value) in [("-w", &resource.warning), ("-c", &resource.critical)] {
            args.extend(value.iter().flat_map(|value| options(&[(option, value.clone())])));
        }
        args.extend(plan(host));
        Self { label: resource.name, check: resource.name, args }
    }

    /// The options in turn, each with its value where it has one.
    pub fn options(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut words = self.args.iter().map(String::as_str);
        std::iter::from_fn(move || {
            let option = words.next()?;
            Some((option, if FLAGS.contains(&option) { None } else { words.next() }))
        })
    }

    /// The words of the command line, the program first.
    pub fn words(&self, plugins: &str) -> Vec<String> {
        let program = format!("{plugins}/check_{}", self.check);
        std::iter::once(program).chain(self.args.iter().cloned()).collect()
    }

    /// The echo requests.
    pub fn ping(host: &Host) -> Self {
        let mut args = vec!["-H".to_owned(), host.address.clone()];
        args.extend(plan(host));
        Self { label: "ping", check: "icmp_rtt", args }
    }

    /// A watched service.
    pub fn service(host: &Host, watched: &Watched) -> Self {
        let address = watched.address.as_ref().unwrap_or(&host.address).clone();
        // A check that knows no layers leaves the connection alone to check_port.
        if watched.by_connection() {
            return Self::connection(host, watched, &address);
        }
        let mut args = match watched.service.check {
            "dns" => {
                let name = watched.lookup.clone().unwrap_or_else(|| "localhost".to_owned());
                let mut args = options(&[("-H", name), ("-s", address)]);
                args.extend(watched.expected.iter().flat_map(|it| options(&[("-a", it.clone())])));
                if watched.authoritative {
                    args.push("-A".to_owned());
                }
                args
            }
            "http_layer7" => {
                let vhost = watched.vhost.iter().flat_map(|name| options(&[("-H", name.clone())]));
                let mut args =
                    options(&[("--service", watched.service.name.to_owned()), ("-I", address)]);
                args.extend(vhost);
                if watched.status == StatusRules::Strict {
                    args.extend(options(&[("--status", "strict".to_owned())]));
                }
                args
            }
            "port" => options(&[("--service", watched.service.name.to_owned()), ("-H", address)]),
            _ => options(&[("-H", address)]),
        };
        if watched.port != watched.service.port {
            args.extend(options(&[("-p", watched.port.to_string())]));
        }
        if watched.layer == Layer::Transport {
            args.extend(options(&[("--layer", "4".to_owned())]));
        }
        for (option, value) in [("-w", &watched.warning), ("-c", &watched.critical)] {
            args.extend(value.iter().flat_map(|value| options(&[(option, value.clone())])));
        }
        args.extend(plan(host));
        Self { label: watched.service.name, check: watched.service.check, args }
    }
}

impl Call {
    /// Judges that a port accepts connections, within the time after which the service has no answer.
    fn connection(host: &Host, watched: &Watched, address: &str) -> Self {
        let limit = watched.service.no_answer.to_string();
        let port = watched.port.to_string();
        let mut args = options(&[("-H", address.to_owned()), ("-p", port), ("-t", limit)]);
        for (option, value) in [("-w", &watched.warning), ("-c", &watched.critical)] {
            args.extend(value.iter().flat_map(|value| options(&[(option, value.clone())])));
        }
        args.extend(plan(host));
        Self { label: watched.service.name, check: "port", args }
    }
}

fn plan(host: &Host) -> Vec<String> {
    options(&[("--plan", host.plan.name().to_owned())])
}

fn options(pairs: &[(&str, String)]) -> Vec<String> {
    pairs.iter().flat_map(|(option, value)| [(*option).to_owned(), value.clone()]).collect()
}

/// Whether the check's own options accept the command line of a service or resource.
pub(super) fn accepted(host: &Host, label: &str) -> Result<(), String> {
    let own = host.services.iter().find(|watched| watched.service.name == label);
    let differs = |watched: &&Watched| watched.warning.is_some() || watched.critical.is_some();
    let resource = host.resources.iter().find(|resource| resource.name == label);
    let call = match (own.filter(differs), resource) {
        (Some(watched), _) => Call::service(host, watched),
        (None, Some(resource)) => Call::resource(host, resource),
        (None, None) => return Ok(()),
    };
    let Some(entry) = ALL.iter().find(|entry| entry.name == call.check) else { return Ok(()) };
    let program = OsString::from(format!("check_{}", call.check));
    let argv: Vec<OsString> =
        std::iter::once(program).chain(call.args.iter().map(OsString::from)).collect();
    (entry.accepts)(&argv).map_err(|reason| format!("check_{} refuses: {reason}", call.check))
}
