//! Icinga's API, asked as recovery does: a master with an agent, both real.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use firstaid::deadline::Deadline;
use firstaid::recover::Told;
use firstaid::recover::server::agent::{Asked, Want, ask_by};
use firstaid::recover::server::icinga::{Api, Object};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::engine::{Authority, Engine, Node, Plugins, Setup, SmtpSink, hand_over};
use crate::monitored;
use crate::nrpe::network;
use crate::server::wait_until;

/// What both servers know. The agent's commands are fixed lines.
const CONFIG: &str = r#"
object Endpoint "master" { host = "127.0.0.1", log_duration = 0 }
object Endpoint "agent" { host = "127.0.0.2", log_duration = 0 }
object Zone "master" { endpoints = [ "master" ] }
object Zone "agent" { endpoints = [ "agent" ], parent = "master" }
object EventCommand "firstaid_reboot" {
  command = [ "/bin/sh", "-c", "echo RECOVER OK - begun on $$0; echo 'TOLD'; exit 1", NodeName ]
}
"#;

/// What the master alone knows.
const MASTER: &str = r#"
object Host "web1" { check_command = "dummy", vars.known = "yes", enable_active_checks = false }
object Host "firstaid-agent-agent" { zone = "agent", check_command = "dummy", enable_active_checks = false }
object Service "ssh" { host_name = "web1", check_command = "dummy", enable_active_checks = false }
object Host "bare" { check_command = "dummy", enable_active_checks = false }
object ApiUser "firstaid" {
  password = "pass \"word\""
  permissions = [ "actions/add-comment", "actions/execute-command", "objects/query/*", "objects/modify/Host" ]
}
object ApiUser "reader" { password = "reader", permissions = [ "objects/query/Host" ] }
"#;

/// What the agent alone knows: its fixture waits for an object.
const AGENT: &str = "object Host \"own\" { check_command = \"dummy\" }\n";

const LIMIT: Duration = Duration::from_secs(15);
/// A time to come.
const LATER: u64 = 4_000_000_000;

fn deadline() -> Deadline {
    Deadline::within(LIMIT)
}

/// Settings for a user, below a folder.
pub(super) fn settings(folder: &Path, (user, password): (&str, &str), ca: &Path) -> PathBuf {
    let path = folder.join(format!("{user}.password"));
    fs::write(&path, password).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let text = json!({
        "url": "https://127.0.0.1", "name": "master", "user": user, "password_file": path, "ca": ca,
    });
    let file = folder.join(format!("{user}.json"));
    fs::write(&file, text.to_string()).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    file
}

fn api(folder: &Path, user: (&str, &str), ca: &Path) -> Api {
    Api::read(&settings(folder, user, ca)).unwrap().unwrap()
}

fn known() -> Told {
    Told { machine: "m".to_owned(), boot: "b".to_owned(), age: 9000, ..Told::default() }
}

/// A folder of configuration as the fixture of engines takes it.
fn folder(text: &str) -> TempDir {
    let folder = monitored::folder();
    fs::create_dir(folder.path().join("zones.d")).unwrap();
    let told = known().line().replace('"', "\\\"");
    fs::write(folder.path().join("zones.conf"), text.replace("TOLD", &told)).unwrap();
    hand_over(folder.path());
    folder
}

#[test]
fn the_api_takes_comments_keeps_variables_and_runs_commands_on_agents() {
    let network = network();
    network.inside(|| {
        let (sink, plugins, authority) = (SmtpSink::start(), Plugins::new(), Authority::new());
        let configs = [folder(&format!("{CONFIG}{MASTER}")), folder(&format!("{CONFIG}{AGENT}"))];
        let start = |name, address, config: &TempDir| {
            let holds_configuration = name == "master";
            let node =
                Node { name, zone: name, address, holds_configuration, authority: &authority };
            let setup =
                Setup { config: config.path(), plugins: plugins.dir(), speed: 1, sink: &sink };
            Engine::icinga2_of(&node, &setup)
        };
        let engines =
            [start("master", "127.0.0.1", &configs[0]), start("agent", "127.0.0.2", &configs[1])];
        let own = monitored::folder();
        let ca = authority.certificate();
        let api_of = |user| api(own.path(), user, &ca);
        let ours = api_of(("firstaid", "pass \"word\"\n"));
        comments(&ours, &engines[0]);
        variables(&ours, &api_of(("reader", "reader")));
        strangers(own.path(), &ca);
        executions(&ours, engines);
    });
}

