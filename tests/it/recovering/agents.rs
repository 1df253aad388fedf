//! Asking servers to act: through a real NRPE, and where there is none.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use firstaid::config::nrpe;
use firstaid::policy::Policy;
use firstaid::recover::server::agent::{Asked, Want, ask};
use firstaid::recover::{Machine, Told};
use nix::sys::signal::Signal;

use crate::monitored;
use crate::namespace::Namespace;
use crate::nrpe::{Certificates, Nrpe, network};

/// Only an Icinga agent is asked through the API.
const NO_API: &str = "/nonexistent/api.json";
const LIMIT: Duration = Duration::from_secs(30);
/// NRPE's own port; the network is the test's own.
const PORT: u16 = 5666;

/// A server at an address whose NRPE is asked by the real client with these options.
fn machine(address: &str, options: &[String]) -> Machine {
    let mut words = ["/usr/lib/nagios/plugins/check_nrpe", "-u", "-t", "3", "-H", address]
        .map(str::to_owned)
        .to_vec();
    words.extend_from_slice(options);
    let agent = serde_json::json!({ "way": "nrpe", "words": words, "port": PORT });
    let machine = serde_json::json!({
        "host": "web1", "address": address, "acts": true, "interval": 300, "attempts": 4, "stage_waits": 1,
        "outside_only": "restart", "agent": agent, "checks": {},
    });
    Machine::read(machine.to_string().as_bytes()).unwrap()
}

fn known() -> Told {
    Told { machine: "m".to_owned(), boot: "b".to_owned(), age: 9000, ..Told::default() }
}

/// The generated NRPE file, with a program in the place of `recover_service`.
fn generated(plugins: &std::path::Path) -> String {
    std::fs::create_dir(plugins).unwrap();
    let told = known().line();
    let script = format!("echo \"RECOVER OK - $*\"\necho '{told}'\nexit 1");
    monitored::script(&plugins.join("recover_service"), &script);
    let text = format!(
        "[site]\nplugins = \"{}\"\n[[host]]\nname = \"web1\"\naddress = \"127.0.0.1\"\nos = \"centos\"\n",
        plugins.display()
    );
    nrpe::write(Policy::documented(), &monitored::inventory(&text)).remove(0).text
}

#[test]
fn nrpe_passes_on_what_the_server_tells_and_nothing_else_counts() {
    let (folder, network) = (monitored::folder(), network());
    let (certificates, strangers) = (Certificates::new(), Certificates::new());
    let file = generated(&folder.path().join("plugins"));
    // This machine's sudo has no rule for NRPE's user; with the file as it is generated, it refuses.
    let straight = file.replace("/usr/bin/sudo -n ", "");
    let straight: String = straight
        .lines()
        .filter(|line| !line.contains("firstaid_reboot"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let ours = machine("127.0.0.1", &certificates.client("monitor"));
    let strange = machine("127.0.0.1", &strangers.client("monitor"));
    let asking =
        |machine: &Machine, want| network.inside(|| ask(machine, NO_API.as_ref(), want, LIMIT));

    let nrpe = Nrpe::start(&straight, &certificates, &network);
    let line = "RECOVER OK - --act restart --service ssh".to_owned();
    let told = Asked::Told { code: 1, line, told: known() };
    assert_eq!(asking(&ours, Want::Restart("ssh")), told);
    for (asked, why) in [
        (asking(&ours, Want::Reboot), "not defined"),
        (asking(&strange, Want::Result), "CHECK_NRPE"),
        (asking(&machine("127.0.0.1", &[]), Want::Result), "CHECK_NRPE"),
    ] {
        assert!(matches!(&asked, Asked::Unclear(text) if text.contains(why)), "{why}: {asked:?}");
    }

    nrpe.signal(Signal::SIGSTOP);
    let start = Instant::now();
    let asked = asking(&ours, Want::Result);
    assert!(matches!(asked, Asked::Silent(_)), "frozen: {asked:?}");
    assert!(start.elapsed() < Duration::from_secs(15));
    nrpe.signal(Signal::SIGCONT);
    drop(nrpe);
    let asked = asking(&ours, Want::Result);
    assert!(matches!(asked, Asked::Refused(_)), "gone: {asked:?}");

    let _nrpe = Nrpe::start(&file, &certificates, &network);
    let asked = asking(&ours, Want::Reboot);
    assert!(matches!(&asked, Asked::Unclear(text) if text.contains("sudo")), "{asked:?}");
}

#[test]
fn one_that_accepts_and_says_nothing_is_silent() {
    let network = network();
    network.inside(|| {
        let _listener = TcpListener::bind(("127.0.0.1", PORT)).unwrap();
        let asked =
            ask(&machine("127.0.0.1", &["-n".to_owned()]), NO_API.as_ref(), Want::Result, LIMIT);
        assert!(matches!(asked, Asked::Silent(_)), "{asked:?}");
    });
}

/// A network with an address on a link, where nobody else is.
fn link() -> Namespace {
    let network = network();
    let ip = |words: &str| network.must(Command::new("ip").args(words.split(' ')));
    ip("link add one type veth peer name other");
    ip("address add 192.0.2.1/24 dev one");
    ip("link set one up");
    ip("link set other up");
    network
}

#[test]
fn a_machine_that_is_not_there_is_silent_and_one_behind_a_firewall_is_not() {
    let network = link();
    let asking = |address: &str| {
        let server = machine(address, &[]);
        network.inside(|| ask(&server, NO_API.as_ref(), Want::Result, Duration::from_secs(20)))
    };
    let dead = asking("192.0.2.2");
    assert!(matches!(dead, Asked::Silent(_)), "nobody has the address: {dead:?}");
    let elsewhere = asking("198.51.100.1");
    assert!(matches!(elsewhere, Asked::Unclear(_)), "no route: {elsewhere:?}");

    let rules = |verdict: &str| {
        let text = format!(
            "flush ruleset\ntable inet t {{ chain c {{ type filter hook input priority 0; tcp dport {PORT} {verdict}\n}}\n}}\n"
        );
        let folder = monitored::folder();
        let file = folder.path().join("rules");
        std::fs::write(&file, text).unwrap();
        network.must(Command::new("nft").arg("-f").arg(&file));
    };
    rules("reject with icmp type host-prohibited");
    let prohibited = asking("127.0.0.1");
    assert!(matches!(prohibited, Asked::Refused(_)), "its own firewall rejects: {prohibited:?}");
    rules("drop");
    let dropped = asking("127.0.0.1");
    assert!(matches!(dropped, Asked::Silent(_)), "its own firewall drops: {dropped:?}");
}
