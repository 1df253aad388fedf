//! The checks of a host as command lines: what `firstaid check` runs is what the engine runs.

use super::{Agent, Host, Layer, StatusRules, Watched};
use crate::check::{ALL, Vantage};

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
        let on_host = ALL.iter().filter(|entry| entry.vantage == Vantage::Host);
        calls.extend(on_host.map(|entry| Self {
            label: entry.name,
            check: entry.name,
            args: plan(host),
        }));
        calls
    }

    /// Whether it has to run on another machine, through that machine's agent.
    pub fn is_remote(&self, host: &Host) -> bool {
        let on_host =
            ALL.iter().any(|entry| entry.name == self.check && entry.vantage == Vantage::Host);
        on_host && host.agent != Agent::Local
    }

    fn ping(host: &Host) -> Self {
        let mut args = vec!["-H".to_owned(), host.address.clone()];
        args.extend(plan(host));
        Self { label: "ping", check: "icmp_rtt", args }
    }

    fn service(host: &Host, watched: &Watched) -> Self {
        let address = watched.address.as_ref().unwrap_or(&host.address).clone();
        // A check that knows no layers leaves the connection alone to check_port.
        let by_connection = watched.layer == Layer::Transport
            && matches!(watched.service.check, "ssh_banner" | "smtp220" | "dns");
        if by_connection {
            return Self::connection(watched, &address);
        }
        let mut args = match watched.service.check {
            "dns" => {
                let name = watched.lookup.clone().unwrap_or_else(|| "localhost".to_owned());
                let mut args = options(&[("-H", name), ("-s", address)]);
                args.extend(watched.expected.iter().flat_map(|it| options(&[("-a", it.clone())])));
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
    fn connection(watched: &Watched, address: &str) -> Self {
        let limit = watched.service.no_answer.to_string();
        let port = watched.port.to_string();
        let args = options(&[("-H", address.to_owned()), ("-p", port), ("-t", limit)]);
        Self { label: watched.service.name, check: "port", args }
    }
}

fn plan(host: &Host) -> Vec<String> {
    options(&[("--plan", host.plan.name().to_owned())])
}

fn options(pairs: &[(&str, String)]) -> Vec<String> {
    pairs.iter().flat_map(|(option, value)| [(*option).to_owned(), value.clone()]).collect()
}
