//! When much looks dead at once, nothing is rebooted; nor soon after.

use super::fake::Fake;

#[test]
fn a_storm_holds_every_reboot() {
    let fake = Fake::answering();
    let down = |more: &[&str]| fake.call("-", 1200, more).stdout;
    assert!(down(&["--hosts-down", "30", "--hosts-up", "70"]).contains("refused (storm)"));
    assert!(down(&["--hosts-down", "", "--hosts-up", "70"]).contains("refused (storm)"));
    assert_eq!(fake.acts(), Vec::<String>::new());
    let fake = fake.with(|machine| machine.witnesses.gateway = Some("192.0.2.254".to_owned()));
    assert!(
        fake.call("-", 1200, &[]).stdout.contains("refused (storm)"),
        "a gateway that is silent"
    );
    assert_eq!(fake.acts(), Vec::<String>::new());
}

#[test]
fn after_a_storm_it_must_be_calm_for_a_while() {
    let fake = Fake::answering();
    fake.call("-", 1200, &["--hosts-down", "30", "--hosts-up", "70"]);
    fake.pass(300);
    let soon = fake.call("-", 1500, &[]);
    assert!(soon.first().contains("refused (storm): a storm was seen 30"), "{}", soon.first());
    fake.pass(300);
    fake.call("-", 1800, &[]);
    assert_eq!(fake.acts(), Vec::<String>::new());
    fake.pass(300);
    fake.call("-", 2100, &[]);
    assert_eq!(fake.acts(), ["firstaid_reboot"]);
}
