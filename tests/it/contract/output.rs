//! What is written, and how.

use super::form::{assert_form, measured_alike};
use super::plugin::all;
use crate::run::{command, finish, require};

#[test]
fn more_detail_never_changes_the_first_line() {
    for plugin in all() {
        for (line, code) in plugin.states() {
            let first = measured_alike(plugin.run(&line).first());
            for detail in ["-v", "-vv", "-vvv"] {
                let line: Vec<String> =
                    [detail.to_owned()].into_iter().chain(line.iter().cloned()).collect();
                let ran = plugin.run(&line);
                assert_form(&plugin, &line, &ran);
                assert_eq!(
                    (ran.code, measured_alike(ran.first())),
                    (code, first.clone()),
                    "{ran:?}"
                );
            }
        }
    }
}

#[test]
fn no_program_is_started_and_nothing_is_set_uid() {
    use std::os::unix::fs::PermissionsExt;
    require("strace");
    for plugin in all() {
        let trace = [
            "-f",
            "-qq",
            "-e",
            "signal=none",
            "-e",
            "trace=execve,fork,vfork,clone,clone3",
            &plugin.binary,
        ];
        let args: Vec<String> =
            trace.into_iter().map(str::to_owned).chain(plugin.line(&[])).collect();
        let ran = finish(&mut command("strace", &args));
        let calls =
            ran.stderr.lines().filter(|call| !call.contains("CLONE_THREAD") && call.contains('('));
        let calls: Vec<&str> = calls.collect();
        assert!(ran.code == 0 && calls.len() == 1 && calls[0].contains("execve("), "{ran:?}");
        let mode = std::fs::metadata(&plugin.binary).expect("a program").permissions().mode();
        assert_eq!(mode & 0o6000, 0, "check_{}", plugin.name);
    }
}
