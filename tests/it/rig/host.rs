//! A host: a Debian machine with all ten services, as far as a test can tell.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::cgroup::{Cgroup, Freezer};
use super::network::Network;
use super::power::{Parts, Power, Status};
use super::tree::Tree;
use crate::namespace::Namespace;
use crate::run::Ran;
use crate::server::wait_until;

/// How long a host may take to boot with all its services, on two busy cores.
const BOOT: Duration = Duration::from_mins(2);
/// How long a command on a host may take.
const COMMAND: Duration = Duration::from_mins(2);

/// The first process of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Systemd,
    Sysv,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Sysv => "sysv",
        }
    }
}

/// A host that lives until the value is dropped.
pub(crate) struct Host {
    kind: Kind,
    power: Power,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    /// Boots a host on the network, and waits until its init has started everything.
    pub(crate) fn start(network: &Network, kind: Kind) -> Self {
        let host = Self::off(network, kind);
        host.power_on();
        host
    }

    /// A host that was never switched on.
    pub(crate) fn off(network: &Network, kind: Kind) -> Self {
        Self::made(network, kind, None)
    }

    /// The same with a name of its own.
    pub(crate) fn named(network: &Network, kind: Kind, name: &str) -> Self {
        Self::made(network, kind, Some(name))
    }

    fn made(network: &Network, kind: Kind, name: Option<&str>) -> Self {
        let inside = Namespace::network();
        let cable = network.attach(&inside);
        let numbered = || format!("web{}", cable.address.octets()[3]);
        let name = name.map_or_else(numbered, str::to_owned);
        let tree = Tree::new(kind, &name);
        let cgroup = Cgroup::new(&tree.unique());
        let (power, thread) = Power::new(Parts { name, tree, network: inside, cable, cgroup });
        Self { kind, power, thread: Some(thread) }
    }

    /// Lays a file over those that it was built with, before it is switched on for the first time.
    pub(crate) fn lay(&self, path: &str, text: &str, mode: u32) {
        self.power.parts().tree.lay(path, text, mode);
    }

    /// Where a laid file is, seen from outside.
    pub(crate) fn laid(&self, path: &str) -> std::path::PathBuf {
        self.power.parts().tree.path("upper").join(path)
    }

    /// The text of a file that was built into it.
    pub(crate) fn built(&self, path: &str) -> String {
        self.power.parts().tree.built(path)
    }

    /// The text of a file that is its own, seen from outside: it may be off, or frozen.
    pub(crate) fn kept(&self, path: &str) -> String {
        self.power.parts().tree.own(path)
    }

    /// Its network, whether it is on or not.
    pub(crate) fn network(&self) -> &Namespace {
        &self.power.parts().network
    }

    /// Its name, by which it knows itself.
    pub(crate) fn name(&self) -> &str {
        &self.power.parts().name
    }

    /// Its address on the network.
    pub(crate) fn address(&self) -> Ipv4Addr {
        self.power.parts().cable.address
    }

    /// Its power supply, for who else may switch it.
    pub(crate) fn power(&self) -> Power {
        self.power.clone()
    }

    /// Switches it on, and waits until it has booted.
    pub(crate) fn power_on(&self) {
        self.power.on();
        self.booted();
    }

    /// Takes its power away.
    pub(crate) fn power_off(&self) {
        self.power.off();
    }

    /// Whether it is on.
    pub(crate) fn status(&self) -> Status {
        self.power.status()
    }

    /// Lets none of its processes run on; the kernel still answers a ping.
    pub(crate) fn freeze(&self) {
        self.power.parts().cgroup.freeze(Freezer::Frozen);
    }

    /// Stops it as a crash of the kernel does: nothing answers any more, a ping neither, until it boots anew.
    pub(crate) fn crash(&self) {
        self.freeze();
        self.power.parts().cable.cut();
    }

    /// Lets its processes run on.
    pub(crate) fn thaw(&self) {
        self.power.parts().cgroup.freeze(Freezer::Running);
    }

    /// Cuts its cable.
    pub(crate) fn cut(&self) {
        self.power.cable(Status::Off);
    }

    /// Plugs its cable in again.
    pub(crate) fn plug(&self) {
        self.power.cable(Status::On);
    }

    /// Runs a command as root of the running host, without input, to its end.
    pub(crate) fn exec(&self, words: &[&str]) -> Ran {
        self.exec_with(words, "")
    }

    /// Runs a command that has to succeed, and gives what it printed.
    pub(crate) fn must(&self, words: &[&str]) -> String {
        let ran = self.exec(words);
        assert_eq!(ran.code, 0, "{}: {words:?}: {ran:?}", self.name());
        ran.stdout
    }

