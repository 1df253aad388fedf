//! Requests: in time and too late, repeated, taken back, and in part.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

use super::desk::Desk;

/// Now, where business is.
fn tokyo() -> ZonedDateTime {
    Timestamp::now().to_zoned_datetime(TimeZone::get("Asia/Tokyo").unwrap())
}

/// 23:00 so many days from now.
fn evening(days: i32) -> String {
    let day = tokyo().date().checked_add(days.days()).unwrap();
    format!("{day} 23:00")
}

/// Business on all days, so that no test depends on the day on which it runs.
const ALWAYS: &str = "[suspension]\nholidays = \"none\"\nweekdays = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\n";

#[test]
fn a_request_in_time_is_told_once_however_often_it_is_made() {
    let mut desk = Desk::new();
    desk.hosts(ALWAYS);
    let from = evening(3);
    let ask =
        |desk: &Desk, host| desk.firstaid(&["suspend", host, "--from", &from, "--why", "a;\nb"]);
    let first = ask(&desk, "web1");
    assert_eq!((first.code, first.stderr.as_str()), (0, ""), "{}", first.stdout);
    assert!(first.stdout.starts_with("web1: suspended from "), "{}", first.stdout);
    assert!(first.stdout.contains(" 23:00 JST\nmonitoring resumes at the earliest on "));
    assert!(first.stdout.contains(" 10:00 JST, and does then\nthe request had to be in before "));
    assert!(first.stdout.contains(" 18:00 JST: it was\n"), "{}", first.stdout);
    let told = desk.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("SCHEDULE_HOST_DOWNTIME;web1;"), "{told:?}");
    assert!(told[1].starts_with("SCHEDULE_HOST_SVC_DOWNTIME;web1;"), "{told:?}");
    // Eleven hours, until business opens.
    assert!(told[0].contains(";1;0;39600;firstaid;a"), "{told:?}");
    assert_eq!(told[0].matches(';').count(), 8, "nothing leaves its field: {told:?}");
    let again = ask(&desk, "web1");
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(
        again.stdout.contains("was stored before") && again.stdout.contains("handed over before")
    );
    assert_eq!(desk.told(), Vec::<String>::new());
    assert_eq!(ask(&desk, "web2").code, 0);
    assert_eq!(desk.told().len(), 2, "another host is another window");
    let list = desk.firstaid(&["suspend", "--list"]).stdout;
    assert_eq!(list.matches(": will hold from ").count(), 2, "{list}");
    assert_eq!(
        desk.firstaid(&["suspend", "--list", "web2"]).stdout.matches("will hold").count(),
        1
    );
}

