//! Processes of earlier checks that still hang on a mount.
//!
//! Such a process has been killed, but the signal does not reach it before the file system answers. Asking again would leave
//! one more behind at every check.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use nix::sys::signal::Signal;
use nix::unistd::Uid;
use procfs_core::FromRead;
use procfs_core::process::Status;

use super::Mount;
use super::asked::{PROGRAM, process_name};

/// For each mount the process of an earlier check of the same user that hangs on it.
pub(super) fn find(mounts: &[&Mount]) -> Vec<Option<i32>> {
    let names: Vec<String> = mounts.iter().map(|mount| process_name(&mount.device)).collect();
    let mut found: HashMap<String, i32> = HashMap::new();
    if !names.is_empty() {
        let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        found.extend(numbers.filter_map(|process| {
            let name = name_of(process)?;
            (names.contains(&name) && hangs(process)).then_some((name, process))
        }));
    }
    names.iter().map(|name| found.get(name).copied()).collect()
}

/// The name that a process gave itself. Reading it never waits, whereas the command line of a process that is stuck elsewhere
/// may not be readable before it comes free: so the name comes first.
fn name_of(process: i32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    name.starts_with("fs ").then(|| name.trim_end_matches('\n').to_owned())
}

/// Whether it is one of ours that was killed and does not end. One that was not killed belongs to a check that runs now.
fn hangs(process: i32) -> bool {
    let same_user = fs::metadata(format!("/proc/{process}"))
        .is_ok_and(|directory| directory.uid() == Uid::effective().as_raw());
    same_user && was_killed(process).unwrap_or(false) && is_ours(process)
}

fn was_killed(process: i32) -> Option<bool> {
    let kill = 1_u64 << (Signal::SIGKILL as u32 - 1);
    let status = Status::from_file(format!("/proc/{process}/status")).ok()?;
    Some(status.state.starts_with('D') && (status.sigpnd | status.shdpnd) & kill != 0)
}

fn is_ours(process: i32) -> bool {
    let words = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    words.split(|byte| *byte == 0).next() == Some(PROGRAM.as_bytes())
}
