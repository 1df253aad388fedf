//! The process that asks mounts which may hang: it reads requests, and answers them one by one.
//!
//! A request is `INDEX DEVICE PATH` and a NUL, the answer one line: `INDEX ok NUMBERS` or `INDEX error NUMBER`. The first line
//! is [`READY`]. While a mount is asked, the process is named after its device number, by which a later check finds it when
//! it hangs.

use std::ffi::{CString, OsStr};
use std::io::{self, BufRead, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::statvfs::statvfs;

use super::Space;

/// Its name as the first word of its command line; there are no further words.
pub(super) const PROGRAM: &str = "check_disk-asks-mounts";
/// What it says when it is there.
pub(super) const READY: &str = "ready";

/// Name of a process while it asks a file system, within the kernel's 15 bytes.
pub(super) fn process_name(device: &str) -> String {
    format!("fs {device}")
}

/// One request for the process.
pub(super) fn request(index: usize, device: &str, point: &Path) -> Vec<u8> {
    let mut request = format!("{index} {device} ").into_bytes();
    request.extend_from_slice(point.as_os_str().as_bytes());
    request.push(0);
    request
}

/// The whole life of that process, where this program was started as one: the `main` of every program that measures disks
/// calls this first.
pub fn serve_if_asked() -> Option<ExitCode> {
    let program = std::env::args_os().next()?;
    (program == PROGRAM).then(|| match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn serve() -> io::Result<()> {
    // Killed with its check; when it hangs, the mark of the signal is what a later check goes by.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    close_inherited()?;
    let mut answers = io::stdout().lock();
    writeln!(answers, "{READY}")?;
    answers.flush()?;
    for request in io::stdin().lock().split(0) {
        let answer = answer(&request?).ok_or(io::ErrorKind::InvalidData)?;
        // One write, so that answers of several such processes into the same pipe do not mix (PIPE_BUF).
        answers.write_all(answer.as_bytes())?;
        answers.flush()?;
    }
    Ok(())
}

/// Closes what the check inherited and never uses: this process may outlive it, and must hold no pipe of the engine's open.
fn close_inherited() -> io::Result<()> {
    let entries = std::fs::read_dir("/proc/self/fd")?.filter_map(Result::ok);
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // The listing has a descriptor of its own, which is closed when this list is complete.
    let inherited: Vec<i32> = numbers.filter(|number| *number > 2).collect();
    for number in inherited {
        let _ = nix::unistd::close(number);
    }
    Ok(())
}

fn answer(request: &[u8]) -> Option<String> {
    let mut words = request.splitn(3, |byte| *byte == b' ');
    let index: usize = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let device = std::str::from_utf8(words.next()?).ok()?;
    let point = Path::new(OsStr::from_bytes(words.next()?));
    // Only a later check's finding depends on the name.
    let _ = prctl::set_name(&CString::new(process_name(device)).ok()?);
    Some(match statvfs(point) {
        Ok(numbers) => format!("{index} ok {}\n", Space::from(&numbers).encode()),
        Err(error) => format!("{index} error {}\n", error as i32),
    })
}
