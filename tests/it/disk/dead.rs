//! File systems that do not answer, or answer late.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Seen, check, disk, finish, seen};
use crate::hanging_fs::{HangingFs, Mode, Mounts, Operation, Usage};
use crate::namespace::eventually;

/// A dead mount between two healthy ones. The directories go last: removing one takes its mount away.
struct Rig {
    before: HangingFs,
    dead: HangingFs,
    after: HangingFs,
    mounts: Mounts,
}

impl Rig {
    fn new(mode: Mode) -> Self {
        let mounts = Mounts::new();
        let healthy = Mode::Ok(Usage::percent(50.0, 10.0));
        let before = mounts.hanging_from("/dev/sdy1", "before", healthy);
        let dead = mounts.hanging_from("/dev/sdy2", "dead", mode);
        let after = mounts.hanging_from("/dev/sdy3", "after", healthy);
        Self { before, dead, after, mounts }
    }

    fn args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let points = [&self.before, &self.dead, &self.after].map(name);
        let named = points.into_iter().flat_map(|point| ["-p", point]);
        named.chain(more.iter().copied()).collect()
    }

    fn check(&self, more: &[&str]) -> Seen {
        check(&self.mounts, &self.args(more))
    }
}

fn name(fs: &HangingFs) -> &str {
    fs.point().to_str().unwrap()
}

/// Processes that hang on a file system, by the name they gave themselves. One that came free may wait as a zombie for its reaper.
fn stuck(mounts: &Mounts, fs: &HangingFs) -> Vec<i32> {
    let table = mounts.inside(|| fs::read_to_string("/proc/thread-self/mountinfo")).unwrap();
    let line = table.lines().find(|line| line.contains(&format!(" {} ", name(fs)))).unwrap();
    let process_name = format!("(fs {}) D ", line.split(' ').nth(2).unwrap());
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let named = |process: &i32| {
        fs::read_to_string(format!("/proc/{process}/stat"))
            .is_ok_and(|it| it.contains(&process_name))
    };
    numbers.filter(named).collect()
}

/// So many processes that hang on the dead mount. One that has just been killed runs once more before it waits again.
fn left_behind(rig: &Rig, count: usize) -> Vec<i32> {
    eventually("stuck", || stuck(&rig.mounts, &rig.dead).len() == count);
    stuck(&rig.mounts, &rig.dead)
}

#[test]
fn a_dead_mount_is_named_the_others_are_shown_and_nothing_waits_for_it() {
    for mode in [Mode::StatfsHangs, Mode::AllHangs] {
        let rig = Rig::new(mode);
        let first = rig.check(&["-t", "2"]);
        assert!(first.took >= Duration::from_secs(2), "{first:?}");
        assert!(first.took < Duration::from_millis(2500), "{first:?}");
        assert_eq!(first.code, 2);
        let dead = format!("DISK CRITICAL - {} does not answer (waited 2 s)", name(&rig.dead));
        assert!(first.first().starts_with(&dead), "{first:?}");
        for fs in [&rig.before, &rig.after] {
            assert!(first.perfdata().contains(&format!("{}=2048000000B", name(fs))), "{first:?}");
        }
    }
}

