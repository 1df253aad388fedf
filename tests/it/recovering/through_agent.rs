//! A restart through an Icinga agent, with the configuration as it is generated and sudo's rules as they are.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use firstaid::config;
use firstaid::deadline::Deadline;
use firstaid::policy::Policy;
use firstaid::recover::server::icinga::{Api, Object};
use serde_json::json;
use tempfile::TempDir;

use super::engine::settings;
use crate::engine::{Authority, Engine, Node, Plugins, Setup, SmtpSink, hand_over};
use crate::monitored;
use crate::namespace::Namespace;
use crate::nrpe::network;
use crate::run::{Ran, run};
use crate::server::wait_until;

/// What recovery asks the server for, where only root may: it restarts by making a file. The engine's own calls are noted.
const ACTS: &str = r#"
cd "${0%/*}" || exit 3
[ "$(id -u)" = 0 ] || { echo "$*" >> calls; exit 3; }
echo "$*" >> acts
[ "$*" = "--act restart --service ssh" ] && echo "$(date +%s)" > runs
echo "RECOVER OK - a server"
job=null
[ -e runs ] && job="{\"id\":1,\"act\":\"restart\",\"service\":\"ssh\",\"state\":\"done\",\"since\":$(($(date +%s) - $(cat runs))),\"text\":\"it runs\"}"
echo "{\"machine\":\"0123\",\"boot\":\"b\",\"age\":90000,\"job\":$job,\"acts\":{},\"answers\":{\"ssh\":false}}"
"#;

/// The service is well when it was restarted.
const CHECK: &str = "cd \"${0%/*}\" || exit 3\n[ -e runs ] && { echo 'SSH OK - it runs'; exit 0; }\n\
                     echo 'SSH CRITICAL - \"nothing\" there; {{ braces }} $macro$'; exit 2";

/// Somebody who makes the engine call at once.
const OPERATOR: &str = r#"
object ApiUser "operator" { password = "any", permissions = [ "actions/send-custom-notification" ] }
"#;

const LIMIT: Duration = Duration::from_mins(1);

/// The same folder of configuration for a server, with something of its own.
fn folder(inventory: &str, own: &str) -> TempDir {
    let (folder, generated) = (monitored::folder(), monitored::inventory(inventory));
    monitored::put(&config::all(Policy::documented(), &generated), folder.path());
    let zones = folder.path().join("icinga2/zones.conf");
    let text = fs::read_to_string(&zones).unwrap();
    fs::write(&zones, format!("{text}\n{own}")).unwrap();
    hand_over(folder.path());
    folder
}

fn inventory(plugins: &Path) -> String {
    format!(
        "[site]\nlayout = \"cluster\"\nplugins = \"{}\"\n\
         [[zone]]\nname = \"master\"\nendpoints = [{{ name = \"master\", address = \"127.0.0.1\" }}]\n\
         [[host]]\nname = \"web1\"\naddress = \"127.0.0.2\"\nos = \"debian\"\nagent = \"icinga\"\nresources = []\nservices = [\"ssh\"]\n\
         icinga = {{ endpoint = \"agent1\", address = \"127.0.0.2\" }}\n",
        plugins.display()
    )
}

