//! What a call does, and what it does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use firstaid::policy::Pace;

use super::fake::Fake;

/// The first line and the exit code.
fn ending(ran: &crate::run::Ran) -> (i32, &str) {
    (ran.code, ran.first())
}

#[test]
fn a_failed_service_is_restarted_once_and_the_ledger_says_so() {
    let fake = Fake::new();
    let ran = fake.call("ssh", 1200, &[]);
    assert_eq!(
        ending(&ran),
        (0, "RECOVER OK - restarted ssh: a fake job; but here: FAKE - a state")
    );
    assert_eq!(fake.acts(), ["firstaid_restart_ssh"]);
    assert_eq!(fake.story(), ["Restart Intent", "Restart Done"]);
    let again = fake.call("ssh", 1200, &[]);
    assert!(
        again.first().starts_with("RECOVER OK - nothing to do: restarted"),
        "{}",
        again.first()
    );
    assert_eq!(fake.acts().len(), 1);
}

#[test]
fn a_drill_says_so_and_divides_every_wait() {
    let fake = Fake::new().with(|machine| {
        machine.witnesses.gateway = Some("127.0.0.1".to_owned());
        (machine.pace, machine.interval) = (Pace::new(10).unwrap(), 30);
    });
    let early = fake.call("ssh", 100, &[]);
    let refused = "refused (long enough): failed for 100 s of 120 s (drill, pace 10)";
    assert!(early.first().contains(refused), "{}", early.first());
    for (failed_for, expected) in [
        (120, "restarted ssh"),
        (150, "reboot: the server is up again"),
        (200, "nothing to do: rebooted 50 s ago; it settles for 90 s"),
        (250, "people are needed"),
    ] {
        let ran = fake.call("ssh", failed_for, &[]);
        assert!(ran.first().contains(expected), "{}", ran.first());
        assert!(ran.first().ends_with("(drill, pace 10)"), "{}", ran.first());
        fake.pass(if failed_for == 120 { 30 } else { 50 });
    }
    assert_eq!(fake.acts(), ["firstaid_restart_ssh", "firstaid_reboot"]);
}

#[test]
fn what_a_restart_does_not_cure_is_rebooted_once_and_then_left_to_people() {
    let fake = Fake::new().with(|machine| machine.witnesses.gateway = Some("127.0.0.1".to_owned()));
    fake.call("ssh", 1200, &[]);
    fake.pass(300);
    let ran = fake.call("ssh", 1500, &[]);
    assert_eq!(ending(&ran), (0, "RECOVER OK - reboot: the server is up again"));
    assert_eq!(fake.acts(), ["firstaid_restart_ssh", "firstaid_reboot"]);
    fake.pass(300);
    let settling = fake.call("ssh", 1800, &[]);
    assert!(settling.first().contains("nothing to do: rebooted 30"), "{}", settling.first());
    fake.pass(900);
    let people = fake.call("ssh", 2700, &[]);
    assert_eq!(people.code, 2);
    assert!(
        people.first().contains("people are needed: the server was rebooted"),
        "{}",
        people.first()
    );
    assert_eq!(fake.acts().len(), 2);
}

#[test]
fn right_before_the_act_the_check_has_the_last_word() {
    for (code, reason) in
        [("0", "the check says"), ("3", "the check can not tell"), ("77", "can not tell")]
    {
        let fake = Fake::new();
        fake.put("code", code);
        let ran = fake.call("ssh", 1200, &[]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.first().contains("refused (still true)") && ran.first().contains(reason),
            "{}",
            ran.first()
        );
        assert_eq!(fake.acts(), Vec::<String>::new());
    }
}

#[test]
fn every_doubt_refuses_with_the_guards_name() {
    let cases: &[(&str, &[&str])] = &[
        ("readable", &["--last-ok", "$service.last_state_ok$"]),
        ("readable", &["--last-ok", "0"]),
        ("readable", &["--reachable", ""]),
        ("readable", &["--service", "sshd.service"]),
        ("kind of call", &["--kind", "CUSTOM"]),
        ("suppressed", &["--host-downtimes", "1"]),
        ("suppressed", &["--acknowledged", "2"]),
        ("suppressed", &["--reachable", "0"]),
        ("state", &["--state", "UNKNOWN"]),
        ("state", &["--state-type", "SOFT"]),
        ("state", &["--host-state", "DOWN"]),
        ("fresh", &["--last-check", "1000000000"]),
        ("configuration", &["--via", "ssh"]),
        ("peers", &["--zone", "edge", "--parents", "0/2"]),
    ];
    let fake = Fake::new();
    for (guard, more) in cases {
        let ran = fake.call("ssh", 1200, more);
        assert!(ran.first().contains(&format!("refused ({guard})")), "{more:?}: {}", ran.first());
        assert_eq!(ran.code, 1, "{more:?}");
    }
    assert!(
        fake.call("ssh", 1100, &[]).first().contains("refused (long enough): failed for 1100 s")
    );
    assert_eq!((fake.acts(), fake.story()), (Vec::new(), Vec::<String>::new()));
}

