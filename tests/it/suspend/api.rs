//! Windows in a real Icinga 2, asked by its API; and an API that is down, slow, or not the one that is meant.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use firstaid::deadline::Deadline;
use firstaid::recover::server::icinga::{Api, Object};
use serde_json::{Map, json};

use super::desk::Desk;
use crate::engine::{Authority, Engine, Node, Plugins, Setup, SmtpSink, hand_over};
use crate::monitored;
use crate::nrpe::network;
use crate::recover::fake::Fake;
use crate::server::wait_until;

const CONFIG: &str = r#"
object Endpoint "master" { host = "127.0.0.1", log_duration = 0 }
object Zone "master" { endpoints = [ "master" ] }
object Host "web1" { check_command = "dummy", enable_active_checks = false }
object Host "web2" { check_command = "dummy", enable_active_checks = false }
object Service "ssh" { host_name = "web1", check_command = "dummy", enable_active_checks = false }
object Service "http" { host_name = "web1", check_command = "dummy", enable_active_checks = false }
object Service "ssh" { host_name = "web2", check_command = "dummy", enable_active_checks = false }
object ApiUser "firstaid" {
  password = "right"
  permissions = [ "actions/schedule-downtime", "actions/remove-downtime", "objects/query/*" ]
}
"#;

fn deadline() -> Deadline {
    Deadline::within(Duration::from_secs(20))
}

/// Settings of the API, with this password and authority.
fn settings(desk: &Desk, (port, password): (u16, &str), ca: &Path) {
    let secret = desk.path("password");
    // Another file, so that its mode is never a wider one.
    let _ = fs::remove_file(&secret);
    fs::write(&secret, password).unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let text = json!({
        "url": format!("https://127.0.0.1:{port}"), "name": "master", "user": "firstaid",
        "password_file": secret, "ca": ca,
    });
    fs::write(desk.path("api.json"), text.to_string()).unwrap();
}

/// Requests a window that began an hour ago.
fn ask(desk: &Desk, why: &str) -> crate::run::Ran {
    let begun = jiff::Timestamp::now().as_second() - 3600;
    // The same window at each call: whole hours.
    let from = jiff::Timestamp::from_second(begun - begun % 3600).unwrap().to_string();
    let words = ["suspend", "web1", "--from", &from, "--why", why, "--override-deadline"];
    desk.firstaid(&[&words[..], &["--wait", "4"]].concat())
}

#[test]
fn the_api_has_one_downtime_of_everything_and_every_failure_is_told() {
    let network = network();
    network.inside(|| {
        let (sink, plugins, authority) = (SmtpSink::start(), Plugins::new(), Authority::new());
        let config = monitored::folder();
        fs::create_dir(config.path().join("zones.d")).unwrap();
        fs::write(config.path().join("zones.conf"), CONFIG).unwrap();
        hand_over(config.path());
        let node = Node {
            name: "master",
            zone: "master",
            address: "127.0.0.1",
            holds_configuration: true,
            authority: &authority,
        };
        let setup = Setup { config: config.path(), plugins: plugins.dir(), speed: 1, sink: &sink };
        let engine = Engine::icinga2_of(&node, &setup);
        let desk = Desk::without_nagios();
        failures(&desk, &authority);
        settings(&desk, (5665, "right"), &authority.certificate());
        let api = Api::read(&desk.path("api.json")).unwrap().unwrap();
        windows(&desk, &api, &engine);
        drop(engine);
        let down = ask(&desk, "nobody there");
        assert_eq!(down.code, 1);
        assert!(down.stdout.contains("  icinga  FAILED cannot ask Icinga"), "{}", down.stdout);
        assert!(down.stdout.contains("  record  ok "), "what holds here is said: {}", down.stdout);
    });
}

fn failures(desk: &Desk, authority: &Authority) {
    let right = authority.certificate();
    let other = Authority::new();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let slow = mute.local_addr().unwrap().port();
    for (port, password, ca, reason) in [
        (5665, "wrong", &right, "user or password are not accepted"),
        (5665, "right", &other.certificate(), "TLS"),
        (slow, "right", &right, "FAILED cannot ask Icinga"),
    ] {
        settings(desk, (port, password), ca);
        let ran = ask(desk, "a disk");
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        assert!(ran.stdout.contains("  icinga  FAILED "), "{}", ran.stdout);
        assert!(ran.stdout.contains(reason), "{reason}: {}", ran.stdout);
        assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
    }
    fs::set_permissions(desk.path("password"), Permissions::from_mode(0o644)).unwrap();
    let ran = ask(desk, "a disk");
    assert!(ran.code == 1 && ran.stderr.contains("its mode is 0644"), "{}", ran.stderr);
}

/// Recovery of a server of that name, whose own record knows no window.
fn held_by_its_word(desk: &Desk) {
    let (server, api) = (Fake::new(), desk.path("api.json").display().to_string());
    let held = server.call("ssh", 1200, &["--api", &api]);
    let why = "refused (suspension): Icinga has a downtime: a disk";
    assert!(held.first().contains(why), "{}", held.first());
    let nobody = desk.path("nobody.json");
    fs::write(&nobody, "{}").unwrap();
    let doubt = server.call("ssh", 1200, &["--api", &nobody.display().to_string()]);
    let why = "refused (suspension): Icinga does not say whether it has a downtime";
    assert!(doubt.first().contains(why), "{}", doubt.first());
    assert_eq!(server.acts(), Vec::<String>::new());
}

fn windows(desk: &Desk, api: &Api, engine: &Engine) {
    let count = |host: &str| api.downtimes(host, &deadline()).unwrap().len();
    let all = ask(desk, "a disk");
    assert_eq!(all.code, 0, "{}{}", all.stdout, all.stderr);
    assert!(all.stdout.contains("the host and 2 services in downtime"), "{}", all.stdout);
    assert_eq!((count("web1"), count("web2")), (3, 0));
    let again = ask(desk, "asked again, in other words");
    assert!(again.code == 0 && count("web1") == 3, "{}", again.stdout);
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let ours = api.downtimes("web1", &deadline()).unwrap();
    assert!(ours.iter().all(|it| it.is_ours() && it.window.holds(now)), "{ours:?}");
    let in_effect = || {
        let quiet = |it: &crate::engine::Object| it.value("scheduled_downtime_depth") == "1";
        engine.objects().iter().filter(|it| it.name().starts_with("web1") && quiet(it)).count()
    };
    assert!(wait_until(Duration::from_secs(30), || in_effect() == 3), "{}", engine.status());
    // One that is lost is made again, and no other.
    let none = Map::new();
    api.act("remove-downtime", Object::Service("web1", "ssh"), none, &deadline()).unwrap();
    assert_eq!(count("web1"), 2);
    assert_eq!(ask(desk, "a disk").code, 0);
    assert_eq!(count("web1"), 3);
    held_by_its_word(desk);
    let list = desk.firstaid(&["suspend", "--list"]).stdout;
    assert!(
        list.contains("web1: holds from ") && list.contains("\n  icinga: 3 downtimes\n"),
        "{list}"
    );
    let ended = desk.firstaid(&["resume", "web1", "--override-deadline", "--why", "done"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("3 downtimes removed"), "{}", ended.stdout);
    assert_eq!(count("web1"), 0);
    let (server, api) = (Fake::new(), desk.path("api.json").display().to_string());
    server.call("ssh", 1200, &["--api", &api]);
    assert_eq!(server.acts(), ["firstaid_restart_ssh"], "it holds no more");
    assert_eq!(ask(desk, "a disk").code, 0, "and once more");
    assert_eq!(count("web1"), 3);
}
