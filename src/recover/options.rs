//! The command line of `recover_service`, as generated configuration writes it.

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
    #[arg(long, value_name = "NAME", required_unless_present = "act")]
    pub host: Option<String>,
    /// On the server itself: restart, reboot or result, as the monitoring server asks; the first two start their own detached parts
    /// as carry-out and force-reboot
    #[arg(long, value_name = "ACT", value_parser = ["restart", "reboot", "result", "carry-out", "force-reboot"])]
    pub act: Option<String>,
    /// The failed service, one of the policy's; without it the host itself has failed
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
    /// Say what would be done and why, with every guard's verdict
    #[arg(long)]
    pub dry_run: bool,
}
