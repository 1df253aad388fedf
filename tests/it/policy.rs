//! The documented numbers. This transcription is the only place besides `policy.toml` where they stand; a person compares it
//! with the provider's page. Everything else derives.

use std::fmt::Write;

use firstaid::check::ALL;
use firstaid::plugin::{Status, Thresholds};
use firstaid::policy::{Plan, Policy};

const TABLE: &str = "
service     port  no answer  slow (core2duo | corei5-xeon)  second port        restart (none, plesk, webmin)
ftp           21  11         >= 6 | >= 6                    - | -              vsftpd, xinetd, xinetd
ssh           22  11         - | -                          - | -              sshd, sshd, sshd
smtp          25  10         - | > 5                        - | -              sendmail, xinetd, sendmail
dns           53  11         - | > 5                        - | -              named, named, named
http          80  10         - | > 5                        - | 443            httpd, httpd, httpd
pop          110  11         >= 6 | > 5                     - | -              dovecot, courier-imap, dovecot
imap         143  11         >= 6 | > 5                     - | -              dovecot, courier-imap, dovecot
https        443  10         - | > 5                        80 | 80            httpd, httpd, httpd
mysql       3306  11         >= 6 | >= 6                    - | -              mysqld, mysqld, mysqld
postgresql  5432  11         >= 6 | >= 6                    - | -              postgresql, postgresql, postgresql
";

const RULES: &str = "
http_status status: WARNING >= 400, CRITICAL >= 500 | -
icmp_rtt rta ms: WARNING >= 100, CRITICAL >= 300 | WARNING >= 100, CRITICAL >= 300
icmp_rtt pl %: WARNING >= 20, CRITICAL >= 60 | WARNING >= 20, CRITICAL >= 60
load load5: WARNING >= 1.5, CRITICAL >= 3 | WARNING >= 1.5, CRITICAL >= 3
disk used %: WARNING >= 80, CRITICAL >= 90 | WARNING >= 80, CRITICAL >= 90
mem used %: WARNING >= 80, CRITICAL >= 90 | WARNING >= 80, CRITICAL >= 90
";

fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

fn or_dash<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "-".to_owned(), T::to_string)
}

#[test]
fn the_documented_table() {
    let mut text = TABLE.lines().take(2).collect::<Vec<_>>().join("\n") + "\n";
    for it in Policy::documented().services {
        let both = |of: &dyn Fn(Plan) -> String| {
            format!("{} | {}", of(Plan::Core2Duo), of(Plan::CoreI5Xeon))
        };
        let slow = both(&|plan| or_dash(it.slow.of(plan).as_ref()));
        let second = both(&|plan| or_dash(it.with_port.of(plan).as_ref()));
        let restart = [it.restart.none, it.restart.plesk, it.restart.webmin].join(", ");
        let _ =
            writeln!(text, "{} {} {} {slow} {second} {restart}", it.name, it.port, it.no_answer);
    }
    assert_eq!(words(&text), words(TABLE));
}

#[test]
fn the_documented_rules() {
    let mut text = String::from("\n");
    for rule in Policy::documented().rules {
        let bounds = |plan| {
            let bounds = rule.bounds.of(plan);
            let sides = [("WARNING", bounds.warning), ("CRITICAL", bounds.critical)];
            let parts: Vec<String> =
                sides.iter().filter_map(|(name, it)| it.map(|it| format!("{name} {it}"))).collect();
            if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
        };
        let head = format!("{} {} {}", rule.subject, rule.metric, rule.unit);
        let _ = writeln!(
            text,
            "{}: {} | {}",
            head.trim_end(),
            bounds(Plan::Core2Duo),
            bounds(Plan::CoreI5Xeon)
        );
    }
    assert_eq!(text, RULES);
}

#[test]
fn the_documented_schedule() {
    let policy = Policy::documented();
    let it = &policy.schedule;
    let numbers =
        [it.check_interval, it.retry_interval, it.max_attempts, it.recovery_after, it.stage_waits];
    assert_eq!((numbers, policy.icmp_packets), ([300, 300, 4, 1200, 1], 5));
}

