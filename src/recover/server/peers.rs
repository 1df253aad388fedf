//! What the other monitoring servers mean for an act: between two that do not see each other, one acts at most.

use crate::policy::Pace;
use crate::recover::Options;

/// Why nothing may be done here at all: a suspension that was entered at the masters can not have arrived.
pub(super) fn refuse_any(options: &Options) -> Option<String> {
    let (up, all) = match counts("--parents", &options.parents) {
        Ok(counts) => counts,
        Err(reason) => return Some(reason),
    };
    (all > 0 && up == 0).then(|| format!("none of {all} servers of the zone above is connected"))
}

/// Why the power may not be cut here, so many seconds after that fell due: on a restart and a reboot the server itself decides
/// between two callers, on its power nobody does.
pub(super) fn refuse_power(options: &Options, pace: Pace, due_for: u64) -> Option<String> {
    let (up, all) = match counts("--peers", &options.peers) {
        Ok(counts) => counts,
        Err(reason) => return Some(reason),
    };
    if up == all {
        return None;
    }
    let patience = u64::from(pace.recovery().spare_waits);
    match options.primary.as_str() {
        "yes" => None,
        "no" if due_for >= patience => None,
        "no" => Some(format!(
            "{} of {all} other servers of the zone are not connected, and this is not its first: it waits {patience} s, of \
             which {due_for} have passed",
            all - up
        )),
        other => Some(format!("--primary is {other:?}, not yes or no")),
    }
}

/// Whether the zone has no other server.
///
/// # Errors
/// What is said about the others can not be read.
pub(super) fn is_alone(options: &Options) -> Result<bool, String> {
    counts("--peers", &options.peers).map(|(_, all)| all == 0)
}

/// Servers that are connected, of how many; without a cluster the option is not given.
fn counts(option: &str, text: &str) -> Result<(u32, u32), String> {
    if text.is_empty() {
        return Ok((0, 0));
    }
    text.split_once('/')
        .and_then(|(up, all)| Some((up.parse().ok()?, all.parse().ok()?)))
        .filter(|(up, all)| up <= all)
        .ok_or_else(|| format!("{option} is {text:?}, not counts such as 1/2"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn options(words: &[&str]) -> Options {
        Options::parse_from(["recover_service", "--host", "web1"].iter().chain(words))
    }

    #[test]
    fn a_satellite_without_its_masters_does_nothing() {
        let refuses = |parents| refuse_any(&options(&["--parents", parents])).is_some();
        assert!(refuses("0/1") && refuses("0/2") && refuses("x") && refuses("3/2") && refuses("/"));
        assert!(!refuses("1/2") && !refuses("2/2") && !refuses("0/0"));
        assert_eq!(refuse_any(&options(&[])), None);
    }

    #[test]
    fn of_two_servers_that_do_not_see_each_other_the_first_cuts_the_power_and_the_other_waits() {
        let refuses = |peers, primary, since| {
            let options = options(&["--peers", peers, "--primary", primary]);
            refuse_power(&options, Pace::default(), since).is_some()
        };
        assert!(!refuses("1/1", "no", 0) && !refuses("0/0", "no", 0));
        assert!(!refuses("0/1", "yes", 0));
        assert!(refuses("0/1", "no", 0) && refuses("0/1", "no", 1799));
        assert!(!refuses("0/1", "no", 1800));
        assert!(refuses("0/1", "", 9999) && refuses("?", "yes", 9999));
    }
}
