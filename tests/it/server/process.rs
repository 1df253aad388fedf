//! Ends a daemon with everything that it has started.
//!
//! Process groups do not suffice: sshd and `PostgreSQL` give each connection a session of its own.

use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use std::time::Duration;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::wait::wait_until;

const PATIENCE: Duration = Duration::from_secs(10);

/// A process by its number and its start time, which tells it from a later one of the same number.
type Tree = BTreeMap<i32, u64>;

/// Makes this process the parent of what its children leave behind, so that [`stop`] can wait for that too.
pub(crate) fn adopt_orphans() {
    set_child_subreaper(true).expect("Linux 3.4 or later");
}

/// Sends `signal`, then kills what is left of the daemon and its descendants.
pub(crate) fn stop(child: &mut Child, signal: Signal) {
    let root = child.id().cast_signed();
    let mut tree = Tree::new();
    add_descendants(root, &mut tree);
    // A daemon that has been waited for already has no number of its own any more.
    if matches!(child.try_wait(), Ok(None)) {
        let _ = kill(Pid::from_raw(root), signal);
    }
    // Those that it starts on its way down are collected before it is gone: afterwards nothing tells whose they were.
    let _ = wait_until(PATIENCE, || {
        add_descendants(root, &mut tree);
        !matches!(child.try_wait(), Ok(None))
    });
    let _ = child.kill();
    let _ = child.wait();
    tree.retain(|pid, started| lives(*pid, *started));
    for pid in tree.keys() {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
    // They become our children one after the other, as their parents die.
    let _ = wait_until(PATIENCE, || {
        tree.retain(|pid, started| {
            let _ = waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG));
            lives(*pid, *started)
        });
        tree.is_empty()
    });
}

fn lives(pid: i32, started: u64) -> bool {
    stat(pid).is_some_and(|(_, now)| now == started)
}

/// The processes below `root`, as far as their parents live.
fn add_descendants(root: i32, tree: &mut Tree) {
    let all: Vec<(i32, i32, u64)> =
        numbers().filter_map(|pid| stat(pid).map(|(parent, at)| (pid, parent, at))).collect();
    let mut found = vec![root];
    while let Some(parent) = found.pop() {
        for (pid, _, started) in all.iter().filter(|(_, of, _)| *of == parent) {
            tree.insert(*pid, *started);
            found.push(*pid);
        }
    }
}

fn numbers() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").expect("a mounted /proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Parent and start time of a process.
fn stat(pid: i32) -> Option<(i32, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces and parentheses itself; the third field follows the last one.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some((fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}
