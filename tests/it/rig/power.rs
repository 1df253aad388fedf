//! The power supply of a host: one thread that boots it, again after a reboot, and sees it end.
//!
//! The thread lives as long as the host, since the kernel kills what it has started when it ends (`setpriv --pdeathsig`
//! tells of threads, not of processes). `unshare --kill-child` passes that on to everything inside.

use std::fs::{self, OpenOptions};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use super::cgroup::{Cgroup, Freezer};
use super::network::Cable;
use super::tree::Tree;
use crate::namespace::Namespace;
use crate::server::wait_until;

/// How long a change of power may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// nspawn's ending when the guest has asked for a reboot.
const REBOOT: i32 = 133;

/// What a host is made of, for the thread that boots it.
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) tree: Tree,
    pub(super) network: Namespace,
    pub(super) cable: Cable,
    pub(super) cgroup: Cgroup,
}

/// The button and the lamp of a host; every copy is of the same host.
#[derive(Clone)]
pub(crate) struct Power(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    parts: Parts,
}

#[derive(Default)]
struct State {
    wanted: Wanted,
    /// The outermost process of the running host.
    supply: Option<Pid>,
    is_cut: bool,
    boots: u32,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Wanted {
    #[default]
    Off,
    On,
    Gone,
}

impl Power {
    /// A host that is off, and the thread that waits for it to be switched on.
    pub(super) fn new(parts: Parts) -> (Self, std::thread::JoinHandle<()>) {
        let shared = Shared { state: Mutex::default(), changed: Condvar::new(), parts };
        let power = Self(Arc::new(shared));
        let own = power.clone();
        (power, std::thread::spawn(move || own.supply()))
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// Whether it is on.
    pub(crate) fn status(&self) -> Status {
        if self.state().supply.is_some() { Status::On } else { Status::Off }
    }

    /// Switches on what is off, and comes back when it boots.
    pub(crate) fn on(&self) {
        self.want(Wanted::On);
        self.until(|state| state.supply.is_some());
    }

    /// Takes the power away: no process of the host runs another instruction.
    pub(crate) fn off(&self) {
        self.want(Wanted::Off);
        self.until(|state| state.supply.is_none());
    }

    /// How often it has booted, by whatever reason.
    pub(crate) fn boots(&self) -> u32 {
        self.state().boots
    }

    /// Ends the thread, with the host.
    pub(super) fn remove(&self) {
        self.want(Wanted::Gone);
    }

    /// Cuts the cable, or plugs it in again, whether the host is on or not.
    pub(crate) fn cable(&self, carries: Status) {
        let mut state = self.state();
        state.is_cut = carries == Status::Off;
        match (carries, state.supply) {
            (Status::On, Some(_)) => self.0.parts.cable.plug(),
            _ => self.0.parts.cable.cut(),
        }
    }

    /// The first process of the running host.
    pub(super) fn leader(&self) -> Pid {
        let mut found = None;
        let seen = wait_until(PATIENCE, || {
            found = self.state().supply.and_then(leader_below);
            found.is_some()
        });
        assert!(seen, "{} is off:\n{}", self.0.parts.name, self.console());
        found.expect("it was seen")
    }

    /// Whether the host's first process runs by now.
    pub(super) fn is_up(&self) -> bool {
        self.state().supply.and_then(leader_below).is_some()
    }

    /// The last lines of its console.
    pub(super) fn console(&self) -> String {
        let bytes = fs::read(self.0.parts.tree.path("console")).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn want(&self, wanted: Wanted) {
        let mut state = self.state();
        state.wanted = wanted;
        if let (Wanted::Off | Wanted::Gone, Some(supply)) = (wanted, state.supply) {
            // Not yet waited for: the number is still its own.
            let _ = kill(supply, Signal::SIGKILL);
        }
        self.0.changed.notify_all();
    }

    fn until(&self, done: impl Fn(&State) -> bool) {
        let waits = |state: &mut State| !done(state);
        let result = self.0.changed.wait_timeout_while(self.state(), PATIENCE, waits);
        let (state, _) = result.unwrap_or_else(PoisonError::into_inner);
        let name = &self.0.parts.name;
        assert!(done(&state), "the power of {name} did not change:\n{}", self.console());
    }

    /// What the thread does.
    fn supply(&self) {
        let parts = &self.0.parts;
        parts.tree.mount(&parts.network);
        while self.is_wanted() {
            parts.cgroup.freeze(Freezer::Running);
            let mut child = self.boot();
            let pid = Pid::from_raw(child.id().cast_signed());
            // The number stays taken until the state is free of it.
            let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
            while waitid(Id::Pid(pid), ended) == Err(nix::errno::Errno::EINTR) {}
            let mut state = self.state();
            parts.cable.cut();
            let ending = child.wait().expect("our own child").code();
            state.supply = None;
            if ending != Some(REBOOT) && state.wanted == Wanted::On {
                state.wanted = Wanted::Off;
            }
            self.0.changed.notify_all();
        }
    }

    /// Waits until the host is wanted; a host that is gone is never.
    fn is_wanted(&self) -> bool {
        let waits = |state: &mut State| state.wanted == Wanted::Off;
        let state = self.0.changed.wait_while(self.state(), waits);
        state.unwrap_or_else(PoisonError::into_inner).wanted == Wanted::On
    }

    fn boot(&self) -> Child {
        let mut state = self.state();
        let child = spawn(&self.0.parts);
        state.supply = Some(Pid::from_raw(child.id().cast_signed()));
        state.boots += 1;
        if !state.is_cut {
            self.0.parts.cable.plug();
        }
        self.0.changed.notify_all();
        child
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    On,
    Off,
}

fn spawn(parts: &Parts) -> Child {
    let console = OpenOptions::new().create(true).append(true).open(parts.tree.path("console"));
    let console = console.expect("a file in our own directory");
    let mut command = Command::new("sh");
    command.arg("-c").arg("echo $$ > \"$0\" && exec \"$@\"").arg(parts.cgroup.door());
    command.args(["setpriv", "--pdeathsig", "KILL"]);
    command.args(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.args([
        "systemd-nspawn",
        "--quiet",
        "--register=no",
        "--keep-unit",
        "--notify-ready=no",
    ]);
    command.args(["--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe"]);
    command.arg(format!("--network-namespace-path={}", parts.tree.path("net").display()));
    command.arg(format!("--machine={}", parts.name));
    command.arg(format!("--directory={}", parts.tree.path("root").display()));
    command
        .arg("--boot")
        // Without it systemd-nspawn gives the host what the machine has, which may be the old control groups.
        .env("UNIFIED_CGROUP_HIERARCHY", "1")
        .stdin(Stdio::null())
        .stdout(console.try_clone().expect("a free file descriptor"))
        .stderr(console)
        .spawn()
        .expect("cannot start sh")
}

/// The host's first process: the first one below nspawn that is not nspawn itself any more.
fn leader_below(supply: Pid) -> Option<Pid> {
    let mut pid = supply.as_raw();
    for _ in 0..5 {
        let path = format!("/proc/{pid}/task/{pid}/children");
        pid = fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()?;
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        if matches!(comm.trim_end(), "systemd" | "init") {
            return Some(Pid::from_raw(pid));
        }
    }
    None
}
