//! The one write of a plugin's output.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::PollFlags;

use crate::deadline::Deadline;

/// Bytes that a pipe which reports room takes without blocking (`PIPE_BUF`).
const ATOMIC: usize = 4096;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Remembers, before Rust's runtime starts, whether standard output is closed. The runtime opens `/dev/null` in its place, and a
/// result that nobody can read would pass as delivered.
#[used]
#[expect(
    unsafe_code,
    reason = "a constructor is the only moment before the runtime; it makes one system call and no assumption"
)]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = {
    extern "C" fn look() {
        let closed = fcntl(io::stdout(), FcntlArg::F_GETFD).is_err();
        CLOSED.store(closed, Ordering::Relaxed);
    }
    look
};

/// Writes a text to standard output in one system call, and waits no longer than `patience` for a reader.
///
/// # Errors
/// Standard output is closed, its device is full, or its reader does not read.
pub(super) fn write(text: &str, patience: Duration) -> io::Result<()> {
    if CLOSED.load(Ordering::Relaxed) {
        return Err(nix::errno::Errno::EBADF.into());
    }
    let deadline = Deadline::within(patience);
    deadline.wait(io::stdout().as_fd(), PollFlags::POLLOUT)?;
    if text.len() <= ATOMIC {
        return all(io::stdout().as_fd(), text.as_bytes());
    }
    let text = text.to_owned();
    deadline.aside(move || all(io::stdout().as_fd(), text.as_bytes()))?
}

fn all(stdout: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(stdout, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
