//! Nagios 4, from 4.4 on: objects to include by `cfg_dir`, and the settings that they need.
//!
//! Recovery is a contact: Nagios calls it with every result while a problem is HARD, and not in downtimes or once
//! acknowledged. What is deliberately absent: event handlers, which run in downtimes too, and flap detection.

use super::File;
use crate::inventory::{Agent, Host, Inventory};
use crate::policy::Policy;

mod commands;
mod contacts;
mod hosts;
mod object;
mod settings;
mod templates;

use templates::Audiences;

/// The service that alerts of slow and lost answers, beside the host check, which alerts of their absence.
const PING_WARNING: &str = "ping-warning";
const ALWAYS: &str = "firstaid-always";

/// Everything below `nagios/`.
pub fn write(policy: &Policy, inventory: &Inventory) -> Vec<File> {
    let audiences = Audiences::of(inventory);
    vec![
        settings::write(policy, inventory.site()),
        commands::write(policy, inventory.site()),
        contacts::write(inventory),
        templates::write(inventory, &audiences),
        hosts::write(policy, inventory, &audiences),
    ]
}

/// A contact's name in Nagios, where the operator may have others.
fn contact_name(name: &str) -> String {
    format!("firstaid-oncall-{name}")
}

/// How recovery reaches a host, where it does. Nagios has no part in Icinga's agents; then there is the power alone.
fn via(host: &Host) -> Option<&'static str> {
    match host.agent {
        Agent::Nrpe | Agent::Ssh => Some(host.agent.name()),
        Agent::Icinga | Agent::None | Agent::Local => {
            host.power.as_ref().map(|_| Agent::None.name())
        }
    }
}
