//! Two masters and a satellite, in real seconds: time-outs between servers would not survive a fast clock.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::verdict::Verdict;
use crate::engine::{Authority, Call, Engine, Node, Plugins, Setup, SmtpSink, hand_over};
use crate::namespace::Namespace;
use crate::run::run;
use crate::server::{Server, wait_until};

/// Seconds between two checks: fewer than an inventory may ask for, so that the story takes two minutes, not ten.
const INTERVAL: u64 = 5;
/// Until every server has the configuration, and each object the one server that checks it.
const SETTLED: Duration = Duration::from_mins(3);
/// Until the 4th failure, and three calls more.
const OBSERVED: Duration = Duration::from_mins(2);

const NODES: [(&str, &str, &str); 3] = [
    ("master1", "master", "127.0.0.1"),
    ("master2", "master", "127.0.0.2"),
    ("satellite", "edge", "127.0.0.3"),
];

#[test]
fn each_alert_comes_once_and_each_call_from_one_zone() {
    let network = Namespace::network();
    network.must(Command::new("ip").args(["link", "set", "lo", "up"]));
    network.inside(|| {
        let (sink, plugins, authority) = (SmtpSink::start(), Plugins::new(), Authority::new());
        let daemons = [Server::sshd(), Server::sshd()];
        let dir = tempfile::tempdir().unwrap();
        generate(dir.path(), &plugins, &daemons);
        let config = dir.path().join("out/icinga2");
        let setup = Setup { config: &config, plugins: plugins.dir(), speed: 1, sink: &sink };
        let engines = NODES.map(|(name, zone, address)| {
            let holds_configuration = name == "master1";
            Engine::icinga2_of(
                &Node { name, zone, address, holds_configuration, authority: &authority },
                &setup,
            )
        });
        all_is_well(&engines);
        drop(daemons);
        let hosts = ["near", "far"];
        let calls = |host| plugins.calls().iter().filter(|it| it.value("--host") == host).count();
        let called = wait_until(OBSERVED, || hosts.iter().all(|host| calls(*host) >= 3));
        let mut verdict = Verdict::on(&engines[0], &sink, &plugins);
        verdict.claim(called, "not three calls for each host");
        for (host, zone) in [("near", "master"), ("far", "edge")] {
            verdict.claim_mails((host, "ssh"), 1, 0);
            one_zone(&mut verdict, host, zone);
        }
        verdict.end();
        one_master_ends(engines.into(), &plugins, &sink);
    });
}

/// The master that calls about a host ends: the other one takes over, tells nobody again, and says that it is alone.
fn one_master_ends(mut engines: Vec<Engine>, plugins: &Plugins, sink: &SmtpSink) {
    let calls = || -> Vec<Call> {
        let calls = plugins.calls().into_iter();
        calls.filter(|call| call.value("--host") == "near").collect()
    };
    let before = calls();
    let caller = before.last().expect("there were three").value("--node").to_owned();
    let at = NODES.iter().position(|(name, ..)| *name == caller).expect("a master calls");
    drop(engines.remove(at));
    let taken_over = || calls().iter().filter(|call| call.value("--node") != caller).count() >= 3;
    let taken = wait_until(OBSERVED, taken_over);
    let mut verdict = Verdict::on(&engines[0], sink, plugins);
    verdict.claim(taken, format!("nobody took over from {caller}"));
    verdict.claim_mails(("near", "ssh"), 1, 0);
    let mut calls =
        calls().into_iter().skip(before.len()).skip_while(|it| it.value("--node") == caller);
    let alone = calls.all(|it| it.value("--node") != caller && it.value("--peers") == "0/1");
    verdict.claim(alone, "after the fail-over the other master calls, and sees nobody");
    verdict.end();
}

fn generate(dir: &Path, plugins: &Plugins, daemons: &[Server; 2]) {
    fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    let [near, far] = daemons.each_ref().map(Server::port);
    let inventory = dir.join("hosts.toml");
    let text = format!(
        "[site]\nlayout = \"cluster\"\nplugins = \"{}\"\ninterval = 60\n\n\
         [[contact]]\nname = \"oncall\"\nemail = \"oncall@example.test\"\n\n\
         [[zone]]\nname = \"master\"\nendpoints = [\n  {{ name = \"master1\", address = \"127.0.0.1\" }},\n\
         \x20 {{ name = \"master2\", address = \"127.0.0.2\" }},\n]\n\n\
         [[zone]]\nname = \"edge\"\nparent = \"master\"\nendpoints = [{{ name = \"satellite\", address = \"127.0.0.3\" }}]\n\n\
         [[host]]\nname = \"near\"\naddress = \"127.0.0.1\"\nos = \"debian\"\nagent = \"ssh\"\nresources = []\nservices = [\"ssh\"]\n\
         [host.service.ssh]\nport = {near}\n\n\
         [[host]]\nname = \"far\"\naddress = \"127.0.0.1\"\nos = \"debian\"\nagent = \"ssh\"\nresources = []\nservices = [\"ssh\"]\nzone = \"edge\"\n\
         [host.service.ssh]\nport = {far}\n",
        plugins.dir().display()
    );
    fs::write(&inventory, text).unwrap();
    let out = dir.join("out").display().to_string();
    let inventory = inventory.display().to_string();
    let ran = run(
        env!("CARGO_BIN_EXE_firstaid"),
        &["generate", "--inventory", &inventory, "--out", &out],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    hasten(&dir.join("out/icinga2/zones.d"));
    hand_over(dir);
}

/// Shortens every interval of a minute.
fn hasten(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            hasten(&path);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("interval = 1m\n", &format!("interval = {INTERVAL}s\n")))
                .unwrap();
        }
    }
}

/// Each server knows the hosts of its zone and of those below it.
fn all_is_well(engines: &[Engine; 3]) {
    let well = |engine: &Engine, hosts: usize| {
        let objects = engine.objects();
        objects.len() == hosts * 3 && objects.iter().all(crate::engine::Object::is_ok)
    };
    let all = || well(&engines[0], 2) && well(&engines[1], 2) && well(&engines[2], 1);
    let seen = || {
        let each = engines.iter().zip(NODES);
        let texts = each.map(|(engine, (name, ..))| {
            format!("{name}: {:#?}\n{}", engine.objects(), engine.output())
        });
        texts.collect::<String>()
    };
    assert!(wait_until(SETTLED, all), "not well after {SETTLED:?}: {}", seen());
}

/// Claims that one server of this zone calls at each interval, and says that it sees the others.
fn one_zone(verdict: &mut Verdict, host: &str, zone: &str) {
    let calls: Vec<Call> = verdict.calls_on(host);
    let others: Vec<&Call> = calls.iter().filter(|call| call.value("--zone") != zone).collect();
    verdict.claim(
        others.is_empty(),
        format!("{host}: calls from another zone than {zone}: {others:?}"),
    );
    let gaps: Vec<u64> = calls.windows(2).map(|pair| pair[1].at.abs_diff(pair[0].at)).collect();
    let spaced = gaps.iter().all(|gap| *gap >= INTERVAL - 1);
    verdict.claim(spaced, format!("{host}: calls {gaps:?} s after each other"));
    let seen = calls
        .first()
        .map(|call| (call.value("--peers").to_owned(), call.value("--parents").to_owned()));
    let wanted = if zone == "master" { ("1/1", "0/0") } else { ("0/0", "2/2") };
    let as_wanted =
        seen.as_ref().is_some_and(|(peers, parents)| (peers.as_str(), parents.as_str()) == wanted);
    verdict.claim(as_wanted, format!("{host}: peers and parents {seen:?}, not {wanted:?}"));
}
