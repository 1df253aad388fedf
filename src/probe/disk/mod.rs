//! Mounted file systems and the room on them.
//!
//! The table of mounts comes from the kernel and touches no file system. Only [`measure`] does, and only the mounts that it is
//! given. A mount that may hang is asked by a process of its own, see `asking`.

use std::io;

use nix::errno::Errno;
use nix::sys::statvfs::statvfs;

use crate::deadline::Deadline;

mod asked;
mod asking;
mod kind;
mod mount;
mod space;
mod stuck;

pub use asked::serve_if_asked;
pub use mount::{Mount, table};
pub use space::Space;

/// What a mount answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Its size and use.
    Space(Space),
    /// An error, at once.
    Failed(Errno),
    /// Nothing until the time limit.
    Silent,
    /// Nothing to an earlier check, whose process still waits for it in the kernel; it was not asked again.
    StillSilent {
        /// That process.
        process: i32,
    },
    /// It could not be asked.
    NotAsked(String),
}

/// Asks mounts for their size and use, in their order. Nothing but these mounts is touched.
///
/// # Errors
/// A signal arrived, or there is no way to ask.
pub fn measure(mounts: &[&Mount], deadline: &Deadline) -> io::Result<Vec<Answer>> {
    let slow: Vec<&Mount> = mounts.iter().copied().filter(|mount| mount.may_hang()).collect();
    let mut asked = asking::ask(&slow, deadline)?.into_iter();
    let mut answers = Vec::with_capacity(mounts.len());
    for mount in mounts {
        let answer = if mount.may_hang() { asked.next() } else { Some(local(mount)) };
        answers.push(answer.unwrap_or_else(|| Answer::NotAsked("was forgotten".to_owned())));
    }
    Ok(answers)
}

/// Asks one mount and waits as long as it takes.
fn local(mount: &Mount) -> Answer {
    match statvfs(mount.point.as_path()) {
        Ok(numbers) => Answer::Space(Space::from(&numbers)),
        Err(error) => Answer::Failed(error),
    }
}