fn comments(api: &Api, engine: &Engine) {
    let text = "RECOVER OK - restart of ssh: \"quoted\", {{ braces }}; $macro$ | 日本";
    for object in [Object::Host("web1"), Object::Service("web1", "ssh")] {
        api.comment(object, (text, LATER), &deadline()).unwrap();
    }
    for object in [Object::Host("web2"), Object::Service("web1", "smtp"), Object::Host("*")] {
        assert!(api.comment(object, ("x", LATER), &deadline()).is_err(), "{object:?}");
    }
    let kept = || engine.status().matches("restart of ssh: \"quoted\", {{ braces }}").count();
    assert!(wait_until(LIMIT, || kept() == 2), "{} comments are kept", kept());
}

fn variables(api: &Api, reader: &Api) {
    let known = Map::from_iter([("known".to_owned(), json!("yes"))]);
    assert_eq!(api.read_vars("web1", &deadline()).unwrap(), known);
    assert_eq!(api.read_vars("bare", &deadline()).unwrap(), Map::new());
    let record = json!({"at": 1_800_000_000, "event": "intent", "text": "a \"b\" {{ c }}"});
    for host in ["web1", "bare"] {
        let vars = Map::from_iter([("firstaid_power".to_owned(), record.clone())]);
        api.write_vars(host, &vars, &deadline()).unwrap();
        let found = api.read_vars(host, &deadline()).unwrap();
        let text = |value: &Value| value["text"].as_str().map(str::to_owned);
        assert_eq!(text(&found["firstaid_power"]), text(&record), "{host}");
        assert_eq!(found["firstaid_power"]["at"].as_f64(), Some(1_800_000_000.0), "{host}");
        assert_eq!(found.get("known").is_some(), host == "web1", "the others stay");
    }
    let dotted = Map::from_iter([("a.b".to_owned(), json!(1))]);
    assert!(api.write_vars("web1", &dotted, &deadline()).is_err());
    assert!(api.read_vars("web2", &deadline()).is_err());
    let vars = Map::from_iter([("x".to_owned(), json!(1))]);
    // Icinga shows nothing to one who may not change it.
    assert!(reader.read_vars("web1", &deadline()).is_ok());
    assert!(reader.write_vars("web1", &vars, &deadline()).is_err());
    assert!(!api.read_vars("web1", &deadline()).unwrap().contains_key("x"));
}

fn executions(api: &Api, engines: [Engine; 2]) {
    let connected = || api.connected("agent", &deadline()).unwrap();
    assert!(wait_until(Duration::from_mins(1), connected), "{}", engines[1].output());
    let asking = |want| ask_by(api, ("127.0.0.1", "agent"), want, &Deadline::within(LIMIT / 3));
    let line = "RECOVER OK - begun on agent".to_owned();
    assert_eq!(asking(Want::Reboot), Asked::Told { code: 1, line, told: known() });
    let undefined = asking(Want::Restart("ssh"));
    assert!(matches!(undefined, Asked::Unclear(_)), "{undefined:?}");
    assert!(api.execute("nobody", "firstaid_reboot", &deadline()).is_err());
    assert!(api.connected("nobody", &deadline()).is_err());
    let [_master, agent] = engines;
    drop(agent);
    assert!(wait_until(Duration::from_mins(1), || !connected()), "the agent is gone");
    let gone = asking(Want::Reboot);
    assert!(matches!(gone, Asked::Refused(_)), "the machine answers echoes: {gone:?}");
}

fn strangers(folder: &Path, ca: &Path) {
    let wrong = api(folder, ("firstaid", "wrong"), ca);
    let error = format!("{:#}", wrong.read_vars("web1", &deadline()).unwrap_err());
    assert!(error.contains("not accepted"), "{error}");
    let other = Authority::new();
    let distrusting = api(folder, ("firstaid", "pass \"word\""), &other.certificate());
    let error = format!("{:#}", distrusting.read_vars("web1", &deadline()).unwrap_err());
    assert!(error.contains("TLS"), "{error}");
}
