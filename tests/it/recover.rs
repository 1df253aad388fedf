//! `recover_service` from outside: whatever it is called with, it refuses and says why.

use crate::run::run;

const CALL: &[&str] = &[
    "--host",
    "web1",
    "--service",
    "ssh",
    "--kind",
    "PROBLEM",
    "--state",
    "CRITICAL",
    "--state-type",
    "HARD",
    "--host-state",
    "UP",
    "--host-downtimes",
    "0",
    "--downtimes",
    "0",
    "--acknowledged",
    "0",
];

fn ending(more: &[&str]) -> (i32, String) {
    let args: Vec<&str> = CALL.iter().chain(more).copied().collect();
    let ran = run(env!("CARGO_BIN_EXE_recover_service"), &args);
    (ran.code, ran.stdout)
}

fn since_1970(ago: u64) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    (now - ago).to_string()
}

#[test]
fn a_call_without_a_doubt_still_does_nothing_in_this_version() {
    let (code, line) = ending(&["--last-ok", &since_1970(1300), "--last-check", &since_1970(5)]);
    assert_eq!(
        line,
        "RECOVER WARNING - refused (no act): this version has no part that acts on service ssh\n"
    );
    assert_eq!(code, 1);
}

#[test]
fn a_macro_that_the_engine_did_not_resolve_is_refused() {
    let (code, line) =
        ending(&["--last-ok", "$service.last_state_ok$", "--last-check", &since_1970(5)]);
    assert_eq!(
        line,
        "RECOVER WARNING - refused (readable): --last-ok is \"$service.last_state_ok$\", not a time\n"
    );
    assert_eq!(code, 1);
    assert_eq!(
        ending(&[]).1,
        "RECOVER WARNING - refused (readable): --last-ok is \"\", not a time\n"
    );
}

#[test]
fn dry_run_tells_every_guards_verdict() {
    let times = [since_1970(60), since_1970(5)];
    let (code, text) = ending(&["--last-ok", &times[0], "--last-check", &times[1], "--dry-run"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("RECOVER WARNING - refused (long enough): failed for 6"),
        "{text}"
    );
    assert_eq!(lines[1..4], ["kind of call: passes", "suppressed: passes", "state: passes"]);
    assert!(lines[4].starts_with("long enough: failed for"), "{text}");
    assert_eq!(code, 1);
}

#[test]
fn what_the_policy_does_not_name_is_refused_and_a_wrong_option_is_unknown() {
    assert!(
        ending(&["--service", "sshd.service"])
            .1
            .contains("refused (readable): the policy names no service")
    );
    let wrong = ending(&["--unit", "sshd.service"]);
    assert_eq!(
        (wrong.0, wrong.1.as_str()),
        (3, "RECOVER UNKNOWN - unexpected argument '--unit' found (see --help)\n")
    );
}
