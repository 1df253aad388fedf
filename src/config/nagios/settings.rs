//! Settings that `nagios.cfg` must have; Nagios reads them from no other file.

use std::fmt::Write;

use crate::config::File;
use crate::inventory::Site;
use crate::policy::Policy;

/// A host check that is asked for by a failing service must not count as one more attempt: a result is used again for
/// nearly the whole interval.
const HORIZON_BEFORE_NEXT: u32 = 10;

/// Seconds for a call of recovery: a power switch that is slow must not be left between off and on.
const CALL: u32 = 600;

const INTRODUCTION: &str = "\
# Nagios reads these settings from its main file alone: append this file to nagios.cfg, where a later line wins over an
# earlier one, add a line cfg_dir=… with the folder objects beside this file, and test with `nagios4 -v` before a reload.
# The macro $USER1$ of resource.cfg must name the folder of the plugins: ";

/// The file.
pub(super) fn write(policy: &Policy, site: &Site) -> File {
    let mut text = format!("{INTRODUCTION}{}\n", site.plugins);
    let engine = policy.timeouts.engine;
    let horizon = site.interval.saturating_sub(site.pace.seconds(HORIZON_BEFORE_NEXT));
    let numbers = [
        ("Intervals are written in minutes.", "interval_length", 60),
        (
            "Seconds after which a plugin is killed; its own limit and NRPE's end before that.",
            "service_check_timeout",
            engine,
        ),
        ("", "host_check_timeout", engine),
        (
            "Seconds for an alert or a call of recover_service, which waits for what it has begun; Nagios kills it after that.",
            "notification_timeout",
            CALL,
        ),
        (
            "On-demand checks of a host use its last result again: otherwise four services that fail together make it DOWN within minutes.",
            "cached_host_check_horizon",
            horizon,
        ),
        (
            "Only a state that the check itself reports is DOWN: WARNING is UP.",
            "use_aggressive_host_checking",
            0,
        ),
        ("Flapping would swallow alerts and calls of recovery.", "enable_flap_detection", 0),
        ("", "enable_notifications", 1),
        (
            "Minutes between copies of all states to the disk: what a crash may lose.",
            "retain_state_information",
            1,
        ),
        ("", "retention_update_interval", 1),
        ("Values of macros never reach the environment.", "enable_environment_macros", 0),
    ];
    for (why, name, number) in numbers {
        setting(&mut text, why, name, &number.to_string());
    }
    setting(
        &mut text,
        "A plugin that had to be killed says nothing about its target: UNKNOWN, never CRITICAL.",
        "service_check_timeout_state",
        "u",
    );
    setting(
        &mut text,
        "Text from the network reaches the command lines of alerts between single quotes: it must not hold any itself.",
        "illegal_macro_output_chars",
        "`~$&|'\"<>",
    );
    File::new("nagios/settings.cfg", "#", &text)
}

fn setting(text: &mut String, why: &str, name: &str, value: &str) {
    if !why.is_empty() {
        let _ = write!(text, "\n# {why}\n");
    }
    let _ = writeln!(text, "{name}={value}");
}