/// Numbers of the rules of recovery; what a rule says in minutes stands here in seconds.
#[test]
fn the_rules_of_recovery() {
    let it = &Policy::documented().recovery;
    assert_eq!([it.slack, it.late, it.natural], [65, 90, 60]);
    assert_eq!([it.settle, it.young], [15 * 60, 10 * 60]);
    assert_eq!([it.hour, it.day], [60 * 60, 24 * 60 * 60]);
    assert_eq!([it.reboots_per_hour, it.reboots_per_day], [1, 3]);
    assert_eq!([it.storm_reboots, it.storm_window], [5, 30 * 60]);
    assert_eq!([it.storm_share, it.storm_least, it.spare_waits], [20, 3, 30 * 60]);
    assert_eq!(it.storm_calm, 15 * 60);
}

#[test]
fn the_documented_business_hours() {
    let it = &Policy::documented().suspension;
    assert_eq!([it.opens, it.closes], ["10:00", "18:00"]);
    assert_eq!([it.weekdays, it.holidays], ["mon tue wed thu fri", "japan"]);
    assert_eq!((it.time_zone, it.holidays_until), ("Asia/Tokyo", 2027));
}

#[test]
fn only_smtp_and_dns_have_imperfect_answers_and_only_in_core2duo() {
    for it in Policy::documented().services {
        let core2duo = if matches!(it.name, "smtp" | "dns") { Status::Warning } else { Status::Ok };
        assert_eq!(
            (it.imperfect.core2duo, it.imperfect.corei5_xeon),
            (core2duo, Status::Ok),
            "{}",
            it.name
        );
    }
}

/// Every bound alerts on its documented side and is quiet on the other, to the last bit.
#[test]
fn every_bound_is_exact() {
    let policy = Policy::documented();
    let answers = policy.services.iter().flat_map(|it| Plan::ALL.map(|plan| it.answer_time(plan)));
    let rules = policy
        .rules
        .iter()
        .flat_map(|it| Plan::ALL.map(|plan| Thresholds::from(*it.bounds.of(plan))));
    let mut bounds = 0;
    for thresholds in answers.chain(rules) {
        for (threshold, state) in
            [(thresholds.warning, Status::Warning), (thresholds.critical, Status::Critical)]
        {
            let Some(threshold) = threshold else { continue };
            let number = threshold.number().unwrap();
            let inclusive = threshold.to_string().starts_with(">= ");
            assert_eq!(thresholds.judge(number) >= state, inclusive, "{threshold}");
            assert!(thresholds.judge(number.next_down()) < state, "{threshold}");
            assert!(thresholds.judge(number.next_up()) >= state, "{threshold}");
            bounds += 1;
        }
    }
    assert_eq!(bounds, 20 + 14 + 2 + 5 * 4, "a bound of the table was not looked at");
}

#[test]
fn time_limits_nest() {
    let policy = Policy::documented();
    let plugins = policy.services.iter().map(|it| it.no_answer).chain([policy.timeouts.host_check]);
    assert!(plugins.max().unwrap() + 1 < policy.timeouts.nrpe);
    assert!(policy.timeouts.nrpe < policy.timeouts.engine);
}

#[test]
fn policy_and_registry_name_the_same_checks() {
    let policy = Policy::documented();
    let rules = policy.rules.iter().map(|rule| rule.subject).filter(|it| *it != "http_status");
    for name in policy.services.iter().map(|it| it.check).chain(rules) {
        assert!(
            ALL.iter().any(|entry| entry.name == name),
            "the policy names check {name}, which there is not"
        );
    }
    for entry in ALL {
        let by_service = !policy.services_of(entry.name).is_empty();
        assert!(
            by_service || policy.rules.iter().any(|rule| rule.subject == entry.name),
            "no rule for {}",
            entry.name
        );
    }
}
