//! Running a plugin and seeing how it ends.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run left behind.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ran {
    /// The first line.
    pub(crate) fn first(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }

    /// Exit code and first line without performance data.
    pub(crate) fn verdict(&self) -> (i32, &str) {
        let text = self.first().split('|').next().unwrap_or_default();
        (self.code, text.trim_end())
    }
}

/// A plugin's command, for tests that change more than its arguments.
#[expect(clippy::disallowed_methods, reason = "the tests start what they test")]
pub(crate) fn command(binary: &str, args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(binary);
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs a plugin to its end.
pub(crate) fn run(binary: &str, args: &[impl AsRef<OsStr>]) -> Ran {
    finish(&mut command(binary, args))
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Ran {
    let start = Instant::now();
    let output =
        command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Ran {
        code: output.status.code().unwrap_or_else(|| panic!("{command:?} ended by a signal")),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        took: start.elapsed(),
    }
}

/// Tries cases side by side, for those that spend their time waiting. A failure of one fails the test.
pub(crate) fn side_by_side<T: Sync>(cases: &[T], test: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}

/// Fails where a program that a test needs is not installed.
pub(crate) fn require(program: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(found, "{program} is not installed; `make deps` installs it");
}