    /// Runs lines of shell that have to succeed, and gives what they printed.
    pub(crate) fn shell(&self, lines: &str) -> String {
        self.must(&["sh", "-euc", lines])
    }

    /// Like [`Self::exec`] with an input.
    pub(crate) fn exec_with(&self, words: &[&str], input: &str) -> Ran {
        let start = Instant::now();
        let folder = tempfile::tempdir().expect("a temporary directory");
        // Files and no pipes: a daemon that the command starts may keep them open.
        let path = |name: &str| folder.path().join(name);
        fs::write(path("in"), input).expect("our own directory");
        let create = |name: &str| File::create(path(name)).expect("our own directory");
        let mut command = self.visit(words);
        command.stdin(File::open(path("in")).expect("our own file"));
        let mut child = command
            .stdout(create("out"))
            .stderr(create("err"))
            .spawn()
            .expect("cannot start nsenter");
        let mut ended = None;
        let in_time = wait_until(COMMAND, || {
            ended = child.try_wait().expect("our own child");
            ended.is_some()
        });
        if !in_time {
            let _ = child.kill();
            let _ = child.wait();
        }
        let text = |name: &str| crate::server::site::read_lossy(&path(name));
        let (stdout, stderr) = (text("out"), text("err"));
        let code = ended.and_then(|status| status.code());
        let name = self.name();
        let code = code.unwrap_or_else(|| panic!("{name}: {words:?} did not end: {stderr}"));
        Ran { code, stdout, stderr, took: start.elapsed() }
    }

    /// A command that runs as root of the running host, with a login's environment.
    pub(crate) fn visit(&self, words: &[&str]) -> Command {
        let leader = self.power.leader();
        let mut command = Command::new("sh");
        command.arg("-c").arg("echo $$ > \"$0\" && exec \"$@\"");
        command.arg(self.power.parts().cgroup.guest_door());
        command.args(["nsenter", "--target", &leader.to_string()]);
        command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]);
        command.args(["env", "-i", "HOME=/root", "LC_ALL=C", "TERM=dumb"]);
        command.arg("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.args(words).stdin(Stdio::null());
        command
    }

    /// Writes a file of the running host, with its folders.
    pub(crate) fn write(&self, path: &str, text: &str, mode: &str) {
        let ran = self.exec_with(&["install", "-D", "-m", mode, "/dev/stdin", path], text);
        assert_eq!(ran.code, 0, "{}: cannot write {path}: {}", self.name(), ran.stderr);
    }

    /// The text of a file of the running host; nothing if it is not there.
    pub(crate) fn read(&self, path: &str) -> String {
        self.exec(&["cat", path]).stdout
    }

    /// Which boot this is.
    pub(crate) fn boot_id(&self) -> String {
        self.must(&["cat", "/proc/sys/kernel/random/boot_id"]).trim_end().to_owned()
    }

    /// Waits until the running host has started everything.
    pub(crate) fn booted(&self) {
        let done = wait_until(BOOT, || {
            self.status() == Status::Off || self.power.is_up() && self.is_settled()
        });
        let up = done && self.status() == Status::On;
        assert!(up, "{} does not boot:\n{}", self.name(), self.power.console());
    }

    fn is_settled(&self) -> bool {
        match self.kind {
            Kind::Systemd => {
                let state = self.exec(&["systemctl", "is-system-running"]).stdout;
                matches!(state.trim_end(), "running" | "degraded")
            }
            Kind::Sysv => {
                // init runs the scripts of the level one after the other, by `rc`.
                let lines = "runlevel | grep -q ' 2$' && ! pgrep -f '^/bin/sh /etc/init.d/rc 2'";
                self.exec(&["sh", "-c", lines]).code == 0
            }
        }
    }

    /// Waits until the host has booted once more than `boots` times, and is up.
    pub(crate) fn rebooted_since(&self, boots: u32) {
        let again = wait_until(BOOT, || self.power.boots() > boots);
        assert!(again, "{} did not reboot:\n{}", self.name(), self.power.console());
        self.booted();
    }

    /// Waits until a port of the host accepts, seen from the network.
    pub(crate) fn wait_port(&self, network: &Network, port: u16) {
        let open = wait_until(BOOT, || self.accepts(network, port));
        assert!(open, "port {port} of {} does not open:\n{}", self.name(), self.power.console());
    }

    /// Whether a port of the host accepts now, seen from the network.
    pub(crate) fn accepts(&self, network: &Network, port: u16) -> bool {
        let address = SocketAddr::from((self.address(), port));
        let limit = Duration::from_secs(1);
        network.monitor().inside(|| TcpStream::connect_timeout(&address, limit).is_ok())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.power.remove();
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed, and the test has failed by the state of the power.
            let _ = thread.join();
        }
    }
}
