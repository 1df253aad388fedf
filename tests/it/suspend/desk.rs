//! What an operator has: an inventory, a record, and somebody who reads Nagios's command file.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use nix::sys::stat::Mode;
use tempfile::TempDir;

use crate::run::{Ran, run};

/// Two hosts; recovery has no way to them, so that only the engines are told.
const HOSTS: &str = "[[host]]\nname = \"web1\"\naddress = \"192.0.2.1\"\nos = \"centos\"\nagent = \"none\"\nservices = [\"ssh\"]\n\
    [[host]]\nname = \"web2\"\naddress = \"192.0.2.2\"\nos = \"centos\"\nagent = \"none\"\nservices = [\"ssh\"]\n";

pub(super) struct Desk {
    dir: TempDir,
    commands: Option<fs::File>,
}

impl Desk {
    /// With Nagios's command file, which is read.
    pub(super) fn new() -> Self {
        let mut desk = Self::without_nagios();
        let path = desk.path("nagios.cmd");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
        let flags = nix::libc::O_NONBLOCK;
        desk.commands =
            Some(fs::OpenOptions::new().read(true).custom_flags(flags).open(path).unwrap());
        desk
    }

    /// Where no engine is known.
    pub(super) fn without_nagios() -> Self {
        let desk = Self { dir: crate::monitored::folder(), commands: None };
        desk.hosts("");
        let firstaid = env!("CARGO_BIN_EXE_firstaid");
        let [inventory, out] = ["hosts.toml", "out"].map(|it| desk.text(it));
        let ran = run(firstaid, &["generate", "--inventory", &inventory, "--out", &out]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        desk
    }

    /// Another inventory: what stands before the hosts.
    pub(super) fn hosts(&self, head: &str) {
        fs::write(self.path("hosts.toml"), format!("{head}{HOSTS}")).unwrap();
    }

    /// The same hosts with agents, and business on all days.
    pub(super) fn hosts_with_agents(&self) {
        let days = "[suspension]\nholidays = \"none\"\nweekdays = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\n";
        let hosts = HOSTS.replace("\"none\"", "\"ssh\"");
        fs::write(self.path("hosts.toml"), format!("{days}{hosts}")).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A command with everything that says where something is.
    pub(super) fn firstaid(&self, words: &[&str]) -> Ran {
        let places = [
            ("--inventory", "hosts.toml"),
            ("--records", "records"),
            ("--machines", "out/recovery/machines.jsonl"),
            ("--api", "api.json"),
        ];
        let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        for (option, name) in places {
            all.extend([option.to_owned(), self.text(name)]);
        }
        if self.path("nagios.cmd").exists() {
            all.extend(["--nagios-commands".to_owned(), self.text("nagios.cmd")]);
        }
        run(env!("CARGO_BIN_EXE_firstaid"), &all)
    }

    /// What Nagios was told since the last look, without the times.
    pub(super) fn told(&mut self) -> Vec<String> {
        let mut text = String::new();
        // A pipe without a writer is at its end.
        self.commands.as_mut().unwrap().read_to_string(&mut text).unwrap();
        text.lines().filter_map(|line| Some(line.split_once("] ")?.1.to_owned())).collect()
    }
}
