//! Acts that another monitoring server brought about, or that a lost ledger has forgotten.

use super::fake::Fake;

#[test]
fn a_restart_from_elsewhere_is_not_done_again_and_the_next_stage_has_its_turn() {
    let fake = Fake::answering();
    fake.put("past", r#"{"ssh":600}"#);
    let ran = fake.call("ssh", 1200, &[]);
    assert!(ran.first().contains("a restart 600 s ago, which was not"), "{}", ran.first());
    assert_eq!((ran.code, fake.acts().len()), (0, 0));
    fake.pass(300);
    fake.call("ssh", 1500, &[]);
    assert_eq!(fake.acts(), ["firstaid_reboot"]);
}

#[test]
fn a_reboot_from_elsewhere_is_the_last_one() {
    let fake = Fake::answering();
    fake.put("past", r#"{"ssh":1000,"reboot":950}"#);
    fake.put("age", "900");
    fake.call("ssh", 1200, &[]);
    fake.pass(300);
    let ran = fake.call("ssh", 1500, &[]);
    assert!(ran.first().contains("a reboot 950 s ago"), "{}", ran.first());
    fake.pass(900);
    let people = fake.call("ssh", 2400, &[]);
    assert!(people.first().contains("people are needed"), "{}", people.first());
    assert_eq!(fake.acts(), Vec::<String>::new());
}

#[test]
fn what_was_done_about_an_earlier_fault_counts_for_nothing() {
    let fake = Fake::answering();
    fake.put("past", r#"{"ssh":1300,"reboot":90000}"#);
    fake.call("ssh", 1200, &[]);
    fake.pass(300);
    fake.call("ssh", 1500, &[]);
    assert_eq!(fake.acts(), ["firstaid_restart_ssh", "firstaid_reboot"]);
}