#[test]
fn a_service_is_restarted_through_an_agent_by_the_generated_configuration() {
    let (network, mounts) = (network(), Namespace::mounts());
    let (sink, plugins, authority) = (SmtpSink::start(), Plugins::new(), Authority::new());
    let programs = plugins.dir();
    for (name, text) in [("recover_service", ACTS), ("check_ssh_banner", CHECK)] {
        fs::remove_file(programs.join(name)).unwrap();
        monitored::script(&programs.join(name), text);
    }
    let inventory = inventory(programs);
    let user = include_str!("../../../packaging/example/api-user.conf");
    let configs = [
        folder(&inventory, &format!("{}{OPERATOR}", user.replace("CHANGE ME", "secret"))),
        // Its fixture waits for an object.
        folder(&inventory, "object Host \"own\" { check_command = \"dummy\" }"),
    ];
    let rules = configs[1].path().join("own-sudoers");
    fs::copy(configs[1].path().join("sudoers/firstaid"), &rules).unwrap();
    fs::set_permissions(&rules, Permissions::from_mode(0o440)).unwrap();
    nix::unistd::chown(&rules, Some(0.into()), Some(0.into())).unwrap();
    mounts.must(Command::new("mount").arg("--bind").arg(&rules).arg("/etc/sudoers"));
    let start = |name, zone, address, config: &TempDir| {
        let holds_configuration = name == "master";
        let node = Node { name, zone, address, holds_configuration, authority: &authority };
        let config = config.path().join("icinga2");
        Engine::icinga2_of(
            &node,
            &Setup { config: &config, plugins: plugins.dir(), speed: 1, sink: &sink },
        )
    };
    network.inside(|| {
        let master = start("master", "master", "127.0.0.1", &configs[0]);
        let agent = mounts.inside(|| start("agent1", "agent1", "127.0.0.2", &configs[1]));
        let own = monitored::folder();
        let api = settings(own.path(), ("firstaid", "secret"), &authority.certificate());
        let machines = configs[0].path().join("recovery/machines.jsonl");
        let operator = settings(own.path(), ("operator", "any"), &authority.certificate());
        counted(&master, &Api::read(&operator).unwrap().unwrap(), programs);
        let began = UNIX_EPOCH.elapsed().unwrap().as_secs();
        let call = || call(own.path(), &api, &machines, began - 1200);
        let mut ran = call();
        // Until the agent is connected and has its commands, nobody can tell, and nothing is done.
        let acted = wait_until(LIMIT, || {
            ran = if ran.code == 0 { ran.clone() } else { call() };
            ran.code == 0
        });
        let acts = fs::read_to_string(programs.join("acts")).unwrap_or_default();
        assert!(acted, "{ran:?}\n{acts}{}{}", master.output(), agent.output());
        assert!(ran.first().contains("restarted ssh: it runs"), "{}", ran.first());
        assert_eq!(acts.matches("--act restart --service ssh\n").count(), 1, "{acts}");
        let told = || master.status().contains("comment_data=restarted ssh: it runs");
        assert!(wait_until(LIMIT, told), "no comment: {}", master.status());
    });
}

/// The host that stands for the agent is neither up nor down in what the engine tells.
fn counted(master: &Engine, operator: &Api, programs: &Path) {
    let up = || master.objects().iter().any(|it| it.name() == "web1" && it.is_ok());
    assert!(wait_until(LIMIT, up), "{}", master.output());
    let parameters =
        [("author", json!("somebody")), ("comment", json!("x")), ("force", json!(true))];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    let (object, limit) = (Object::Service("web1", "ssh"), Deadline::within(LIMIT));
    operator.act("send-custom-notification", object, parameters, &limit).unwrap();
    let calls = || fs::read_to_string(programs.join("calls")).unwrap_or_default();
    assert!(wait_until(LIMIT, || calls().ends_with('\n')), "{}", master.output());
    let calls = calls();
    for words in ["--kind CUSTOM", "--via icinga", "--hosts-down 0", "--hosts-up 1"] {
        assert!(calls.contains(words), "{words}: {calls}");
    }
}

fn call(folder: &Path, api: &Path, machines: &Path, last_ok: u64) -> Ran {
    let recent = (UNIX_EPOCH.elapsed().unwrap().as_secs() - 5).to_string();
    let path = |path: &Path| path.display().to_string();
    let words = [
        ("--host", "web1".to_owned()),
        ("--service", "ssh".to_owned()),
        ("--via", "icinga".to_owned()),
        ("--kind", "PROBLEM".to_owned()),
        ("--state", "CRITICAL".to_owned()),
        ("--state-type", "HARD".to_owned()),
        ("--host-state", "UP".to_owned()),
        ("--host-downtimes", "0".to_owned()),
        ("--downtimes", "0".to_owned()),
        ("--acknowledged", "0".to_owned()),
        ("--reachable", "1".to_owned()),
        ("--hosts-down", "0".to_owned()),
        ("--hosts-up", "1".to_owned()),
        ("--wait", "20".to_owned()),
        ("--last-ok", last_ok.to_string()),
        ("--last-check", recent.clone()),
        ("--hard-since", recent),
        ("--ledgers", path(&folder.join("ledgers"))),
        ("--switch", path(&folder.join("off"))),
        ("--machines", path(machines)),
        ("--api", path(api)),
    ];
    let words = words.map(|(option, value)| [option.to_owned(), value]);
    run(env!("CARGO_BIN_EXE_recover_service"), words.as_flattened())
}
