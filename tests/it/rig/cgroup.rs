//! The control group of one host: what it is frozen by.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::server::wait_until;

const ROOT: &str = "/sys/fs/cgroup";

/// A group of its own at the top, which nspawn divides into itself and its payload.
pub(super) struct Cgroup(PathBuf);

impl Cgroup {
    /// The group for the host in the directory of this name, which is unique.
    pub(super) fn new(name: &str) -> Self {
        let path = top().join(name);
        fs::create_dir(&path)
            .unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display()));
        Self(path)
    }

    /// Where a process writes its number to be in the group.
    pub(super) fn door(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }

    /// The same for a process that is to be one of the host's.
    pub(super) fn guest_door(&self) -> PathBuf {
        let guests = self.0.join("payload/guest");
        // A host that goes down in this moment has none, and the command fails by that.
        let _ = fs::create_dir_all(&guests);
        guests.join("cgroup.procs")
    }

    /// Stops or continues every process of the host; its kernel goes on.
    pub(super) fn freeze(&self, frozen: Freezer) {
        let payload = self.0.join("payload");
        if !payload.exists() {
            return;
        }
        let word = match frozen {
            Freezer::Frozen => "1",
            Freezer::Running => "0",
        };
        fs::write(payload.join("cgroup.freeze"), word).expect("a group of ours");
        let events = payload.join("cgroup.events");
        let done = || {
            let text = fs::read_to_string(&events).unwrap_or_default();
            text.contains(&format!("frozen {word}"))
        };
        assert!(wait_until(Duration::from_secs(10), done), "the host is not frozen {word}");
    }
}

/// Whether the processes of a group run.
#[derive(Clone, Copy)]
pub(super) enum Freezer {
    Frozen,
    Running,
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let name = self.0.file_name().expect("a group below the top").to_owned();
        // Where old and new control groups are both mounted, nspawn makes one of systemd's old kind as well.
        let old = Path::new(ROOT).join("systemd").join(name);
        for path in [&self.0, &old] {
            // The kernel lets go of a group a moment after its last process has ended.
            wait_until(Duration::from_secs(5), || remove(path));
        }
    }
}

fn top() -> PathBuf {
    let unified = Path::new(ROOT).join("unified");
    if unified.is_dir() { unified } else { ROOT.into() }
}

/// Removes a group with those below it, and says whether it is gone.
fn remove(path: &Path) -> bool {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
    !path.exists()
}
