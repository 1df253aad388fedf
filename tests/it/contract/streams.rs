//! Standard streams that are closed, full, broken, or have something to read.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;

use super::form::measured_alike;
use super::plugin::{Plugin, all};
use crate::run::{command, finish};

/// How long a result waits for its reader, and half a second.
const PATIENCE: Duration = Duration::from_millis(800);

/// A pipe: the end to read from, and the end to write to.
fn pipe(flags: OFlag) -> (File, OwnedFd) {
    let (reader, writer) = pipe2(flags | OFlag::O_CLOEXEC).expect("a pipe");
    (File::from(reader), writer)
}

/// A pipe without room, whose reader does not read.
pub(crate) fn full_pipe() -> (File, OwnedFd) {
    let (reader, writer) = pipe(OFlag::O_NONBLOCK);
    let mut filler = File::from(writer.try_clone().expect("dup"));
    while filler.write(&[b'x'; 4096]).is_ok() {}
    set(&writer, OFlag::empty());
    (reader, writer)
}

fn set(fd: impl AsFd, flags: OFlag) {
    fcntl(fd, FcntlArg::F_SETFL(flags)).expect("fcntl");
}

/// Exit code and time of a run with this standard output.
fn code(plugin: &Plugin, args: &[String], stdout: impl Into<Stdio>) -> (Option<i32>, Duration) {
    let start = Instant::now();
    let mut command = plugin.command(args);
    let status = command.stdout(stdout).stderr(Stdio::null()).status().expect("it starts");
    (status.code(), start.elapsed())
}

/// The same command started by a shell that first does something to itself.
pub(crate) fn after(script: &str, plugin: &Plugin, args: &[String]) -> Command {
    let script = format!("{script}; exec \"$0\" \"$@\"");
    let words = ["-c".to_owned(), script, plugin.binary.clone()];
    command("sh", &words.into_iter().chain(args.iter().cloned()).collect::<Vec<_>>())
}

#[test]
fn everything_goes_out_in_one_write() {
    for plugin in all() {
        let lines = plugin.states().into_iter().map(|(line, _)| line);
        for line in lines.chain([vec!["-h".to_owned()], vec!["-V".to_owned()]]) {
            // In packet mode one read gives what one write has put in.
            let (mut reader, writer) = pipe(OFlag::O_DIRECT);
            let _ = code(&plugin, &line, writer);
            let mut packet = vec![0; 65_536];
            let count = reader.read(&mut packet).expect("read");
            // Packets are at most a page long.
            if count < 4096 {
                assert!(packet[..count].ends_with(b"\n"), "check_{} {line:?}", plugin.name);
                assert_eq!(
                    reader.read(&mut packet).expect("read"),
                    0,
                    "check_{} {line:?}",
                    plugin.name
                );
            }
        }
    }
}

#[test]
fn standard_input_is_never_read() {
    for plugin in all() {
        let (mut reader, writer) = pipe(OFlag::O_NONBLOCK);
        File::from(writer).write_all(b"data").expect("write");
        let stdin = reader.try_clone().expect("dup");
        let ran = finish(plugin.command(&plugin.line(&[])).stdin(stdin));
        assert_eq!(ran.code, 0, "check_{}: {ran:?}", plugin.name);
        let mut left = String::new();
        reader.read_to_string(&mut left).expect("read");
        assert_eq!(left, "data", "check_{}", plugin.name);
    }
}

#[test]
fn a_result_that_nobody_can_have_is_unknown() {
    for plugin in all() {
        for (line, _) in plugin.states() {
            let of = format!("check_{} {line:?}", plugin.name);
            assert_eq!(finish(&mut after("exec >&-", &plugin, &line)).code, 3, "closed: {of}");
            assert_eq!(
                finish(&mut after("exec <&- >&- 2>&-", &plugin, &line)).code,
                3,
                "all closed: {of}"
            );
            let full = File::options().write(true).open("/dev/full").expect("/dev/full");
            assert_eq!(code(&plugin, &line, full).0, Some(3), "full: {of}");
            let (reader, writer) = pipe(OFlag::empty());
            drop(reader);
            assert_eq!(code(&plugin, &line, writer).0, Some(3), "broken: {of}");
        }
    }
}

#[test]
fn a_reader_that_does_not_read_is_not_waited_for() {
    for plugin in all() {
        let (_reader, writer) = full_pipe();
        for flags in [OFlag::empty(), OFlag::O_NONBLOCK] {
            set(&writer, flags);
            let stdout = writer.try_clone().expect("dup");
            let (code, took) = code(&plugin, &plugin.line(&[]), stdout);
            assert_eq!(code, Some(3), "check_{}", plugin.name);
            assert!(
                took < PATIENCE + Duration::from_millis(200),
                "check_{}: {took:?}",
                plugin.name
            );
        }
    }
}

#[test]
fn closed_input_and_error_streams_change_nothing() {
    for plugin in all() {
        for (line, code) in plugin.states() {
            let usual = measured_alike(&plugin.run(&line).stdout);
            for script in ["exec <&-", "exec 2>&-", "exec <&- 2>&-", "exec 3<&- 4<&- </"] {
                let ran = finish(&mut after(script, &plugin, &line));
                assert_eq!(
                    (ran.code, measured_alike(&ran.stdout)),
                    (code, usual.clone()),
                    "{script}: {ran:?}"
                );
            }
        }
    }
}