#[test]
fn a_mount_that_still_hangs_is_not_asked_again() {
    let mut rig = Rig::new(Mode::StatfsHangs);
    assert_eq!(rig.check(&["-t", "1"]).code, 2);
    let left = left_behind(&rig, 1);
    for _ in 0..3 {
        let again = rig.check(&["-t", "5"]);
        assert!(again.took < Duration::from_secs(1), "{again:?}");
        assert_eq!(again.code, 2);
        assert!(again.stdout.contains("still does not answer"), "{again:?}");
        assert!(again.stdout.contains(&format!("process {}", left[0])), "{again:?}");
        assert!(again.perfdata().contains(name(&rig.after)), "{again:?}");
        assert_eq!(stuck(&rig.mounts, &rig.dead), left);
    }
    assert_eq!(rig.dead.count(Operation::Statfs), 1);
    // Another user has no such process yet and asks for himself.
    fs::set_permissions(rig.mounts.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let other = finish(&rig.mounts, disk(&rig.args(&["-t", "1"])).uid(65534).gid(65534));
    assert!(other.first().contains("does not answer (waited 1 s)"), "{other:?}");
    left_behind(&rig, 2);
    rig.dead.stop();
    eventually("freed", || stuck(&rig.mounts, &rig.dead).is_empty());
    let freed = rig.check(&["-t", "5"]);
    assert!(freed.code == 2 && freed.stdout.contains("is not accessible"), "{freed:?}");
}

#[test]
fn dead_mounts_together_cost_no_more_than_the_time_limit() {
    let mounts = Mounts::new();
    let _dead: Vec<HangingFs> =
        (0..12).map(|number| mounts.hanging(format!("dead{number}"), Mode::StatfsHangs)).collect();
    let last = mounts.hanging("last", Mode::Ok(Usage::percent(10.0, 10.0)));
    let seen = check(&mounts, &["-N", "fuse.hanging", "-t", "2"]);
    assert!(seen.took < Duration::from_millis(2500), "{seen:?}");
    assert_eq!(
        (seen.code, seen.stdout.matches("does not answer").count()),
        (2, 12 + 1),
        "{seen:?}"
    );
    assert!(seen.perfdata().starts_with(&format!("{}=", name(&last))), "{seen:?}");
}

#[test]
fn a_slow_mount_is_not_dead() {
    let usage = Usage::percent(85.0, 10.0);
    let rig = Rig::new(Mode::Slow(Duration::from_millis(600), usage));
    let seen = rig.check(&["-t", "8"]);
    assert!(seen.code == 1 && seen.took < Duration::from_secs(4), "{seen:?}");
    assert_eq!(seen.perfdata().matches("B;").count(), 3, "{seen:?}");
}

#[test]
fn silence_has_the_state_that_was_asked_for() {
    let rig = Rig::new(Mode::StatfsHangs);
    assert_eq!(rig.check(&["-t", "0.3", "--timeout-result", "unknown"]).code, 3);
    assert_eq!(rig.check(&["-t", "0.3:warning"]).code, 1);
}

#[test]
fn what_is_excluded_is_not_touched() {
    let rig = Rig::new(Mode::AllHangs);
    let dead = name(&rig.dead).to_owned();
    let pattern = format!("^{dead}$");
    for exclusion in
        [["-x", dead.as_str()], ["-x", "/dev/sdy2"], ["-i", pattern.as_str()], ["-I", "/DEAD$"]]
    {
        let all =
            check(&rig.mounts, &[&["-N", "fuse.hanging", "-t", "5"], &exclusion[..]].concat());
        assert!(all.code == 0 && !all.stdout.contains(&dead), "{all:?}");
        let named = rig.check(&exclusion);
        assert!(named.code == 0 && !named.stdout.contains(&dead), "{named:?}");
    }
    check(&rig.mounts, &["-X", "fuse.hanging", "-t", "5"]);
    check(&rig.mounts, &["-A", "-X", "fuse.hanging", "-t", "5"]);
    check(&rig.mounts, &["-p", name(&rig.before)]);
    for operation in
        [Operation::Statfs, Operation::Attributes, Operation::Lookup, Operation::Directory]
    {
        assert_eq!(rig.dead.count(operation), 0, "{operation:?}");
    }
}

#[test]
fn a_signal_ends_the_wait_with_one_line() {
    let rig = Rig::new(Mode::StatfsHangs);
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let asked = rig.dead.count(Operation::Statfs);
        let mut command = disk(&rig.args(&["-t", "60"]));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // Each as another user, so that none finds the process of the one before.
        fs::set_permissions(
            rig.mounts.path(""),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
        let user = 60_000 + u32::try_from(signal as i32).unwrap();
        let child = rig.mounts.spawn(command.uid(user).gid(user));
        eventually("asked", || rig.dead.count(Operation::Statfs) > asked);
        let start = Instant::now();
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let took = start.elapsed();
        assert!(took < Duration::from_millis(500), "{took:?}");
        let line = format!("DISK UNKNOWN - ended by {signal}\n");
        let seen = seen(&output, took);
        assert_eq!((seen.code, seen.stdout), (3, line));
    }
}

#[test]
fn a_process_that_stays_behind_holds_nothing_of_the_engine() {
    let rig = Rig::new(Mode::StatfsHangs);
    let pipe = rig.mounts.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let script = format!("exec 9>{}; exec \"$@\"", pipe.display());
    let plugin = disk(&rig.args(&["-t", "0.5"]));
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh"]).arg(plugin.get_program()).args(plugin.get_args());
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = rig.mounts.spawn(&mut shell);
    // Ends when nobody has the other end open any more.
    assert_eq!(fs::read(&pipe).unwrap(), b"");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(2));
    let process = left_behind(&rig, 1)[0];
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let open: Vec<_> = open.map(|entry| fs::read_link(entry.unwrap().path()).unwrap()).collect();
    assert_eq!(open.len(), 3, "{open:?}");
    assert!(
        open.iter().all(|it| it == Path::new("/dev/null")
            || it.starts_with("pipe:")
            || it.to_string_lossy().starts_with("pipe:")),
        "{open:?}"
    );
}
