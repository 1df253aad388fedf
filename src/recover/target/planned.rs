//! Signs that somebody is changing the server on purpose: then it is left alone.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::path::Path;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::systemctl;
use crate::policy::Recovery;
use crate::recover::{Moment, Refusal};

/// Files that package managers lock while they change the system.
const LOCKS: [&str; 5] = [
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/cache/apt/archives/lock",
    "/var/lib/rpm/.rpm.lock",
    "/usr/lib/sysimage/rpm/.rpm.lock",
];
/// Files in which package managers, and a shutdown that waits, leave their process number.
const NUMBERS: [&str; 5] = [
    "/run/yum.pid",
    "/var/run/yum.pid",
    "/var/lib/dnf/rpmdb_lock.pid",
    "/run/zypp.pid",
    "/run/shutdown.pid",
];
/// Files that are there while the server goes down, or takes nobody in.
const FILES: [&str; 3] = ["/run/nologin", "/etc/nologin", "/run/systemd/shutdown/scheduled"];

/// Refuses while the server is young, is being changed, or is going down.
pub(super) fn guard(now: &Moment, limits: &Recovery) -> Result<(), Refusal> {
    let young = u64::from(limits.young);
    if now.age < young {
        let reason = format!("the server is up for {} s of {young} s", now.age);
        return Err(Refusal { guard: "young", reason });
    }
    let doubt = |reason| Refusal { guard: "planned", reason };
    for path in FILES {
        if present(Path::new(path)).map_err(doubt)? {
            return Err(doubt(format!("{path} exists")));
        }
    }
    for path in LOCKS {
        if let Some(pid) = locked(Path::new(path)).map_err(doubt)? {
            return Err(doubt(format!("process {pid} holds {path}")));
        }
    }
    for path in NUMBERS {
        if let Some(pid) = lives(Path::new(path)).map_err(doubt)? {
            return Err(doubt(format!("process {pid} of {path} is at work")));
        }
    }
    if !super::has_systemd() {
        return Ok(());
    }
    let state = systemctl::system_state().map_err(|error| doubt(format!("{error:#}")))?;
    settled(&state).map_err(doubt)
}

/// Whether systemd has nothing greater in hand.
fn settled(state: &str) -> Result<(), String> {
    match state {
        "running" | "degraded" => Ok(()),
        other => Err(format!("systemd says that the server is {other}")),
    }
}

fn present(path: &Path) -> Result<bool, String> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("cannot look at {}: {error}", path.display())),
    }
}

/// Who holds a lock for writing. The kernel is asked, since its list of locks names files by numbers that file systems in layers
/// do not keep.
fn locked(path: &Path) -> Result<Option<i32>, String> {
    let doubt = |error: String| format!("cannot ask about {}: {error}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(doubt(error.to_string())),
    };
    // A lock for reading over the whole file: whatever stands against it is a lock for writing.
    let mut lock = libc::flock {
        l_type: kind(libc::F_RDLCK)?,
        l_whence: kind(libc::SEEK_SET)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(file.as_fd(), FcntlArg::F_GETLK(&mut lock)).map_err(|error| doubt(error.to_string()))?;
    Ok((lock.l_type != kind(libc::F_UNLCK)?).then_some(lock.l_pid))
}

/// The C library declares its constants wider than the fields that they are made for.
fn kind(constant: libc::c_int) -> Result<libc::c_short, String> {
    constant.try_into().map_err(|_| format!("no kind of lock: {constant}"))
}

/// The process whose number a file holds, if it lives.
fn lives(path: &Path) -> Result<Option<i32>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    // An empty file is one that is being written, or was left behind by a crash: the lock itself is what counts.
    let Ok(pid) = text.trim().parse::<i32>() else { return Ok(None) };
    Ok(Path::new(&format!("/proc/{pid}")).exists().then_some(pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_server_is_left_alone() {
        let now = Moment { time: 1, boot: "b".to_owned(), age: 599 };
        assert_eq!(
            guard(&now, &crate::policy::Policy::documented().recovery).unwrap_err().guard,
            "young"
        );
    }

    #[test]
    fn only_a_settled_system_is_touched() {
        for (state, good) in [
            ("running", true),
            ("degraded", true),
            ("starting", false),
            ("stopping", false),
            ("maintenance", false),
            ("offline", false),
        ] {
            assert_eq!(settled(state).is_ok(), good, "{state}");
        }
    }

    #[test]
    fn a_lock_of_another_process_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert_eq!(locked(&path), Ok(None));
        fs::write(&path, "").unwrap();
        assert_eq!(locked(&path), Ok(None));
        // The lock of another process, kept until its input ends.
        let script = format!(
            "import fcntl,sys; f=open('{}','w'); fcntl.lockf(f,fcntl.LOCK_EX); print(1,flush=True); sys.stdin.read()",
            path.display()
        );
        #[expect(
            clippy::disallowed_methods,
            reason = "a lock of our own does not stand against ourselves"
        )]
        let mut other = std::process::Command::new("python3")
            .args(["-c", &script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0];
        std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let seen = locked(&path);
        drop(other.stdin.take());
        other.wait().unwrap();
        assert_eq!(seen, Ok(i32::try_from(other.id()).ok()));
        assert_eq!(locked(&path), Ok(None));
    }

    #[test]
    fn a_number_counts_while_its_process_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        assert_eq!(lives(&path), Ok(None));
        let own = std::process::id();
        fs::write(&path, format!("{own}\n")).unwrap();
        assert_eq!(lives(&path), Ok(i32::try_from(own).ok()));
        for text in ["4194305", "", "x"] {
            fs::write(&path, text).unwrap();
            assert_eq!(lives(&path), Ok(None), "{text:?}");
        }
    }
}
