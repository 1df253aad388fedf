//! The command line of `recover_service`, as generated configuration writes it.

use std::path::PathBuf;

use super::suspension::spelling::Letter;

/// Recovery of a service or server that has failed long enough
///
/// Values are the engine's macros as text: one that the engine did not resolve is a reason to refuse, not a usage error.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "recover_service",
    version,
    about = "Decides about the recovery of a service or server; every doubt ends in doing nothing"
)]
#[command(args_override_self = true)]
pub struct Options {
    /// The host's name in the inventory
    #[arg(long, value_name = "NAME", required_unless_present_any = ["act", "simulate"])]
    pub host: Option<String>,
    /// On the server itself: restart, reboot, result or answers, as the monitoring server asks; the first two start their own
    /// detached parts as carry-out and force-reboot; suspension-begin, -0 to -f, -end and -clear spell a window
    #[arg(long, value_name = "ACT", value_parser = act)]
    pub act: Option<String>,
    /// The failed service, one of the policy's; ping, or without it: the host itself has failed
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// How the target is reached: nrpe, icinga, ssh, local or none
    #[arg(long, value_name = "WAY", default_value = "local", value_parser = ["nrpe", "icinga", "ssh", "local", "none"])]
    pub via: String,
    /// Kind of notification; only PROBLEM may act
    #[arg(long, value_name = "KIND", default_value = "")]
    pub kind: String,
    /// State of the failed object
    #[arg(long, value_name = "STATE", default_value = "")]
    pub state: String,
    /// Type of that state; only HARD may act
    #[arg(long, value_name = "TYPE", default_value = "")]
    pub state_type: String,
    /// State of the host
    #[arg(long, value_name = "STATE", default_value = "")]
    pub host_state: String,
    /// Downtimes of the host that are in effect
    #[arg(long, value_name = "COUNT", default_value = "")]
    pub host_downtimes: String,
    /// Downtimes of the failed object that are in effect
    #[arg(long, value_name = "COUNT", default_value = "")]
    pub downtimes: String,
    /// Acknowledgement of the failed object: 0 for none
    #[arg(long, value_name = "KIND", default_value = "")]
    pub acknowledged: String,
    /// Time of the last OK result, in seconds since 1970
    #[arg(long, value_name = "TIME", default_value = "")]
    pub last_ok: String,
    /// What the engine means by it: the last OK result itself, or, as Nagios has it, the first result after it
    #[arg(long, value_name = "MEANING", default_value = "result", value_parser = ["result", "first-failure"])]
    pub last_ok_is: String,
    /// Time of the last result, in seconds since 1970
    #[arg(long, value_name = "TIME", default_value = "")]
    pub last_check: String,
    /// Type of the host's state
    #[arg(long, value_name = "TYPE", default_value = "")]
    pub host_state_type: String,
    /// Whether the failed object could be reached at its last result: 0 or 1
    #[arg(long, value_name = "BOOLEAN", default_value = "")]
    pub reachable: String,
    /// Time of the last change of the HARD state, in seconds since 1970
    #[arg(long, value_name = "TIME", default_value = "")]
    pub hard_since: String,
    /// How many notifications of this problem there have been
    #[arg(long, value_name = "COUNT", default_value = "")]
    pub number: String,
    /// Name of the monitoring server that calls
    #[arg(long, value_name = "NAME", default_value = "")]
    pub node: String,
    /// Name of its zone in a cluster
    #[arg(long, value_name = "NAME", default_value = "")]
    pub zone: String,
    /// Other servers of its zone that it is connected to, of how many: 1/1
    #[arg(long, value_name = "COUNTS", default_value = "")]
    pub peers: String,
    /// Servers of the zone above that it is connected to, of how many: 2/2
    #[arg(long, value_name = "COUNTS", default_value = "")]
    pub parents: String,
    /// Whether this monitoring server is its zone's first: yes or no
    #[arg(long, value_name = "YES|NO", default_value = "yes")]
    pub primary: String,
    /// How many hosts are down, as this monitoring server sees them
    #[arg(long, value_name = "COUNT", default_value = "")]
    pub hosts_down: String,
    /// How many are up
    #[arg(long, value_name = "COUNT", default_value = "")]
    pub hosts_up: String,
    /// What the generator tells about the servers
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/firstaid/generated/recovery/machines.jsonl"
    )]
    pub machines: PathBuf,
    /// Folder of the ledgers
    #[arg(long, value_name = "DIR", default_value = "/var/lib/firstaid/monitor")]
    pub ledgers: PathBuf,
    /// The switch: where this file is, nothing is done
    #[arg(long, value_name = "FILE", default_value = "/etc/firstaid/recovery.off")]
    pub switch: PathBuf,
    /// Where Icinga's API is, and who asks it
    #[arg(long, value_name = "FILE", default_value = "/etc/firstaid/api.json")]
    pub api: PathBuf,
    /// Seconds to wait for an act to show its result
    #[arg(long, value_name = "SECONDS", default_value_t = 45)]
    pub wait: u32,
    /// Print the decisions about a list of results, one JSON object a line with time, state, attempt, downtime and boot
    #[arg(long, value_name = "FILE")]
    pub simulate: Option<PathBuf>,
    /// Say what would be done and why, with every guard's verdict
    #[arg(long)]
    pub dry_run: bool,
}

/// What a server can be asked for.
const ACTS: &[&str] = &["restart", "reboot", "result", "answers", "carry-out", "force-reboot"];

fn act(text: &str) -> Result<String, String> {
    let known = ACTS.contains(&text) || Letter::of(text).is_some();
    known.then(|| text.to_owned()).ok_or_else(|| format!("one of {}", ACTS.join(", ")))
}
