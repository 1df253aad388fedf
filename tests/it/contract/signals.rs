//! Checks that wait: ended by a signal, or by their time limit.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use firstaid::check::Vantage;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::form::assert_form;
use super::plugin::network;
use super::streams::full_pipe;
use super::target::{HTTP, Healthy, SMTP, SSH, lingering};
use super::waiting::{Waiting, all_waiting};
use crate::namespace::{captured, eventually, finished};
use crate::run::Ran;

const SIGNALS: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// Numbers of `poll` and `ppoll` on this machine's processors. Source: `asm/unistd.h`.
const POLL: [&str; 3] =
    if cfg!(target_arch = "x86_64") { ["7", "271", "232"] } else { ["73", "73", "22"] };

/// Runs a check with a silent target to its end; `meanwhile` gets its process id.
fn run(waiting: &Waiting, options: &[&str], meanwhile: impl FnOnce(i32)) -> Ran {
    let start = Instant::now();
    let child = waiting.spawn(captured(&mut waiting.command(options)));
    meanwhile(i32::try_from(child.id()).expect("a process id"));
    let output = finished(child, Duration::from_secs(20)).expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran {
        code: output.status.code().expect("it ends by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        took: start.elapsed(),
    }
}

#[test]
fn a_signal_ends_the_wait_with_one_line() {
    for signal in SIGNALS {
        // Each has targets of its own: check_disk does not ask again where an earlier one still hangs.
        for waiting in all_waiting() {
            let ran = run(&waiting, &["-t", "15"], |pid| {
                let path = format!("/proc/{pid}/syscall");
                eventually("it waits", || {
                    let call = fs::read_to_string(&path).unwrap_or_default();
                    POLL.contains(&call.split(' ').next().unwrap_or_default())
                });
                kill(Pid::from_raw(pid), signal).expect("it is there");
            });
            let line = waiting.plugin.unknown(&format!("ended by {signal}"));
            assert_eq!(
                (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
                (3, line.as_str(), ""),
                "{ran:?}"
            );
            assert!(ran.took < Duration::from_secs(12), "check_{}: {ran:?}", waiting.plugin.name);
        }
    }
}

#[test]
fn the_time_limit_holds_and_its_result_is_the_targets_doing() {
    for waiting in all_waiting() {
        let network = waiting.plugin.vantage == Vantage::Server;
        let cases: [(&[&str], i32); 4] = [
            (&["-t", "0.4"], 2),
            (&["-t", "0.4:warning"], 1),
            (&["-t", "0.4", "--timeout-result", "unknown"], 3),
            (&["-t0.4", "--timeout-result=ok"], 0),
        ];
        for (options, code) in cases {
            let ran = run(&waiting, options, |_| {});
            let of = format!("check_{} {options:?}: {ran:?}", waiting.plugin.name);
            assert_form(&waiting.plugin, &[], &ran);
            assert!(ran.took < Duration::from_millis(900), "{of}");
            if !network {
                // What hangs on the machine itself is no target; check_disk has its own tests of what it makes of it.
                assert!(ran.code == 3 || waiting.plugin.name == "disk", "{of}");
            } else if waiting.plugin.name == "icmp_rtt" {
                // Packets that are lost are counted: loss decides.
                assert_eq!(ran.code, 2, "{of}");
            } else {
                assert_eq!(ran.code, code, "{of}");
                assert!(
                    ["(connect)", "(first byte)"].iter().any(|it| ran.first().contains(it)),
                    "{of}"
                );
                assert!(
                    ran.first().contains("127.0.0.1") && ran.first().contains(" | time="),
                    "{of}"
                );
            }
        }
    }
}

#[test]
fn a_server_that_does_not_close_when_it_is_left_is_within_the_time_limit_too() {
    for plugin in network() {
        let manners = match plugin.name {
            "ssh_banner" => SSH,
            "smtp220" => SMTP,
            "port" | "http_layer7" => HTTP,
            // Without a connection there is nothing to leave.
            _ => continue,
        };
        let server = Healthy::start(lingering(manners));
        let port = server.port().to_string();
        let ran = plugin.run(&["-t", "0.5", "-H", "127.0.0.1", "-p", &port]);
        let of = format!("check_{}: {ran:?}", plugin.name);
        assert!(ran.code == 0 && ran.took < Duration::from_secs(1), "{of}");
    }
}

#[test]
fn a_silent_target_and_a_reader_that_does_not_read_are_within_the_time_limit_together() {
    for waiting in all_waiting() {
        let (_reader, writer) = full_pipe();
        let start = Instant::now();
        let mut command = waiting.command(&["-t", "0.4"]);
        let mut child = waiting.spawn(command.stdout(writer).stderr(Stdio::null()));
        let status = child.wait().expect("it ends");
        let took = start.elapsed();
        assert_eq!(status.code(), Some(3), "check_{}", waiting.plugin.name);
        assert!(took < Duration::from_millis(900), "check_{}: {took:?}", waiting.plugin.name);
    }
}
