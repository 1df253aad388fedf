//! The brakes of recovery: numbers that are ours, not the provider's.

/// Limits of what recovery does. Source: the rules of recovery, and what was measured about engines, daemons and power.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// Seconds by which four intervals of the engine may fall short of their sum.
    pub slack: u32,
    /// Seconds by which a result may be older than its interval.
    pub late: u32,
    /// Seconds after the change to HARD in which a first call is the engine's natural one.
    pub natural: u32,
    /// Seconds after a reboot without any act.
    pub settle: u32,
    /// Seconds since its start in which a machine is left alone.
    pub young: u32,
    /// Seconds of the hour in which reboots are counted.
    pub hour: u32,
    /// Seconds of the day in which reboots and restarts are.
    pub day: u32,
    /// Reboots of one server within an hour.
    pub reboots_per_hour: u32,
    /// Reboots of one server within a day.
    pub reboots_per_day: u32,
    /// Restarts of one service within a day.
    pub restarts_per_day: u32,
    /// Seconds until which a reboot must show a new boot id.
    pub reboot_proof: u32,
    /// Seconds in which an act that was asked for may still begin.
    pub under_way: u32,
    /// Seconds that a monitoring server waits longer which is not its zone's first and is cut off from it.
    pub spare_waits: u32,
    /// Reboots by one monitoring server within `storm_window`.
    pub storm_reboots: u32,
    /// Seconds in which those reboots are counted.
    pub storm_window: u32,
    /// Per cent of the hosts that may be down.
    pub storm_share: u32,
    /// Number of hosts that may be down, whatever the share.
    pub storm_least: u32,
    /// Seconds without a storm after the last one.
    pub storm_calm: u32,
    /// Seconds to wait for another call about the same server.
    pub lock_wait: u32,
    /// Seconds until a stop is helped by killing.
    pub stop: u32,
    /// Seconds until the stop of a database is.
    pub stop_database: u32,
    /// Seconds until a started daemon must answer.
    pub answer: u32,
    /// Seconds until a started database must.
    pub answer_database: u32,
    /// Seconds for which it must go on answering.
    pub hold: u32,
    /// Seconds for one look at a port on the server itself.
    pub probe: u32,
    /// Seconds for a fence agent that asks.
    pub power_status: u32,
    /// Seconds for a fence agent that switches.
    pub power_switch: u32,
    /// Seconds between off and on.
    pub power_rest: u32,
    /// Times to try to switch on again.
    pub power_tries: u32,
    /// Seconds for the evidence of one act.
    pub evidence: u32,
    /// KiB of the evidence of one act.
    pub evidence_kib: u32,
    /// Seconds until a reboot that hangs is forced.
    pub dead_man: u32,
}
