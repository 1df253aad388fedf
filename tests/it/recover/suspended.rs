//! A customer's quiet time by the monitoring server's own record.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use firstaid::recover::suspension::{self, Happened, Note, Window};

use super::fake::Fake;

fn now() -> u64 {
    UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// Records a window of web1 that began and ends so many seconds from now.
fn record(fake: &Fake, event: Happened, (from, until): (i64, i64)) {
    let at = |seconds: i64| now().checked_add_signed(seconds).unwrap();
    let note = Note {
        seq: 0,
        at: now(),
        host: "web1".to_owned(),
        window: Window { from: at(from), until: at(until) },
        event,
        who: "ann".to_owned(),
        why: "a new disk".to_owned(),
        overridden: false,
        places: Vec::new(),
    };
    let mut book = suspension::open(&fake.path("ledgers"), Duration::from_secs(5)).unwrap();
    book.append(note).unwrap();
}

#[test]
fn nothing_is_done_inside_a_window_or_where_the_record_is_in_doubt() {
    let fake = Fake::new();
    record(&fake, Happened::Asked, (-100, 1000));
    for (service, failed_for) in [("ssh", 1200), ("-", 2000)] {
        let ran = fake.call(service, failed_for, &[]);
        assert!(ran.first().contains("refused (suspension): suspended for "), "{}", ran.first());
        assert!(ran.first().contains("by ann: a new disk"), "{}", ran.first());
        assert_eq!(ran.code, 1);
    }
    let rehearsed = fake.call("ssh", 1200, &["--dry-run"]);
    assert!(rehearsed.first().contains("refused (suspension)"), "{}", rehearsed.first());
    assert!(rehearsed.stdout.contains("\nsuspension: suspended for "), "{}", rehearsed.stdout);
    fs::write(suspension::path(&fake.path("ledgers")), "damaged\n").unwrap();
    let doubt = fake.call("ssh", 1200, &[]);
    assert!(doubt.first().contains("refused (suspension): the record of"), "{}", doubt.first());
    assert_eq!(fake.acts(), Vec::<String>::new());
    assert_eq!(fake.story(), Vec::<String>::new(), "it was held back, and no more");
}

#[test]
fn a_window_that_has_not_begun_or_is_another_hosts_holds_nothing() {
    let fake = Fake::new();
    record(&fake, Happened::Asked, (100, 1000));
    fake.call("ssh", 1200, &[]);
    assert_eq!(fake.acts(), ["firstaid_restart_ssh"]);
}

#[test]
fn a_fault_that_outlasts_a_window_arms_and_a_newer_result_acts() {
    let fake = Fake::new();
    record(&fake, Happened::Asked, (-1100, -2));
    let armed = fake.call("ssh", 1200, &[]);
    let waits = "restart with the next result: this is the first call since a suspension ended";
    assert!(armed.first().contains(waits), "{}", armed.first());
    let long_ago = (now() - 900).to_string();
    let same = (now() - 60).to_string();
    let again = fake.call("ssh", 1200, &["--hard-since", &long_ago, "--last-check", &same]);
    assert!(again.first().contains("there is no newer result"), "{}", again.first());
    assert_eq!(fake.acts(), Vec::<String>::new());
    let newer = now().to_string();
    let ran = fake.call("ssh", 1200, &["--hard-since", &long_ago, "--last-check", &newer]);
    assert!(ran.first().contains("restarted ssh"), "{}", ran.first());
    assert_eq!(fake.acts(), ["firstaid_restart_ssh"]);
}

#[test]
fn what_was_noted_before_a_window_does_not_arm_for_after_it() {
    let fake = Fake::new();
    // Armed by a call of before; then a window came and went.
    let long_ago = (now() - 900).to_string();
    let (old, last_ok) = ((now() - 200).to_string(), now() - 1200);
    let fault = ["--hard-since", &long_ago, "--last-ok", &last_ok.to_string()];
    fake.call("ssh", 0, &[&fault[..], &["--last-check", &old]].concat());
    fake.pass(60);
    record(&fake, Happened::Asked, (-50, -2));
    let newer = now().to_string();
    let fault = ["--hard-since", &long_ago, "--last-ok", &(last_ok - 60).to_string()];
    let ran = fake.call("ssh", 0, &[&fault[..], &["--last-check", &newer]].concat());
    assert!(ran.first().contains("since a suspension ended"), "{}", ran.first());
    assert_eq!(fake.acts(), Vec::<String>::new());
}

#[test]
fn a_fault_that_began_after_a_window_is_like_any_other() {
    let fake = Fake::new();
    record(&fake, Happened::Asked, (-3000, -1300));
    fake.call("ssh", 1200, &[]);
    assert_eq!(fake.acts(), ["firstaid_restart_ssh"]);
}