#[test]
fn too_late_is_refused_with_the_next_possible_time_and_an_override_is_recorded() {
    let mut desk = Desk::new();
    desk.hosts(ALWAYS);
    let from = evening(0);
    let ask = |desk: &Desk, more: &[&str]| {
        desk.firstaid(&[&["suspend", "web1", "--from", &from, "--why", "urgent"], more].concat())
    };
    let late = ask(&desk, &[]);
    assert_eq!((late.code, late.stdout.as_str()), (1, ""));
    assert!(late.stderr.contains("too late: the request had to be in before "), "{}", late.stderr);
    assert!(late.stderr.contains("the next possible time is "), "{}", late.stderr);
    assert!(desk.told().is_empty() && !desk.path("records").exists(), "nothing was done");
    let forced = ask(&desk, &["--override-deadline"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert!(forced.stdout.contains("it was not: the deadline is overridden by "));
    assert_eq!(ask(&desk, &[]).code, 0, "what was accepted stands");
    assert_eq!(desk.told().len(), 2);
    let ledgers = desk.path("records").display().to_string();
    let history =
        crate::run::run(env!("CARGO_BIN_EXE_firstaid"), &["history", "--ledgers", &ledgers]);
    let first = history.stdout.lines().next().unwrap_or_default();
    assert!(first.contains("web1  server      suspend  asked     from "), "{}", history.stdout);
    assert!(first.ends_with(", overriding the documented time)"), "{}", history.stdout);
    assert!(history.stdout.contains("(in record, nagios, server): urgent"), "{}", history.stdout);
}

#[test]
fn a_dry_run_says_what_would_be_sent_and_sends_nothing() {
    let mut desk = Desk::new();
    desk.hosts(ALWAYS);
    let ran = desk.firstaid(&["suspend", "web1", "--from", &evening(3), "--why", "x", "--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("] SCHEDULE_HOST_SVC_DOWNTIME;web1;"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("nothing was done\n"), "{}", ran.stdout);
    assert!(desk.told().is_empty() && !desk.path("records").exists());
}

#[test]
fn a_window_is_taken_back_before_it_begins_and_ended_early_by_an_override_alone() {
    let mut desk = Desk::new();
    desk.hosts(ALWAYS);
    let none = desk.firstaid(&["resume", "web1"]);
    assert!(none.code == 1 && none.stderr.contains("web1 is not suspended"), "{}", none.stderr);
    desk.firstaid(&["suspend", "web1", "--from", &evening(3), "--why", "x"]);
    desk.told();
    let back = desk.firstaid(&["resume", "web1"]);
    assert_eq!(back.code, 0, "{}{}", back.stdout, back.stderr);
    let told = desk.told();
    assert!(told.len() == 1 && told[0].starts_with("DEL_DOWNTIME_BY_HOST_NAME;web1;;"), "{told:?}");
    assert_eq!(desk.firstaid(&["suspend", "--list"]).stdout, "nothing is suspended\n");
    let yesterday = evening(-1);
    let words = ["suspend", "web1", "--from", &yesterday, "--until", &evening(0)];
    let late = [&words[..], &["--why", "x", "--override-deadline"]].concat();
    assert_eq!(desk.firstaid(&late).code, 0);
    let early = desk.firstaid(&["resume", "web1"]);
    assert!(
        early.code == 1 && early.stderr.contains("resumes at the earliest on"),
        "{}",
        early.stderr
    );
    let unsaid = desk.firstaid(&["resume", "web1", "--override-deadline"]);
    assert_eq!(unsaid.code, 2, "an override has a reason");
    let ended = desk.firstaid(&["resume", "web1", "--override-deadline", "--why", "done"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(desk.firstaid(&["suspend", "--list"]).stdout, "nothing is suspended\n");
}

#[test]
fn a_place_that_is_not_told_is_named_and_the_next_request_mends_it() {
    let mut desk = Desk::new();
    desk.hosts(ALWAYS);
    let (pipe, aside) = (desk.path("nagios.cmd"), desk.path("aside"));
    std::fs::rename(&pipe, &aside).unwrap();
    std::fs::write(&pipe, "").unwrap();
    let from = evening(3);
    let ask = |desk: &Desk| desk.firstaid(&["suspend", "web1", "--from", &from, "--why", "x"]);
    let part = ask(&desk);
    assert_eq!(part.code, 1);
    assert!(part.stdout.contains("  record  ok "), "{}", part.stdout);
    assert!(part.stdout.contains("  nagios  FAILED ") && part.stdout.contains("no command file"));
    std::fs::rename(&aside, &pipe).unwrap();
    let whole = ask(&desk);
    assert_eq!(whole.code, 0, "{}", whole.stdout);
    assert_eq!(desk.told().len(), 2);
}

#[test]
fn what_can_not_be_understood_does_nothing() {
    let desk = Desk::new();
    desk.hosts(ALWAYS);
    let (near, far) = (evening(3), evening(60));
    for (words, reason) in [
        (vec!["web9", "--from", &near, "--why", "x"], "no host \"web9\""),
        (vec!["web1", "--from", "soon", "--why", "x"], "is no time such as"),
        (vec!["web1", "--from", &near, "--why", " "], "say why"),
        (vec!["web1", "--from", &near, "--until", &near, "--why", "x"], "ends before it begins"),
        (vec!["web1", "--from", &near, "--until", &far, "--why", "x"], "longer than 31 days"),
        (vec!["web1", "--from", "2020-01-01 10:00", "--why", "x"], "it ends in the past"),
    ] {
        let ran = desk.firstaid(&[&["suspend"], &words[..]].concat());
        assert!(ran.code == 1 && ran.stderr.contains(reason), "{words:?}: {}", ran.stderr);
    }
    for words in [&["suspend"][..], &["suspend", "web1"], &["suspend", "--list", "--dry-run"]] {
        assert_eq!(desk.firstaid(words).code, 2, "{words:?}");
    }
    assert!(!desk.path("records").exists());
    let nobody = Desk::without_nagios();
    nobody.hosts(ALWAYS);
    let ran = nobody.firstaid(&["suspend", "web1", "--from", &near, "--why", "x"]);
    assert!(ran.code == 1 && ran.stderr.contains("no engine is known"), "{}", ran.stderr);
}
