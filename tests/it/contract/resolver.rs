//! Names that resolve late, not at all, or not because nobody can be asked.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::form::assert_form;
use super::plugin::{Plugin, network};
use super::target::{Answer, NameServer};
use crate::namespace::Namespace;
use crate::run::{Ran, finish};

/// Runs every network check on a name, on a machine whose resolver is configured so; with a name server where one is given.
fn with_resolver(
    configuration: &str,
    answer: Option<Answer>,
    judge: impl Fn(&Plugin, &Ran) + Sync,
) {
    let (net, mounts) = (Namespace::network(), Namespace::mounts());
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("resolv.conf");
    fs::write(&file, configuration).expect("write");
    thread::scope(|scope| {
        let run = scope.spawn(|| {
            mounts.enter();
            net.enter();
            must(Command::new("mount").arg("--bind").arg(&file).arg("/etc/resolv.conf"));
            must(Command::new("ip").args(["link", "set", "lo", "up"]));
            let _server = answer.map(|answer| NameServer::start(53, answer));
            for plugin in network() {
                let line = line(&plugin);
                let ran = finish(&mut plugin.command(&line));
                assert_form(&plugin, &line, &ran);
                judge(&plugin, &ran);
            }
        });
        run.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

fn must(command: &mut Command) {
    let status = command.status().expect("it starts");
    assert!(status.success(), "{command:?}: {status}");
}

/// A command line with a name in the place of an address. What `check_dns` looks up is its subject; its server has the name here.
fn line(plugin: &Plugin) -> Vec<String> {
    let named: Vec<String> =
        plugin.target.iter().map(|it| it.replace("127.0.0.1", "host.example.test")).collect();
    assert!(named.contains(&"host.example.test".to_owned()), "check_{}", plugin.name);
    ["-t", "1"].iter().map(|it| (*it).to_owned()).chain(named).collect()
}

#[test]
fn a_resolver_that_never_answers_is_critical_within_the_time_limit() {
    with_resolver("nameserver 127.0.0.1\n", Some(Answer::Nothing), |plugin, ran| {
        let of = format!("check_{}: {ran:?}", plugin.name);
        assert!(ran.took < Duration::from_millis(1500), "{of}");
        assert!(
            ran.code == 2
                && ran.first().contains("(resolve)")
                && ran.first().contains("host.example.test"),
            "{of}"
        );
    });
}

#[test]
fn a_name_that_does_not_exist_is_critical() {
    with_resolver("nameserver 127.0.0.1\n", Some(Answer::NoName), |plugin, ran| {
        let of = format!("check_{}: {ran:?}", plugin.name);
        assert!(
            ran.code == 2 && ran.first().contains("name host.example.test does not resolve"),
            "{of}"
        );
    });
}

#[test]
fn without_a_resolver_nothing_is_known_of_the_target() {
    for configuration in ["", "# nothing\nsearch example.test\n"] {
        with_resolver(configuration, None, |plugin, ran| {
            let of = format!("check_{}: {ran:?}", plugin.name);
            assert!(ran.code == 3 && ran.first().contains("/etc/resolv.conf"), "{of}");
        });
    }
}
