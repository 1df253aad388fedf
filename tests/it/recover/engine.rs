//! What an engine says when it calls about a problem.

use std::time::UNIX_EPOCH;

/// The words of a call about a service, or with `-` about the host, whose last OK result is so many seconds old: a HARD problem
/// with nothing against an act. Of an option that is given twice, the last one counts.
pub(super) fn words(host: &str, service: &str, failed_for: i64, more: &[&str]) -> Vec<String> {
    let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let ago = |seconds: i64| (now - seconds).to_string();
    let (state, host_state) = if service == "-" { ("DOWN", "DOWN") } else { ("CRITICAL", "UP") };
    let (last_ok, lately) = (ago(failed_for), ago(5));
    let mut words = vec![
        ["--host", host],
        ["--via", "nrpe"],
        ["--kind", "PROBLEM"],
        ["--state", state],
        ["--state-type", "HARD"],
        ["--host-state", host_state],
        ["--host-downtimes", "0"],
        ["--downtimes", "0"],
        ["--acknowledged", "0"],
        ["--reachable", "1"],
        ["--hosts-down", "1"],
        ["--hosts-up", "100"],
        ["--last-ok", &last_ok],
        ["--last-check", &lately],
        ["--hard-since", &lately],
    ];
    if service != "-" {
        words.push(["--service", service]);
    }
    words.iter().flatten().chain(more).map(|word| (*word).to_owned()).collect()
}
