//! The one place of recovery that starts programs: by their absolute path, without a shell, under a time limit, in a process
//! group of their own, with a fixed environment, and with output into a file, since a daemon that is started may keep its
//! output open for ever.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Bytes of output that are kept.
const OUTPUT: u64 = 64 * 1024;
/// Where programs that are started look for others.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// How a program ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// The beginning of what it said, standard error included.
    pub output: String,
}

/// What became of a program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ran {
    /// It ended by itself.
    Ended(Ended),
    /// The time limit passed; it was killed with its process group.
    Killed {
        /// What it had said until then.
        output: String,
    },
}

impl Ran {
    /// Whether it ended with 0.
    pub fn succeeded(&self) -> bool {
        matches!(self, Self::Ended(Ended { code: Some(0), .. }))
    }

    /// What it said.
    pub fn output(&self) -> &str {
        match self {
            Self::Ended(ended) => &ended.output,
            Self::Killed { output } => output,
        }
    }
}

/// Runs a program to its end, with `input` as its standard input.
///
/// # Errors
/// It can not be started. How it ends is no error.
pub fn run(words: &[String], input: &[u8], limit: Duration) -> Result<Ran> {
    let (program, args) = words.split_first().context("no program is named")?;
    ensure!(program.starts_with('/'), "{program:?} is no absolute path");
    let output = memory("output")?;
    let mut given = memory("input")?;
    given.write_all(input).and_then(|()| given.seek(SeekFrom::Start(0))).context("no memory")?;
    let copy = || output.try_clone().context("no descriptor");
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place where recovery starts programs"
    )]
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .envs([("PATH", PATH), ("LC_ALL", "C")])
        .current_dir("/")
        .process_group(0)
        .stdin(given)
        .stdout(copy()?)
        .stderr(copy()?);
    let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let group = i32::try_from(child.id()).map(Pid::from_raw).context("no process group")?;
    let status = wait(child, limit)?;
    if status.is_none() {
        // It may have ended in this moment. Nobody waits for one that is stuck in the kernel.
        let _ = killpg(group, Signal::SIGKILL);
    }
    let output = text(output)?;
    Ok(status.map_or(Ran::Killed { output: output.clone() }, |status| {
        Ran::Ended(Ended { code: status.code(), output })
    }))
}

/// Starts a program that outlives this one: in a session of its own, without any stream.
///
/// # Errors
/// It can not be started.
pub fn detach(words: &[String]) -> Result<()> {
    let (program, args) = words.split_first().context("no program is named")?;
    ensure!(program.starts_with('/'), "{program:?} is no absolute path");
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place where recovery starts programs"
    )]
    let mut command = Command::new("/usr/bin/setsid");
    command
        .arg("--fork")
        .arg(program)
        .args(args)
        .env_clear()
        .envs([("PATH", PATH), ("LC_ALL", "C")])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = command.status().context("cannot start setsid")?;
    ensure!(status.success(), "setsid did not start {program}");
    Ok(())
}

/// Becomes another program, or this one anew, which the table of processes shows as `name`. Returns only where that fails.
pub fn become_program(name: &str, words: &[String]) -> anyhow::Error {
    let Some((program, args)) = words.split_first() else {
        return anyhow::anyhow!("no program is named");
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place where recovery starts programs"
    )]
    let mut command = Command::new(program);
    let error = command.arg0(name).args(args).env_clear().env("PATH", PATH).exec();
    anyhow::Error::new(error).context(format!("cannot become {program}"))
}

/// Waits in a thread of its own, which is left behind with a child that does not end.
fn wait(mut child: Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let (sender, ended) = mpsc::sync_channel(1);
    thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || {
            // Nobody listens any more when the limit has passed.
            let _ = sender.send(child.wait());
        })
        .context("cannot start a thread")?;
    match ended.recv_timeout(limit) {
        Ok(status) => status.map(Some).context("cannot wait for a program"),
        Err(_) => Ok(None),
    }
}

fn memory(name: &str) -> Result<File> {
    memfd_create(name, MFdFlags::MFD_CLOEXEC).map(File::from).context("no memory for a file")
}

fn text(mut file: File) -> Result<String> {
    file.seek(SeekFrom::Start(0)).context("cannot read what a program said")?;
    let mut bytes = Vec::new();
    file.take(OUTPUT).read_to_end(&mut bytes).context("cannot read what a program said")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, input: &[u8], limit: Duration) -> Ran {
        let words = ["/bin/sh", "-c", script].map(str::to_owned);
        run(&words, input, limit).unwrap()
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_program_gets_its_input_and_a_fixed_environment() {
        let ran = shell("cat; echo \"$PATH $HOME\" >&2; exit 3", b"secret\n", LONG);
        let output = format!("secret\n{PATH} \n");
        assert_eq!(ran, Ran::Ended(Ended { code: Some(3), output }));
        assert!(!ran.succeeded());
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let start = std::time::Instant::now();
        let ran = shell("echo begun; sleep 1000 & wait", b"", Duration::from_millis(300));
        assert_eq!(ran, Ran::Killed { output: "begun\n".to_owned() });
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn a_child_that_keeps_the_output_open_holds_nobody_up() {
        let start = std::time::Instant::now();
        let ran = shell("sleep 3 & echo done", b"", LONG);
        assert_eq!(ran.output(), "done\n");
        assert!(start.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_program_is_named_by_its_whole_path() {
        assert!(run(&["sh".to_owned()], b"", LONG).is_err());
        assert!(run(&[], b"", LONG).is_err());
    }
}
