//! The rules for sudo, as sudo reads and obeys them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use firstaid::config::{nrpe, sudoers};
use firstaid::policy::Policy;
use firstaid::recover::suspension::spelling::Letter;

use crate::monitored;
use crate::namespace::Namespace;
use crate::run::run;

const HOST: &str = "[[host]]\nname = \"web1\"\naddress = \"127.0.0.1\"\nos = \"centos\"\n";

/// The command lines in NRPE's file that go through sudo, without sudo itself.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.split_once("=/usr/bin/sudo -n "));
    lines
        .map(|(_, rest)| {
            rest.trim_end_matches(" 2>&1").split(' ').map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// Runs a command by sudo as NRPE's user.
fn asked(network: &Namespace, words: &[String]) -> bool {
    let mut sudo = Command::new("setpriv");
    sudo.args(["--reuid", "nagios", "--regid", "nagios", "--clear-groups", "sudo", "-n"]);
    network.run(sudo.args(words)).status.success()
}

#[test]
fn visudo_has_nothing_to_complain_of() {
    for inventory in [monitored::example(), monitored::many(1000)] {
        let folder = monitored::folder();
        let files = sudoers::write(Policy::documented(), &inventory);
        assert_eq!((files.len(), files[0].mode), (1, 0o440));
        monitored::put(&files, folder.path());
        let path = folder.path().join("sudoers/firstaid");
        let ran = run("visudo", &["-c".as_ref(), "-s".as_ref(), "-f".as_ref(), path.as_os_str()]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        let rules = &files[0].text;
        assert!(!rules.contains(['*', '?', '[']) && !rules.contains("ALL:ALL"), "{rules}");
    }
}

#[test]
fn exactly_the_words_that_nrpe_runs_are_allowed() {
    let folder = monitored::folder();
    let plugins = folder.path().join("plug=ins,1@x");
    fs::create_dir(&plugins).unwrap();
    monitored::script(&plugins.join("recover_service"), "exit 0");
    let text = format!("[site]\nplugins = \"{}\"\n{HOST}", plugins.display());
    let inventory = monitored::inventory(&text);
    let rules = &sudoers::write(Policy::documented(), &inventory)[0];
    let own = folder.path().join("sudoers");
    fs::write(&own, &rules.text).unwrap();
    fs::set_permissions(&own, Permissions::from_mode(0o440)).unwrap();
    let mounts = Namespace::mounts();
    mounts.must(Command::new("mount").arg("--bind").arg(&own).arg("/etc/sudoers"));
    let commands = commands(&nrpe::write(Policy::documented(), &inventory)[0].text);
    assert_eq!(commands.len(), 13 + Letter::all().count(), "{commands:?}");
    for words in &commands {
        assert!(asked(&mounts, words), "{words:?}");
        for word in ["x", "*", "--dry-run", ""] {
            let more = [words.as_slice(), &[word.to_owned()]].concat();
            assert!(!asked(&mounts, &more), "{more:?}");
        }
        assert!(!asked(&mounts, &words[..words.len() - 1]), "{words:?} without its end");
    }
    let program = plugins.join("recover_service").display().to_string();
    for words in [
        vec!["/bin/sh"],
        vec![program.as_str()],
        vec![&program, "--act", "restart", "--service", "load"],
        vec![&program, "--act", "reboot", "--service", "ssh"],
    ] {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        assert!(!asked(&mounts, &words), "{words:?}");
    }
}
