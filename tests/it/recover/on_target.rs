//! The part that restarts a service on its server, killed at every system call that writes: never a stop or start without a
//! record of the intent, and in the end the service answers. The server is a real vsftpd behind an init script, in mounts and
//! a network of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use firstaid::deadline::Deadline;
use firstaid::recover::{Event, Ledger, Moment, Record, Stage};
use nix::mount::{MsFlags, mount};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::crash::{KINDS, MOST, is_killed};
use crate::namespace::Namespace;
use crate::run::{require, run, side_by_side};
use crate::server::wait_until;

const LEDGERS: &str = "/var/lib/firstaid/recovery";
const ACTS: &str = "/run/acts";
/// Points of one kind that are tried side by side: most of the time, a service is being watched whether it holds.
const LANES: u32 = 4;

/// Says what it was called for, and whether the ledger knew of it.
const SCRIPT: &str = r#"#!/bin/sh
number=/run/vsftpd.pid
grep -q '"event":"intent"' /var/lib/firstaid/recovery/target.jsonl || echo unrecorded >> /run/acts
echo "$1" >> /run/acts
case $1 in
    start) setsid /usr/sbin/vsftpd /run/vsftpd.conf < /dev/null > /dev/null 2>&1 & echo $! > $number ;;
    stop) kill "$(cat $number)" ;;
esac
"#;

const CONFIGURATION: &str =
    "listen=YES\nlisten_ipv6=NO\nbackground=NO\nlocal_enable=YES\nsecure_chroot_dir=/run/empty\n";

/// A server in namespaces of this thread; what it has started ends with the value.
struct Server;

impl Server {
    /// Makes the places of an init system, and an age that is no reason to wait.
    fn new() -> Self {
        for place in ["/run", "/var/lib", "/etc/init.d", "/etc/rc2.d"] {
            fs::create_dir_all(place).unwrap();
            let (tmpfs, none) = (Some("tmpfs"), None::<&str>);
            mount(tmpfs, place, tmpfs, MsFlags::empty(), none).unwrap();
        }
        Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap();
        fs::write("/etc/init.d/vsftpd", SCRIPT).unwrap();
        fs::set_permissions("/etc/init.d/vsftpd", Permissions::from_mode(0o755)).unwrap();
        fs::write("/etc/rc2.d/S20vsftpd", "").unwrap();
        fs::write("/run/vsftpd.conf", CONFIGURATION).unwrap();
        fs::create_dir("/run/empty").unwrap();
        Self::aged();
        Self
    }

    /// The age is counted from the first process's start: field 22 of its line (proc(5)).
    fn aged() {
        let line = fs::read_to_string("/proc/1/stat").unwrap();
        let (name, rest) = line.rsplit_once(") ").unwrap();
        let mut fields: Vec<&str> = rest.split(' ').collect();
        fields[19] = "0";
        fs::write("/run/stat", format!("{name}) {}", fields.join(" "))).unwrap();
        let none = None::<&str>;
        mount(Some("/run/stat"), "/proc/1/stat", none, MsFlags::MS_BIND, none).unwrap();
    }

    /// What the front writes before it starts the part that restarts.
    fn accepted() {
        let mut ledger = Self::ledger();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let up: f64 =
            fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
        let age = Duration::from_secs_f64(up).as_secs();
        let time = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let record = Record {
            seq: 0,
            at: Moment { time, boot: boot.trim().to_owned(), age },
            fault: format!("ftp@{time}"),
            service: Some("ftp".to_owned()),
            stage: Stage::Restart,
            event: Event::Armed,
            actor: "target".to_owned(),
            check: 0,
            target: None,
            text: "restart of ftp accepted".to_owned(),
        };
        ledger.append(record).unwrap();
    }

    fn ledger() -> Ledger {
        Ledger::open(Path::new(LEDGERS), "target", &Deadline::within(Duration::from_secs(30)))
            .unwrap()
    }

    fn acts() -> Vec<String> {
        fs::read_to_string(ACTS).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let number =
            fs::read_to_string("/run/vsftpd.pid").ok().and_then(|text| text.trim().parse().ok());
        if let Some(number) = number {
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(number), Signal::SIGKILL);
        }
    }
}

/// Kills at one point, then asks for the restart once more, as a monitoring server may whose answer was lost.
fn at(kind: &str, number: u32) -> bool {
    Namespace::mounts().inside(|| {
        Namespace::network().inside(|| {
            let server = Server::new();
            Server::accepted();
            let words = ["--act", "carry-out", "--service", "ftp"];
            let killed = is_killed(&words, (kind, number));
            let what = format!("killed at {kind} {number}");
            let program = env!("CARGO_BIN_EXE_recover_service");
            let ended = |text: &str| !text.contains("\"state\":\"running\"");
            let result = || run(program, &["--act", "result"]).stdout;
            if killed {
                run(program, &["--act", "restart", "--service", "ftp"]);
            }
            assert!(
                wait_until(Duration::from_mins(2), || ended(&result())),
                "{what}: {}",
                result()
            );
            let (acts, told) = (Server::acts(), result());
            assert!(!acts.iter().any(|act| act == "unrecorded"), "{what}: {acts:?}");
            let starts = acts.iter().filter(|act| *act == "start").count();
            assert!(starts <= 2, "{what}: {acts:?}");
            let answers = run(program, &["--act", "answers"]).stdout;
            assert!(answers.contains("\"ftp\":true") || starts == 0, "{what}: {acts:?}: {answers}");
            assert!(killed || starts == 1, "{what}: {acts:?}: {told}");
            drop(server);
            killed
        })
    })
}

#[test]
fn a_restart_on_the_server_survives_a_kill_at_every_point() {
    require("strace");
    require("vsftpd");
    let points = AtomicU32::new(0);
    // What is only looked at is opened hundreds of times.
    let kinds = KINDS.iter().filter(|kind| !kind.starts_with("open"));
    let lanes: Vec<(&str, u32)> =
        kinds.flat_map(|kind| (1..=LANES).map(|first| (*kind, first))).collect();
    side_by_side(&lanes, |(kind, first)| {
        for number in (*first..MOST).step_by(LANES as usize) {
            if !at(kind, number) {
                return;
            }
            points.fetch_add(1, Ordering::Relaxed);
        }
        panic!("{MOST} times {kind} were not all");
    });
    let points = points.into_inner();
    assert!(points > 15, "only {points} points");
}
