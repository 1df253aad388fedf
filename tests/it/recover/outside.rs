//! A service that is missed from outside and answers on the server itself.

use super::fake::Fake;

#[test]
fn a_service_that_answers_on_the_server_itself_costs_no_reboot() {
    let fake = Fake::answering();
    fake.put("answers", r#"{"ssh":true,"http":false}"#);
    // Of two services that have failed, each is asked for.
    fake.call("ssh", 1200, &[]);
    fake.call("http", 1200, &[]);
    fake.pass(300);
    let ran = fake.call("ssh", 1500, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.first().contains("ssh answers on the server itself"), "{}", ran.first());
    assert_eq!(fake.acts(), ["firstaid_restart_ssh", "firstaid_restart_http"]);
    fake.call("http", 1500, &[]);
    assert_eq!(fake.acts().last().unwrap(), "firstaid_reboot");
}

#[test]
fn where_nobody_could_look_on_the_server_it_is_not_rebooted() {
    for answers in [r#"{"ssh":null}"#, "{}", "[]"] {
        let fake = Fake::answering();
        fake.put("answers", answers);
        fake.call("ssh", 1200, &[]);
        fake.pass(300);
        let ran = fake.call("ssh", 1500, &[]);
        assert_eq!((ran.code, fake.acts().len()), (3, 1), "{answers}: {}", ran.first());
    }
}

#[test]
fn what_is_done_about_a_fault_from_outside_is_a_setting() {
    for (setting, acts) in [("nothing", 0), ("restart", 1), ("reboot", 2)] {
        let fake = Fake::answering().with(|machine| machine.outside_only = setting.to_owned());
        fake.put("answers", r#"{"ssh":true}"#);
        fake.call("ssh", 1200, &[]);
        fake.pass(300);
        fake.call("ssh", 1500, &[]);
        assert_eq!(fake.acts().len(), acts, "{setting}: {:?}", fake.acts());
    }
}
