//! The configuration of NRPE, as a real NRPE reads and serves it.

mod daemon;

use std::process::Command;

use firstaid::config::nrpe;
use firstaid::policy::Policy;

pub(crate) use daemon::{Certificates, Nrpe};

use crate::monitored;
use crate::namespace::Namespace;

const HOST: &str =
    "[[host]]\nname = \"web1\"\naddress = \"127.0.0.1\"\nos = \"centos\"\nservices = [\"ssh\"]\n";

/// A network of its own, where NRPE's port is free.
pub(crate) fn network() -> Namespace {
    let network = Namespace::network();
    network.must(Command::new("ip").args(["link", "set", "lo", "up"]));
    network
}

/// Names of the commands in a file.
fn commands(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("command[")?.split_once(']'))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_command_answers_a_caller_with_the_right_certificate() {
    let folder = monitored::folder();
    let plugins = monitored::plugins(folder.path());
    let text = format!("[site]\nplugins = \"{}\"\n{HOST}", plugins.display());
    let files = nrpe::write(Policy::documented(), &monitored::inventory(&text));
    assert_eq!(files.len(), 1);
    let (certificates, network) = (Certificates::new(), network());
    let nrpe = Nrpe::start(&files[0].text, &certificates, &network);
    let names = commands(&files[0].text);
    assert_eq!(names.len(), 3 + 10 + 3 + 3 + 16, "{names:?}");
    for name in names {
        let ran = nrpe.ask(name, &certificates.client("monitor"));
        let (state, said) = (ran.code, ran.stdout.trim_end());
        if ["firstaid_load", "firstaid_disk", "firstaid_mem"].contains(&name) {
            assert!((0..3).contains(&state), "{name}: {said}");
        } else {
            // NRPE's user has no rule for sudo on this machine; what matters is that sudo was asked, and heard.
            assert!(said.contains("password") || said.contains("sudo"), "{name}: {said}");
        }
    }
    // The test has looked once whether the port answers, without a handshake.
    let log = nrpe.log().to_lowercase();
    let mut complaints = log.lines().filter(|it| it.contains("error") || it.contains("warning"));
    assert!(complaints.all(|it| it.contains("could not complete ssl handshake")), "{log}");
}

#[test]
fn nobody_else_is_answered() {
    let files = nrpe::write(Policy::documented(), &monitored::inventory(HOST));
    let (certificates, strangers, network) = (Certificates::new(), Certificates::new(), network());
    let nrpe = Nrpe::start(&files[0].text, &certificates, &network);
    let of_another_authority = {
        let mut options = strangers.client("monitor");
        options[1] = certificates.path("ca.pem").display().to_string();
        options
    };
    let callers = [
        ("no certificate", Vec::new()),
        ("no TLS", vec!["-n".to_owned()]),
        ("anonymous TLS", vec!["-d".to_owned(), "2".to_owned()]),
        ("another authority's certificate", of_another_authority),
        ("a server's certificate", certificates.client("server/nrpe")),
        ("a caller who trusts another authority", strangers.client("monitor")),
    ];
    for (who, options) in callers {
        let ran = nrpe.ask("firstaid_mem", &options);
        assert!(ran.code == 3 && !ran.stdout.contains("MEM"), "{who}: {ran:?}");
    }
    let ran = nrpe.ask(
        "firstaid_mem",
        &[certificates.client("monitor"), vec!["-a".into(), "x".into()]].concat(),
    );
    assert!(ran.code == 3 && !ran.stdout.contains("MEM"), "arguments: {ran:?}");
}

#[test]
fn certificates_that_exist_are_kept() {
    let certificates = Certificates::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/nrpe-certificates");
    let folder = certificates.path("");
    let before = std::fs::read(certificates.path("server/nrpe.pem")).unwrap();
    let run = |host: &str| crate::run::run(script, &[folder.to_str().unwrap(), host]);
    assert_eq!(run("server").code, 0);
    assert_eq!(std::fs::read(certificates.path("server/nrpe.pem")).unwrap(), before);
    assert_eq!(run("second").code, 0);
    assert!(certificates.path("second/nrpe.pem").exists());
    assert_eq!(run("../x").code, 2);
    assert_eq!(crate::run::run(script, &[""; 0]).code, 2);
}

#[test]
fn a_server_with_bounds_of_its_own_has_a_file_of_its_own() {
    let text =
        format!("{HOST}[host.resource.disk]\nwarning = \"15%\"\npaths = [\"/\", \"/home\"]\n");
    let files = nrpe::write(Policy::documented(), &monitored::inventory(&text));
    let paths: Vec<_> = files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["nrpe/firstaid.cfg", "nrpe/hosts/web1.cfg"]);
    let line = "command[firstaid_disk]=/usr/lib/nagios/plugins/check_disk -p / -p /home -w 15% --plan core2duo\n";
    assert!(files[1].text.contains(line), "{}", files[1].text);
}
