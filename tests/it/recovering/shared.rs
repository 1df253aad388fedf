//! A server without an agent, whose power two monitoring servers can cut: the real `fence_ipmilan` and a simulated device, and a
//! real Icinga that keeps what they tell each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use firstaid::deadline::Deadline;
use firstaid::recover::server::icinga::Api;
use firstaid::recover::{Agent, Machine, Witnesses};
use serde_json::{Map, json};
use tempfile::TempDir;

use super::bmc::started;
use super::engine::settings;
use crate::engine::{Authority, Engine, Node, Plugins, Setup, SmtpSink, hand_over};
use crate::monitored;
use crate::rig::Bmc;
use crate::run::{Ran, run};
use crate::server::wait_until;

const CONFIG: &str = r#"
object Endpoint "master" { host = "127.0.0.1", log_duration = 0 }
object Zone "master" { endpoints = [ "master" ] }
object Host "web1" { check_command = "dummy", enable_active_checks = false }
object ApiUser "firstaid" { password = "secret", permissions = [ "actions/add-comment", "objects/query/*", "objects/modify/Host" ] }
"#;

/// Until the engine shows what it was told.
const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn now() -> u64 {
    UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// A monitoring server of the zone, with a ledger of its own.
pub(super) struct Monitor<'a> {
    name: &'a str,
    folder: TempDir,
    api: &'a Path,
}

impl<'a> Monitor<'a> {
    pub(super) fn new(name: &'a str, bmc: &Bmc, api: &'a Path) -> Self {
        let folder = monitored::folder();
        let check = folder.path().join("check");
        monitored::script(&check, "[ \"$2\" = 127.0.0.1 ] && exit 0\necho FAKE - dead\nexit 2\n");
        let machine = Machine {
            host: "web1".to_owned(),
            agent: Agent::None {},
            power: Some(bmc.power("admin", "secret", None)),
            checks: [("ping".to_owned(), vec![check.display().to_string()])].into(),
            witnesses: Witnesses { gateway: Some("127.0.0.1".to_owned()), canaries: Vec::new() },
            ..Machine::documented()
        };
        let line = serde_json::to_string(&machine).unwrap() + "\n";
        fs::write(folder.path().join("machines.jsonl"), line).unwrap();
        Self { name, folder, api }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A call about the dead server, with so many of its zone's other servers.
    pub(super) fn call(&self, peers: &str, last_ok: u64) -> Ran {
        let (last_ok, check) = (last_ok.to_string(), (now() - 5).to_string());
        let files =
            ["ledgers", "machines.jsonl", "off"].map(|it| self.path(it).display().to_string());
        let api = self.api.display().to_string();
        let words = [
            ["--host", "web1"],
            ["--via", "none"],
            ["--kind", "PROBLEM"],
            ["--state", "DOWN"],
            ["--state-type", "HARD"],
            ["--host-state", "DOWN"],
            ["--host-downtimes", "0"],
            ["--downtimes", "0"],
            ["--acknowledged", "0"],
            ["--reachable", "1"],
            ["--hosts-down", "1"],
            ["--hosts-up", "100"],
            ["--last-ok", &last_ok],
            ["--last-check", &check],
            ["--hard-since", &check],
            ["--node", self.name],
            ["--peers", peers],
            ["--ledgers", &files[0]],
            ["--machines", &files[1]],
            ["--switch", &files[2]],
            ["--api", &api],
        ];
        run(env!("CARGO_BIN_EXE_recover_service"), &words.concat())
    }
}

#[test]
fn the_power_of_a_server_is_cut_by_one_of_two_monitoring_servers() {
    let bmc = started("");
    bmc.network().inside(|| {
        let (sink, plugins, authority) = (SmtpSink::start(), Plugins::new(), Authority::new());
        let config = monitored::folder();
        fs::create_dir(config.path().join("zones.d")).unwrap();
        fs::write(config.path().join("zones.conf"), CONFIG).unwrap();
        hand_over(config.path());
        let node = Node {
            name: "master",
            zone: "master",
            address: "127.0.0.1",
            holds_configuration: false,
            authority: &authority,
        };
        let setup = Setup { config: config.path(), plugins: plugins.dir(), speed: 1, sink: &sink };
        let engine = Engine::icinga2_of(&node, &setup);
        let own = monitored::folder();
        let file = settings(own.path(), ("firstaid", "secret"), &authority.certificate());
        let monitor = |name| Monitor::new(name, &bmc, &file);
        let fault = now() - 1300;
        doubts(&bmc, &monitor("m0"), fault);
        let ran = monitor("m1").call("1/1", fault);
        assert!(ran.code == 0 && ran.first().contains("seen off and on again"), "{}", ran.stdout);
        let cycle = ["set power 0", "set power 1"];
        assert_eq!(bmc.switched().len(), cycle.len(), "{:?}", bmc.switched());
        for (line, wanted) in bmc.switched().iter().zip(cycle) {
            assert!(line.starts_with(wanted), "{line}");
        }
        let other = monitor("m2");
        for _ in 0..2 {
            let ran = other.call("1/1", fault);
            assert!(ran.code == 2 && ran.first().contains("m1 cut the power"), "{}", ran.stdout);
        }
        // What is said again and again is commented once.
        let comments = || engine.status().matches("needed: m1 cut the power").count();
        assert!(wait_until(LIMIT, || comments() > 0), "{}", engine.status());
        assert_eq!(comments(), 1, "{}", engine.status());
        assert_eq!(engine.status().matches("power cycle: the power was seen").count(), 1);
        // Another fault within the hour of the first.
        let ran = monitor("m2").call("1/1", fault + 60);
        assert!(ran.first().contains("m1 cut the power"), "{}", ran.stdout);
        future(&Api::read(&file).unwrap().unwrap(), &monitor("m2"), fault);
        assert_eq!(bmc.switched().len(), 2);
    });
}

/// Where the servers of a zone share no ledger, or can not ask it, none of them cuts.
fn doubts(bmc: &Bmc, monitor: &Monitor, fault: u64) {
    let missing =
        Monitor { api: Path::new("/nonexistent"), ..Monitor::new("m0", bmc, monitor.api) };
    let wrong = monitor.path("wrong.json");
    let text = fs::read_to_string(monitor.api).unwrap();
    fs::write(&wrong, text.replace("\"firstaid\"", "\"nobody\"")).unwrap();
    let wrong = Monitor { api: &wrong, ..Monitor::new("m0", bmc, monitor.api) };
    for (monitor, guard, reason) in [
        (missing, "shared ledger", "share no ledger"),
        // Whether it is suspended is asked before.
        (wrong, "suspension", "not accepted"),
    ] {
        let ran = monitor.call("1/1", fault);
        assert!(ran.first().contains(&format!("refused ({guard})")), "{}", ran.stdout);
        assert!(ran.stdout.contains(reason), "{}", ran.stdout);
    }
    assert_eq!(bmc.switched(), Vec::<String>::new());
}

/// A record that can not be true is a doubt.
fn future(api: &Api, monitor: &Monitor, fault: u64) {
    for record in [
        json!({"node": "m1", "at": now() + 86_400, "fault": "-@1"}),
        json!({"node": "m1"}),
        json!({"node": 1, "at": "soon", "fault": null}),
    ] {
        let vars = Map::from_iter([("firstaid_power".to_owned(), record)]);
        api.write_vars("web1", &vars, &Deadline::within(Duration::from_secs(9))).unwrap();
        let ran = monitor.call("1/1", fault);
        assert!(ran.first().contains("refused (shared ledger)"), "{}", ran.stdout);
    }
}
