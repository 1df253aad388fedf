//! What two real Icinga servers of one zone tell each other about the power of a host, also when one of them was away.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use firstaid::deadline::Deadline;
use firstaid::recover::server::icinga::Api;
use serde_json::{Map, json};
use tempfile::TempDir;

use super::bmc::started;
use super::engine::settings;
use super::shared::{Monitor, now};
use crate::engine::{Authority, Engine, Node, Plugins, Setup, SmtpSink, hand_over};
use crate::monitored;
use crate::server::wait_until;

const CONFIG: &str = r#"
object Endpoint "m1" { host = "127.0.0.1", log_duration = 0 }
object Endpoint "m2" { host = "127.0.0.2", log_duration = 0 }
object Zone "master" { endpoints = [ "m1", "m2" ] }
object Host "web1" { zone = "master", check_command = "dummy", enable_active_checks = false }
object ApiUser "firstaid" {
  password = "secret"
  permissions = [ "actions/add-comment", "objects/query/*", "objects/modify/Host" ]
}
"#;

/// Until the servers have found each other and told everything.
const TOLD: Duration = Duration::from_mins(1);

/// What all servers of the zone have.
struct Cluster {
    config: TempDir,
    sink: SmtpSink,
    plugins: Plugins,
    authority: Authority,
}

impl Cluster {
    fn new() -> Self {
        let config = monitored::folder();
        fs::create_dir(config.path().join("zones.d")).unwrap();
        fs::write(config.path().join("zones.conf"), CONFIG).unwrap();
        hand_over(config.path());
        let (sink, plugins, authority) = (SmtpSink::start(), Plugins::new(), Authority::new());
        Self { config, sink, plugins, authority }
    }

    /// A server that takes over what others write.
    fn node<'a>(&'a self, name: &'a str) -> Node<'a> {
        let (address, authority) = (address(name), &self.authority);
        Node { name, zone: "master", address, holds_configuration: false, authority }
    }

    /// Starts a server that has never run before.
    fn start(&self, node: &Node) -> Engine {
        let config = self.config.path();
        let setup = Setup { config, plugins: self.plugins.dir(), speed: 1, sink: &self.sink };
        Engine::icinga2_of(node, &setup)
    }

    /// The settings for a server's API.
    fn settings(&self, folder: &Path, name: &str) -> PathBuf {
        let file = settings(folder, ("firstaid", "secret"), &self.authority.certificate());
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("https://127.0.0.1", &format!("https://{}", address(name)));
        let own = folder.join(format!("{name}.json"));
        fs::write(&own, text.replace("\"master\"", &format!("{name:?}"))).unwrap();
        own
    }
}

fn address(name: &str) -> &'static str {
    if name == "m1" { "127.0.0.1" } else { "127.0.0.2" }
}

/// Who cut the power last, as a server knows it.
fn cutter(api: &Api) -> Option<String> {
    let vars = api.read_vars("web1", &Deadline::within(TOLD)).unwrap();
    vars.get("firstaid_power")?["node"].as_str().map(str::to_owned)
}

#[test]
fn a_cut_is_known_to_a_server_that_was_away_and_each_server_hears_the_other() {
    let bmc = started("");
    bmc.network().inside(|| {
        let (cluster, own) = (Cluster::new(), monitored::folder());
        let files = ["m1", "m2"].map(|name| cluster.settings(own.path(), name));
        let [api1, api2] = files.each_ref().map(|file| Api::read(file).unwrap().unwrap());
        let fault = now() - 1300;
        let deaf = cluster.start(&Node { holds_configuration: true, ..cluster.node("m1") });
        let ran = Monitor::new("m1", &bmc, &files[0]).call("0/1", fault);
        assert!(ran.first().contains("accept_config is not true here"), "{}", ran.stdout);
        drop(deaf);

        let _m1 = cluster.start(&cluster.node("m1"));
        let ran = Monitor::new("m1", &bmc, &files[0]).call("0/1", fault);
        assert!(ran.first().contains("seen off and on again"), "{}", ran.stdout);
        assert_eq!((bmc.switched().len(), cutter(&api1).as_deref()), (2, Some("m1")));

        let m2 = cluster.start(&cluster.node("m2"));
        let hears = || cutter(&api2).as_deref() == Some("m1");
        assert!(wait_until(TOLD, hears), "{}", m2.output());
        let ran = Monitor::new("m2", &bmc, &files[1]).call("1/1", fault);
        assert!(ran.first().contains("m1 cut the power"), "{}", ran.stdout);
        assert_eq!(bmc.switched().len(), 2);

        let cut = json!({"node": "m2", "at": now(), "fault": "-@1"});
        let vars = Map::from_iter([("firstaid_power".to_owned(), cut)]);
        api2.write_vars("web1", &vars, &Deadline::within(TOLD)).unwrap();
        assert!(wait_until(TOLD, || cutter(&api1).as_deref() == Some("m2")), "{}", m2.output());
    });
}
