//! Private kernel namespaces: a network or a set of mounts that only one test sees.
//!
//! A namespace here has no name. It lives as long as its handle or a process inside it, so a test
//! that panics, or that is killed, leaves nothing behind. Work is done by a thread of its own that
//! enters the namespace and ends there; the test's other threads never see it.

use std::fs::File;
use std::io::Read;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, chdir, gettid};

/// No command of a test runs longer than this.
const LIMIT: Duration = Duration::from_mins(1);

/// A handle on one namespace; it is gone when the handle is dropped and the last process in it has
/// ended.
pub(crate) struct Namespace {
    handle: File,
    kind: CloneFlags,
}

impl Namespace {
    /// A network without anything but an unconfigured loopback interface.
    pub(crate) fn network() -> Self {
        Self::make(CloneFlags::CLONE_NEWNET, "net", || {})
    }

    /// A copy of the mounts the test sees now; later ones do not pass in either direction.
    pub(crate) fn mounts() -> Self {
        Self::make(CloneFlags::CLONE_NEWNS, "mnt", || {
            mount(
                None::<&str>,
                "/",
                None::<&str>,
                MsFlags::MS_REC | MsFlags::MS_PRIVATE,
                None::<&str>,
            )
            .expect("cannot make the mounts private");
        })
    }

    fn make(kind: CloneFlags, name: &str, prepare: impl FnOnce() + Send) -> Self {
        let handle = in_own_thread(|| {
            unshare(kind).expect("cannot make a namespace; these tests run as root");
            prepare();
            File::open(format!("/proc/thread-self/ns/{name}"))
                .expect("cannot open the new namespace")
        });
        Self { handle, kind }
    }

    /// A second handle on the same namespace.
    pub(crate) fn share(&self) -> Self {
        let handle = self.handle.try_clone().expect("a free file descriptor");
        Self { handle, kind: self.kind }
    }

    /// A path by which other programs reach this namespace while the handle lives.
    pub(crate) fn path(&self) -> PathBuf {
        use std::os::fd::AsRawFd;
        format!("/proc/{}/fd/{}", std::process::id(), self.handle.as_raw_fd()).into()
    }

    /// The number by which `lsns` and `/proc/PID/ns` know this namespace.
    pub(crate) fn number(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        self.handle.metadata().expect("an open file has metadata").ino()
    }

    /// Does `work` inside and gives back what it gives; a panic passes through.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        in_own_thread(|| {
            self.enter();
            work()
        })
    }

    /// Moves the calling thread, for good, into this namespace.
    pub(crate) fn enter(&self) {
        let here = std::env::current_dir();
        if self.kind == CloneFlags::CLONE_NEWNS {
            // The kernel refuses a thread that shares its working directory with others.
            unshare(CloneFlags::CLONE_FS).expect("cannot separate the working directory");
        }
        setns(&self.handle, self.kind).expect("cannot enter the namespace");
        if let Ok(here) = here {
            // Entering other mounts moves the thread to their root.
            chdir(&here).expect("cannot go back to the working directory");
        }
    }

    /// Starts a command inside, with the arguments, user and streams it was given.
    pub(crate) fn spawn(&self, command: &mut Command) -> Child {
        self.inside(|| start(command))
    }

    /// Runs a command inside to its end, without input, and gives its output.
    pub(crate) fn run(&self, command: &mut Command) -> Output {
        let output = self.run_within(command, LIMIT);
        output.unwrap_or_else(|| panic!("{command:?} did not end within {LIMIT:?}"))
    }

    /// Like [`Self::run`], before all ordinary processes where the kernel permits, so that other
    /// load of the machine does not spoil what the command measures.
    pub(crate) fn run_promptly(&self, command: &mut Command) -> Output {
        let child = self.inside(|| {
            prefer_this_thread(20);
            start(captured(command))
        });
        let output = finished(child, LIMIT);
        output.unwrap_or_else(|| panic!("{command:?} did not end within {LIMIT:?}"))
    }

    /// Like [`Self::run`] for a command that may hang: `None` when it (or a child of it that holds
    /// its output) is still there after `limit`.
    pub(crate) fn run_within(&self, command: &mut Command, limit: Duration) -> Option<Output> {
        let child = self.spawn(captured(command));
        finished(child, limit)
    }

    /// Runs an auxiliary command that has to succeed, and gives its standard output.
    pub(crate) fn must(&self, command: &mut Command) -> String {
        let output = self.run(command);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {}: {errors}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Sets what `finished` needs: no input, and both outputs as pipes.
pub(crate) fn captured(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())
}

/// The output of a child whose streams are pipes, or `None` when it did not end in time; it is then
/// sent SIGKILL.
///
/// Nobody waits for a child that is stuck in the kernel: a thread left behind does, and ends when
/// the child does.
pub(crate) fn finished(mut child: Child, limit: Duration) -> Option<Output> {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id fits"));
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || {
        let stderr = child.stderr.take().map(|mut pipe| {
            thread::spawn(move || {
                let mut text = Vec::new();
                pipe.read_to_end(&mut text).map(|_| text)
            })
        });
        let mut output = child.wait_with_output().expect("cannot wait for a child");
        if let Some(reader) = stderr {
            output.stderr = reader
                .join()
                .expect("a reader does not panic")
                .expect("cannot read the output of a child");
        }
        // Nobody listens any more when the limit has passed.
        let _ = sender.send(output);
    });
    let output = ended.recv_timeout(limit).ok();
    if output.is_none() {
        // The child may have ended by itself in this moment.
        let _ = kill(pid, Signal::SIGKILL);
    }
    output
}

/// Lets the calling thread, and what it starts, run before all ordinary processes where the kernel
/// permits; elsewhere timing is only less exact.
pub(crate) fn prefer_this_thread(priority: u8) {
    let thread = gettid().to_string();
    let _ = Command::new("chrt")
        .args(["--fifo", "--pid", &priority.to_string(), &thread])
        .stderr(Stdio::null())
        .status();
}

/// Waits for what cannot be waited for otherwise, at most ten seconds.
pub(crate) fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {what}");
        thread::yield_now();
    }
}

fn start(command: &mut Command) -> Child {
    command
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", command.get_program().display()))
}

fn in_own_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|panic| resume_unwind(panic))
}
