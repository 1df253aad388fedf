//! What the fixtures promise, on a small configuration of the generated one's shape.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use super::{Authority, Engine, Event, Plugins, Setup, SmtpSink};
use crate::namespace::Namespace;
use crate::server::wait_until;

const SPEED: u32 = 30;

const ICINGA: &str = r#"
object CheckCommand "scripted" {
  command = [ "DIR/check_icmp_rtt", "-H", "$address$" ]
  timeout = 30s
}
object NotificationCommand "recover" {
  command = [ "DIR/recover_service" ]
  arguments = { "--host" = "$host.name$", "--service" = "$service.name$", "--last-ok" = "$service.last_state_ok$" }
}
object NotificationCommand "alert" {
  command = [ "/bin/sh", "-c", "echo $service.state$ | mail -s \"$notification.type$ $service.name$\" operator@example.test" ]
}
object User "operator" { }
object Host "web1" { check_command = "dummy", address = "127.0.0.1" }
object Service "ping" {
  host_name = "web1"
  check_command = "scripted"
  max_check_attempts = 4
  check_interval = 5m
  retry_interval = 5m
  enable_flapping = false
}
apply Notification "alert" to Service {
  command = "alert", users = [ "operator" ], interval = 0, types = [ Problem, Recovery ], assign where true
}
apply Notification "recover" to Service {
  command = "recover", users = [ "operator" ], interval = 5m, types = [ Problem ], assign where true
}
"#;

const NAGIOS: &str = r#"
define command {
  command_name scripted
  command_line $USER1$/check_icmp_rtt -H $HOSTADDRESS$
}
define command {
  command_name recover
  command_line $USER1$/recover_service --host "$HOSTNAME$" --service "$SERVICEDESC$" --last-ok "$LASTSERVICEOK$"
}
define command {
  command_name alert
  command_line echo $SERVICESTATE$ | /usr/bin/mail -s "$NOTIFICATIONTYPE$ $SERVICEDESC$" operator@example.test
}
define command {
  command_name up
  command_line /bin/true
}
define timeperiod {
  timeperiod_name always
  alias always
  DAYS
}
define contact {
  contact_name operator
  host_notification_period always
  service_notification_period always
  host_notification_options n
  service_notification_options w,u,c,r
  host_notification_commands up
  service_notification_commands alert
}
define contact {
  contact_name robot
  host_notification_period always
  service_notification_period always
  host_notification_options n
  service_notification_options w,c
  host_notification_commands up
  service_notification_commands recover
}
define host {
  host_name web1
  address 127.0.0.1
  check_command up
  max_check_attempts 4
  contacts operator
}
define service {
  host_name web1
  service_description ping
  check_command scripted
  check_interval 5
  retry_interval 5
  max_check_attempts 4
  check_period always
  notification_period always
  notification_interval 4
  contacts operator,robot
}
define serviceescalation {
  host_name web1
  service_description ping
  first_notification 2
  last_notification 0
  notification_interval 4
  escalation_options w,u,c
  contacts robot
}
"#;

fn nagios() -> String {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let days = days.map(|day| format!("{day} 00:00-24:00")).join("\n  ");
    NAGIOS.replace("DAYS", &days)
}

/// Lets a service fail six times, and tells what came of it.
fn fails_six_times(files: &[(&str, &str)], start: fn(&Setup) -> Engine) {
    let network = Namespace::network();
    network.must(Command::new("ip").args(["link", "set", "lo", "up"]));
    network.inside(|| {
        let (sink, plugins) = (SmtpSink::start(), Plugins::new());
        plugins.ping("127.0.0.1", "OCCCCCCO");
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let plugins = plugins.dir().display().to_string();
            fs::write(path, text.replace("DIR", &plugins)).unwrap();
        }
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let setup = Setup { config: dir.path(), plugins: plugins.dir(), speed: SPEED, sink: &sink };
        let engine = start(&setup);
        let over = wait_until(Duration::from_mins(2), || sink.mails().len() > 1);
        let seen = format!(
            "{}\n{:#?}\n{:#?}\n{}",
            engine.log(),
            sink.mails(),
            plugins.calls(),
            engine.output()
        );
        assert!(over, "no two mails: {seen}");
        told(&engine, &sink, &plugins, &seen);
    });
}

fn told(engine: &Engine, sink: &SmtpSink, plugins: &Plugins, seen: &str) {
    let events: Vec<Event> = engine.events();
    let bad = |event: &&Event| {
        event.result_of("web1", "ping").is_some_and(|(state, _, _)| state == "CRITICAL")
    };
    let failures: Vec<&Event> = events.iter().filter(bad).collect();
    let kinds: Vec<_> = failures.iter().map(|it| it.result_of("web1", "ping").unwrap().1).collect();
    assert_eq!(kinds, ["SOFT", "SOFT", "SOFT", "HARD"], "{seen}");
    let lasted = failures[3].at - failures[0].at;
    // Fifteen minutes, of which Icinga leaves out up to 5 %, and a result of Nagios waits for its reaper.
    assert!((840..=945).contains(&lasted), "{lasted} s: {seen}");
    let subjects: Vec<String> = sink.mails().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["PROBLEM ping", "RECOVERY ping"], "{seen}");
    assert!(sink.mails().iter().all(|mail| mail.to == ["operator@example.test"]), "{seen}");
    let calls = plugins.calls();
    assert!((2..=4).contains(&calls.len()), "{} calls: {seen}", calls.len());
    assert!(calls.iter().all(|call| call.is_about("web1", "ping")), "{seen}");
    let after = calls[0].at.abs_diff(failures[3].at);
    assert!(after <= 60, "a call {after} s after HARD: {seen}");
}

#[test]
fn icinga2_lives_thirty_times_as_fast() {
    fails_six_times(&[("trial.conf", ICINGA)], Engine::icinga2);
}

#[test]
fn nagios4_lives_thirty_times_as_fast() {
    let settings = "interval_length=60\nenable_flap_detection=0\n";
    fails_six_times(
        &[("settings.cfg", settings), ("objects/trial.cfg", &nagios())],
        Engine::nagios4,
    );
}

#[test]
fn an_engine_is_reloaded_killed_and_started_again() {
    let network = Namespace::network();
    network.must(Command::new("ip").args(["link", "set", "lo", "up"]));
    network.inside(|| {
        let (sink, plugins, dir) =
            (SmtpSink::start(), Plugins::new(), tempfile::tempdir().unwrap());
        let text = ICINGA.replace("DIR", &plugins.dir().display().to_string());
        fs::write(dir.path().join("trial.conf"), text).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let setup = Setup { config: dir.path(), plugins: plugins.dir(), speed: 1, sink: &sink };
        let mut engine = Engine::icinga2_with_api(&setup, &Authority::new(), "");
        let listens = || std::net::TcpStream::connect(("127.0.0.1", 5665)).is_ok();
        assert!(wait_until(Duration::from_secs(30), listens), "{}", engine.output());
        let begun = |engine: &Engine| engine.output().matches("Activated all objects").count();
        let first = begun(&engine);
        engine.reload();
        assert!(
            wait_until(Duration::from_mins(1), || begun(&engine) > first),
            "{}",
            engine.output()
        );
        engine.kill();
        let second = begun(&engine);
        engine.start_again();
        assert!(
            wait_until(Duration::from_mins(1), || begun(&engine) > second),
            "{}",
            engine.output()
        );
    });
}
