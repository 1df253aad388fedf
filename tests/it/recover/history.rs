//! `firstaid history` and `firstaid recovery` from outside.

use super::fake::Fake;
use crate::run::{Ran, run};

fn firstaid(args: &[&str]) -> Ran {
    run(env!("CARGO_BIN_EXE_firstaid"), args)
}

#[test]
fn what_was_done_and_held_back_is_told_in_order() {
    let fake = Fake::new();
    fake.call("http", 1200, &["--downtimes", "1"]);
    fake.call("http", 1200, &["--downtimes", "1"]);
    fake.call("ssh", 1200, &[]);
    let ledgers = fake.path("ledgers").display().to_string();
    let told = firstaid(&["history", "web1", "--ledgers", &ledgers]);
    assert_eq!((told.code, told.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = told.stdout.lines().collect();
    let ends: Vec<&str> = lines.iter().map(|line| &line[21..]).collect();
    assert_eq!(
        ends,
        [
            "web1  http        -        held      suppressed: downtime in effect (monitor)",
            "web1  ssh         restart  begins    restart of ssh (monitor)",
            "web1  ssh         restart  done      a fake job (monitor)",
        ]
    );
    let all = firstaid(&["history", "--ledgers", &ledgers]);
    assert_eq!(all.stdout, told.stdout);
    let json = firstaid(&["history", "--json", "--ledgers", &ledgers]).stdout;
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!((first["host"].as_str(), first["event"].as_str()), (Some("web1"), Some("held")));
}

#[test]
fn a_ledger_that_is_damaged_or_not_there_is_said() {
    let fake = Fake::new();
    fake.call("ssh", 1200, &[]);
    fake.put("ledgers/web1.jsonl", "damaged\n");
    let ledgers = fake.path("ledgers").display().to_string();
    let damaged = firstaid(&["history", "--ledgers", &ledgers]);
    assert_eq!(damaged.code, 1);
    assert!(damaged.stderr.contains("web1.jsonl is damaged: line 1"), "{}", damaged.stderr);
    let none = firstaid(&["history", "web2", "--ledgers", &ledgers]);
    assert!(none.code == 1 && none.stderr.contains("no ledger of \"web2\""), "{}", none.stderr);
}

#[test]
fn the_switch_holds_everything_or_one_host_and_says_why() {
    let fake = Fake::new();
    let switch = fake.path("off").display().to_string();
    let to = |words: &[&str]| firstaid(&[&["recovery"], words, &["--switch", &switch]].concat());
    assert_eq!(to(&["off", "web1"]).code, 2, "without a reason");
    assert_eq!(to(&["off", "web1", "--why", " "]).code, 1);
    assert_eq!(to(&["off", "../x", "--why", "a test"]).code, 1);
    let off = to(&["off", "web1", "--why", "the disk is being changed"]);
    assert_eq!(off.code, 0, "{}", off.stderr);
    assert!(std::fs::read_to_string(fake.path("off.web1")).unwrap().contains("the disk is being"));
    assert!(fake.call("ssh", 1200, &[]).first().contains("refused (master switch)"));
    assert_eq!(to(&["on", "web1"]).stdout, "recovery is on for web1\n");
    to(&["off", "--why", "a test"]);
    assert!(to(&["on", "web1"]).stdout.contains("but it is off for all hosts"));
    assert!(fake.call("ssh", 1200, &[]).first().contains("refused (master switch)"));
    assert_eq!(to(&["on"]).stdout, "recovery is on for all hosts\n");
    assert_eq!(fake.acts(), Vec::<String>::new());
    fake.call("ssh", 1200, &[]);
    assert_eq!(fake.acts(), ["firstaid_restart_ssh"]);
}