#[test]
fn an_unknown_option_or_host_is_no_act() {
    let fake = Fake::new();
    let wrong = fake.call("ssh", 1200, &["--unit", "sshd.service"]);
    assert_eq!(
        ending(&wrong),
        (3, "RECOVER UNKNOWN - unexpected argument '--unit' found (see --help)")
    );
    let stranger = fake.call("ssh", 1200, &["--host", "web2"]);
    assert_eq!(stranger.code, 3);
    assert!(stranger.first().contains("has no host \"web2\""), "{}", stranger.first());
    assert_eq!(fake.acts(), Vec::<String>::new());
}

#[test]
fn switched_off_it_says_what_it_would_do() {
    let fake = Fake::new();
    fake.put("off", "");
    let line = fake.call("ssh", 1200, &[]).stdout;
    assert!(
        line.contains("refused (master switch)") && line.contains("it would be a restart"),
        "{line}"
    );
    fs::rename(fake.path("off"), fake.path("off.web1")).unwrap();
    assert!(fake.call("ssh", 1200, &[]).stdout.contains("off.web1 exists"));
    fs::remove_file(fake.path("off.web1")).unwrap();
    let fake = fake.with(|machine| machine.acts = false);
    assert!(fake.call("ssh", 1200, &[]).stdout.contains("refused (master switch): the inventory"));
    assert_eq!(fake.acts(), Vec::<String>::new());
}

#[test]
fn a_dry_run_tells_every_guards_verdict_and_leaves_no_trace() {
    let fake = Fake::new();
    let ran = fake.call("ssh", 1200, &["--dry-run"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "RECOVER OK - would be a restart");
    for line in
        ["kind of call: passes", "long enough: passes", "due: restart", "natural moment: passes"]
    {
        assert!(lines.contains(&line), "{line:?} in {}", ran.stdout);
    }
    assert!(!fake.path("ledgers").exists() && fake.acts().is_empty());
}

#[test]
fn without_a_ledger_nothing_is_done() {
    for damage in ["{\"seq\":1}\n", "\n", "half a line\nand more"] {
        let fake = Fake::new();
        fs::create_dir(fake.path("ledgers")).unwrap();
        fake.put("ledgers/web1.jsonl", damage);
        let ran = fake.call("ssh", 1200, &[]);
        assert!(ran.first().contains("refused (ledger)"), "{damage:?}: {}", ran.first());
        assert_eq!(fake.acts(), Vec::<String>::new());
    }
    let fake = Fake::new();
    fake.put("ledgers", "not a folder");
    assert!(fake.call("ssh", 1200, &[]).first().contains("refused (ledger)"));
    assert_eq!(fake.acts(), Vec::<String>::new());
}

#[test]
fn two_callers_at_once_do_one_act() {
    let fake = Fake::new();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| fake.call("ssh", 1200, &[]));
        }
    });
    assert_eq!(fake.acts(), ["firstaid_restart_ssh"]);
}

#[test]
fn a_machine_that_is_another_one_is_left_alone() {
    let fake = Fake::new();
    fake.call("ssh", 1200, &[]);
    fake.put("machine", "4567");
    let ran = fake.call("http", 1200, &[]);
    assert!(ran.first().contains("refused (right machine)"), "{}", ran.first());
    assert_eq!(fake.acts().len(), 1);
    let mode = fs::metadata(fake.path("ledgers")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_server_that_was_started_a_moment_ago_is_left_alone() {
    let fake = Fake::new();
    fake.put("age", "599");
    assert!(
        fake.call("ssh", 1200, &[])
            .first()
            .contains("refused (settling): the server is up for 599 s")
    );
    assert_eq!(fake.acts(), Vec::<String>::new());
}

#[test]
fn slow_answers_are_a_fault_of_the_server_by_either_spelling() {
    for more in [&["--service", "ping"][..], &[]] {
        let fake = Fake::answering();
        let mut words = vec!["--state", "WARNING", "--host-state", "UP"];
        words.extend(more);
        fake.call("-", 1200, &words);
        assert_eq!(fake.acts(), ["firstaid_reboot"], "{more:?}");
    }
}
