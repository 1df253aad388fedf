//! Every check with a target that never answers.

use std::process::{Child, Command};
use std::sync::Arc;

use nix::sys::stat::Mode as Permissions;

use super::plugin::{Plugin, all};
use super::target::{Answer, Deaf, NameServer};
use crate::hanging_fs::{Mode, Mounts};
use crate::namespace::Namespace;
use crate::tree::Tree;

/// Where a command has to be started to meet its target.
enum Place {
    Here,
    Network(Namespace),
    Mounts(Arc<Mounts>),
}

/// A check that waits for a target.
pub(crate) struct Waiting {
    pub(crate) plugin: Plugin,
    /// Options that name the silent target.
    pub(crate) target: Vec<String>,
    /// Goes before the place, whose mount points are removed with what is mounted there.
    _target: Box<dyn std::any::Any>,
    place: Place,
}

/// All checks, each with a target that is silent.
pub(crate) fn all_waiting() -> impl Iterator<Item = Waiting> {
    all().map(Waiting::of)
}

impl Waiting {
    fn of(plugin: Plugin) -> Self {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        match plugin.name {
            "dns" => {
                let silent = NameServer::start(0, Answer::Nothing);
                let target =
                    words(&format!("-H www.example.test -s 127.0.0.1 -p {}", silent.port()));
                Self { plugin, target, place: Place::Here, _target: Box::new(silent) }
            }
            "icmp_rtt" => {
                let network = Namespace::network();
                network.must(Command::new("ip").args(["link", "set", "lo", "up"]));
                network.inside(|| {
                    std::fs::write("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1")
                        .expect("it can be told");
                });
                Self {
                    plugin,
                    target: words("-H 127.0.0.1"),
                    place: Place::Network(network),
                    _target: Box::new(()),
                }
            }
            "load" | "mem" => {
                let tree = Tree::of(&[("proc/empty", "")]);
                for file in ["proc/loadavg", "proc/meminfo"] {
                    nix::unistd::mkfifo(&tree.path(file), Permissions::S_IRWXU).expect("mkfifo");
                }
                Self { plugin, target: tree.args(&[]), place: Place::Here, _target: Box::new(tree) }
            }
            "disk" => {
                let mounts = Arc::new(Mounts::new());
                let hanging = mounts.hanging("hanging", Mode::AllHangs);
                let target =
                    vec!["-p".to_owned(), hanging.point().to_str().expect("UTF-8").to_owned()];
                Self { plugin, target, place: Place::Mounts(mounts), _target: Box::new(hanging) }
            }
            _ => {
                let deaf = Deaf::start();
                let target = words(&format!("-H 127.0.0.1 -p {}", deaf.port()));
                Self { plugin, target, place: Place::Here, _target: Box::new(deaf) }
            }
        }
    }

    /// The command with more options.
    pub(crate) fn command(&self, options: &[&str]) -> Command {
        let line: Vec<String> =
            options.iter().map(|it| (*it).to_owned()).chain(self.target.iter().cloned()).collect();
        self.plugin.command(&line)
    }

    /// Starts a command where its target is.
    pub(crate) fn spawn(&self, command: &mut Command) -> Child {
        match &self.place {
            Place::Here => command.spawn().expect("it starts"),
            Place::Network(network) => network.spawn(command),
            Place::Mounts(mounts) => mounts.spawn(command),
        }
    }
}
