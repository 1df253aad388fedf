//! SIGKILL at every system call that writes or starts something: never two acts for one fault, never an act without a record,
//! and in the end the same as without it.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use firstaid::recover::{Event, Stage};

use super::fake::Fake;
use crate::run::{require, side_by_side};

/// What writes, makes it durable, opens what is written to, or starts a program. strace counts each kind for itself.
pub(super) const KINDS: [&str; 10] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "rename",
    "mkdir",
    "open,openat",
    "flock",
    "vfork,fork,clone,clone3",
];
/// More system calls of one kind than one call of the program makes.
pub(super) const MOST: u32 = 400;

/// Runs `recover_service`, and kills it when it enters a system call of that kind for that time. Whether it came so far.
pub(super) fn is_killed(words: &[impl AsRef<OsStr>], (kind, number): (&str, u32)) -> bool {
    let trace = format!("trace={kind}");
    let inject = format!("inject={kind}:signal=KILL:when={number}");
    let status = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject])
        .arg(env!("CARGO_BIN_EXE_recover_service"))
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    // strace ends as its tracee does.
    status.signal() == Some(9)
}

/// Calls as an engine goes on calling, until nothing more happens.
fn go_on(fake: &Fake, mut failed_for: i64) {
    for _ in 0..7 {
        fake.pass(300);
        failed_for += 300;
        fake.call("ssh", failed_for, &[]);
    }
}

fn as_documented(fake: &Fake, what: &str) {
    let acts = fake.acts();
    assert_eq!(acts, ["firstaid_restart_ssh", "firstaid_reboot"], "{what}: {:?}", fake.story());
    for (act, stage) in [(0, Stage::Restart), (1, Stage::Reboot)] {
        let intents = fake.records();
        let intended = intents.iter().any(|it| it.stage == stage && it.event == Event::Intent);
        assert!(intended, "{what}: {} without a record", acts[act]);
    }
}

/// Kills a call about a failed service at every point; `before` brings the server to where it begins.
fn at_every_point(before: impl Fn(&Fake) -> i64 + Sync) -> u32 {
    require("strace");
    let points = AtomicU32::new(0);
    side_by_side(&KINDS, |kind| {
        for number in 1..MOST {
            let fake = Fake::answering();
            let failed_for = before(&fake);
            let killed = is_killed(&fake.words("ssh", failed_for, &[]), (kind, number));
            let what = format!("killed at {kind} {number}");
            fake.settle();
            go_on(&fake, failed_for);
            as_documented(&fake, &what);
            if !killed {
                return;
            }
            points.fetch_add(1, Ordering::Relaxed);
        }
        panic!("{MOST} times {kind} were not all");
    });
    points.into_inner()
}

#[test]
fn a_restart_survives_a_kill_at_every_point() {
    let points = at_every_point(|_| 1200);
    assert!(points > 15, "only {points} points");
}

#[test]
fn a_reboot_survives_a_kill_at_every_point() {
    let points = at_every_point(|fake| {
        fake.call("ssh", 1200, &[]);
        fake.pass(300);
        1500
    });
    assert!(points > 15, "only {points} points");
}
