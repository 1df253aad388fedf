//! `firstaid explain HOST SERVICE`: what is watched, how, and what follows from a fault, in plain words.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::INVENTORY;
use crate::config;
use crate::inventory::{
    Agent, Call, Host, Inventory, Layer, OutsideOnly, Panel, Recovery, Site, Watched,
};
use crate::policy::Policy;

/// Options of `firstaid explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Name of the host in the inventory
    host: String,
    /// One of its services, `load`, `disk`, `mem`, or `ping`
    service: String,
    /// The inventory
    #[arg(short, long, value_name = "FILE", default_value = INVENTORY)]
    inventory: PathBuf,
}

/// Explains one check of a host.
///
/// # Errors
/// The inventory is refused, or has no such host, or the host no such check.
pub(super) fn run(options: &Options) -> Result<String> {
    let inventory = Inventory::read(&options.inventory)?;
    let host = inventory.host(&options.host)?;
    let calls = Call::all(host);
    let Some(call) = calls.iter().find(|call| call.label == options.service) else {
        let labels: Vec<&str> = calls.iter().map(|call| call.label).collect();
        bail!(
            "host {} has no check {:?}: one of {}",
            host.name,
            options.service,
            labels.join(", ")
        );
    };
    let mut text = format!("{} of {} (plan {})\n", call.label, host.name, host.plan.name());
    for (title, lines) in [
        ("Command", command(&inventory, host, call)),
        ("Bounds", bounds(host, call)),
        ("Alert", alert(&inventory, host, call)),
        ("Recovery", recovery(inventory.site(), host, call)),
    ] {
        let _ = write!(text, "\n{title}\n");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    Ok(text)
}

fn command(inventory: &Inventory, host: &Host, call: &Call) -> Vec<String> {
    let site = inventory.site();
    let mut line = config::command_line(call, &site.plugins);
    let mut lines = Vec::new();
    if call.label == "ping" {
        lines.push(format!("{line} --only critical   (the host's own check)"));
        line.push_str(" --only warning   (service ping-warning)");
    }
    lines.push(line);
    let from = match &host.zone {
        None => "the monitoring server".to_owned(),
        Some(zone) => {
            let members = inventory.zones().iter().find(|it| it.name == *zone);
            let names = members.iter().flat_map(|it| &it.endpoints).map(|it| it.name.as_str());
            format!(
                "the monitoring servers of zone {zone} ({})",
                names.collect::<Vec<_>>().join(", ")
            )
        }
    };
    if call.is_remote(host) {
        lines.push(format!("It is run on the server itself, asked by {from} {}.", way(host)));
        if host.agent == Agent::Nrpe {
            lines.push(format!("NRPE knows it as firstaid_{}.", call.check));
        }
    } else {
        lines.push(format!("It is run by {from}, over the network."));
    }
    lines.push(format!(
        "It is run every {}, also while a fault is not confirmed.",
        time(site.interval)
    ));
    lines
}

fn way(host: &Host) -> String {
    match host.agent {
        Agent::Nrpe => format!("through NRPE at {} port {}", host.address, host.nrpe.port),
        Agent::Icinga => {
            let name = host.endpoint.as_ref().map_or(host.name.as_str(), |it| &it.name);
            format!("through the Icinga agent {name}")
        }
        Agent::Ssh => {
            format!("by ssh as {} to {} port {}", host.ssh.user, host.address, host.ssh.port)
        }
        Agent::None | Agent::Local => "directly".to_owned(),
    }
}

fn bounds(host: &Host, call: &Call) -> Vec<String> {
    let policy = Policy::documented();
    let mut lines = Vec::new();
    match watched(host, call) {
        Some(watched) if watched.layer == Layer::Transport => {
            let limit = watched.service.no_answer;
            lines
                .push(format!("OK if the port accepts a connection within {limit} s: layer is 4."));
        }
        Some(watched) => {
            lines.push(format!("{}.", config::bounds(policy, watched.service, host.plan)));
        }
        None => lines.extend(config::values(policy, call.check, host.plan)),
    }
    for (option, value) in call.options() {
        let value = value.unwrap_or_default();
        match option {
            "-w" => lines.push(format!("The inventory has {value} for WARNING in place of that.")),
            "-c" => lines.push(format!("The inventory has {value} for CRITICAL in place of that.")),
            "-A" => {
                lines.push("The server must be an authority for the name, or it is CRITICAL; names of others it need not resolve.".to_owned());
            }
            "--status" => {
                lines.push("The status of the answer is judged as in core2duo.".to_owned());
            }
            _ => {}
        }
    }
    lines
}

fn alert(inventory: &Inventory, host: &Host, call: &Call) -> Vec<String> {
    let site = inventory.site();
    let fault = if call.label == "ping" {
        "with the same state, WARNING or CRITICAL"
    } else {
        "that is not OK"
    };
    let first = site.interval * site.attempts.saturating_sub(1);
    let contacts = inventory.contacts().iter().filter(|it| host.contacts.contains(&it.name));
    let told: Vec<String> = contacts.map(|it| format!("{} <{}>", it.name, it.email)).collect();
    let own = if call.label == "ping" { &site.notify_host } else { &site.notify_service };
    let by = own.clone().unwrap_or_else(|| "the distribution's mail script".to_owned());
    vec![
        format!(
            "After result number {} in a row {fault}, {} after the first of them,",
            site.attempts,
            time(first)
        ),
        format!("{} told once, and once when it is over, by {by}.", are(&told)),
        "Nobody is told during a downtime, or while the problem is acknowledged.".to_owned(),
    ]
}

fn are(names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

fn recovery(site: &Site, host: &Host, call: &Call) -> Vec<String> {
    if call.is_resource() {
        return vec!["None, ever: resources are watched only.".to_owned()];
    }
    if !host.is_recoverable() {
        return vec![
            "None: the server has no agent, and no power that could be switched.".to_owned(),
        ];
    }
    let watched = watched(host, call);
    let service = watched.map_or(String::new(), |it| format!(" --service {}", it.service.name));
    let waits = site.interval * site.stage_waits;
    let mut lines = vec![
        format!(
            "From then on the engine calls every {}: {}/recover_service --host {}{service} --via {} …",
            time(site.interval),
            site.plugins,
            host.name,
            host.agent.name()
        ),
        "It decides by itself, and does nothing in a downtime, when acknowledged, or in any doubt."
            .to_owned(),
    ];
    let off = watched.and_then(|it| it.recovery).unwrap_or(host.recovery) == Recovery::Off;
    if off {
        lines.push("Recovery is off here: it only says what it would do, which is:".to_owned());
    }
    let lasted = time(site.interval * site.attempts);
    match watched.filter(|_| host.agent != Agent::None) {
        Some(watched) => {
            lines.push(format!(
                "1. When the last OK result is {lasted} old: {} is stopped and started {}.",
                unit(host, watched),
                way(host)
            ));
            lines.push(format!(
                "2. If the result {} later is still not OK: the server is rebooted{}.",
                time(waits),
                power(host)
            ));
        }
        None => lines.push(format!(
            "1. When the last OK result is {lasted} old: the server is rebooted{}.",
            power(host)
        )),
    }
    if watched.is_some() {
        lines.push(outside(host.outside_only).to_owned());
    }
    lines.push("What that does not cure is left to people.".to_owned());
    lines
}

fn outside(rule: OutsideOnly) -> &'static str {
    match rule {
        OutsideOnly::Restart => {
            "If the service answers on the server itself, it is restarted and the server not rebooted."
        }
        OutsideOnly::Reboot => "That holds also if the service answers on the server itself.",
        OutsideOnly::Nothing => {
            "If the service answers on the server itself, nothing is done and people are told."
        }
    }
}

/// What is restarted, by the control panel or by the inventory.
fn unit(host: &Host, watched: &Watched) -> String {
    let restart = &watched.service.restart;
    let documented = match host.panel {
        Panel::None => restart.none,
        Panel::Plesk => restart.plesk,
        Panel::Webmin => restart.webmin,
    };
    let panel = if host.panel == Panel::None { "no panel" } else { host.panel.name() };
    watched.unit.as_ref().map_or_else(
        || format!("{documented} (the policy's for {panel})"),
        |own| format!("{own} (the inventory's)"),
    )
}

fn power(host: &Host) -> String {
    match (&host.power, host.agent) {
        (None, _) => String::new(),
        (Some(power), Agent::None) => format!(" by {}", power.agent),
        (Some(power), _) => format!(", by {} if it does not answer", power.agent),
    }
}

fn watched<'a>(host: &'a Host, call: &Call) -> Option<&'a Watched> {
    host.services.iter().find(|watched| watched.service.name == call.label)
}

fn time(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (minutes, 0) => format!("{minutes} min"),
        _ => format!("{seconds} s"),
    }
}
