//! A wall clock that is set, forwards and backwards, between the calls about one fault.

use super::fake::Fake;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

#[test]
fn a_clock_that_is_set_never_makes_two_acts_of_one() {
    for by in [HOUR, -HOUR, DAY, -DAY] {
        for set_after in 0..5 {
            let fake = Fake::new().with(|it| it.witnesses.gateway = Some("127.0.0.1".to_owned()));
            let mut failed_for = 1200;
            for round in 0..9 {
                fake.call("ssh", failed_for, &[]);
                fake.pass(300);
                failed_for += 300;
                if round == set_after {
                    fake.set_clock(by);
                    failed_for += by;
                }
            }
            let count = |name: &str| fake.acts().iter().filter(|act| *act == name).count();
            let what = format!("set by {by} s after call {set_after}: {:?}", fake.story());
            assert_eq!(count("firstaid_restart_ssh"), 1, "{what}");
            assert!(count("firstaid_reboot") <= 1, "{what}");
        }
    }
}

#[test]
fn a_clock_that_was_set_arms_before_it_acts() {
    let fake = Fake::new();
    // The first call is not the natural one, and is noted.
    let late = ["--hard-since", "1000000000"];
    assert!(
        fake.call("ssh", 900 + 300, &late).first().contains("nothing to do: restart with the next")
    );
    fake.pass(300);
    fake.set_clock(HOUR);
    let ran = fake.call("ssh", 1500 + HOUR, &late);
    assert!(ran.first().contains("the clock here was set by 3600 s"), "{}", ran.first());
    assert_eq!(fake.acts(), Vec::<String>::new());
    fake.pass(300);
    fake.call("ssh", 1800 + HOUR, &late);
    assert_eq!(fake.acts(), ["firstaid_restart_ssh"]);
}

#[test]
fn where_the_engine_tells_the_first_failure_the_last_ok_was_one_interval_before_it() {
    for (interval, failed_for, passes) in
        [(300, 900, true), (300, 800, false), (60, 110, false), (60, 180, true)]
    {
        let fake = Fake::new().with(|machine| machine.interval = interval);
        let ran = fake.call("ssh", failed_for, &["--last-ok-is", "first-failure", "--dry-run"]);
        let refused = ran.first().contains("refused (long enough)");
        assert_eq!(!refused, passes, "{interval} {failed_for}: {}", ran.first());
    }
}
