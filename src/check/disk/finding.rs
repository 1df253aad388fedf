//! What is said about one target.

use nix::errno::Errno;
use std::os::unix::ffi::OsStrExt;

use super::Disk;
use super::limits::Yardstick;
use super::selection::{Missing, Target};
use crate::check::Settings;
use crate::plugin::{Metric, Status, Unit, shortened, visible};
use crate::probe::disk::{Answer, Mount, Space};

/// Characters of a name in the first line, so that a long one leaves room for others.
const NAME: usize = 48;

/// A target judged.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) status: Status,
    /// Whether the room was measured: it is then listed as `free space`.
    pub(super) is_room: bool,
    /// Use in per cent, by which room is ordered.
    pub(super) fullness: f64,
    /// For the first line.
    pub(super) text: String,
    /// For a line of its own.
    pub(super) detail: String,
    pub(super) metrics: Vec<Metric>,
}

impl Finding {
    fn stated(status: Status, name: &str, what: &str) -> Self {
        Self {
            status,
            is_room: false,
            fullness: 0.0,
            text: format!("{} {what}", shortened(name, NAME)),
            detail: format!("{name}: {status}, {what}"),
            metrics: Vec::new(),
        }
    }
}

impl Disk {
    /// Judges one target; nothing where it has no room that anybody asked for.
    pub(super) fn finding(
        &self,
        target: &Target,
        answer: Option<&Answer>,
        yardstick: &Yardstick,
        settings: &Settings,
    ) -> Option<Finding> {
        let mount = match target {
            Target::Missing(missing) => return Some(not_mounted(missing)),
            Target::Unmatched(pattern) => {
                let name = visible(pattern.as_bytes());
                let what = "matches no mount (pseudo file systems need -p or -N)";
                return Some(Finding::stated(Status::Unknown, &name, what));
            }
            Target::Named(mount) | Target::Found(mount) | Target::Reached(mount) => mount,
        };
        let Some(Answer::Space(space)) = answer else {
            let (status, what) = silent(answer, settings);
            return Some(Finding::stated(status, &self.name(mount), &what));
        };
        let said = |status, what| Some(Finding::stated(status, &self.name(mount), what));
        match (target, space.blocks) {
            (Target::Reached(_), _) => said(Status::Ok, "answers"),
            (Target::Named(_), 0) => said(Status::Unknown, "has no size that could be filled"),
            (_, 0) => None,
            (_, _) => Some(self.room(mount, space, yardstick)),
        }
    }

    fn room(&self, mount: &Mount, space: &Space, yardstick: &Yardstick) -> Finding {
        let name = self.name(mount);
        let unit = self.words.unit();
        let amount = |bytes: f64| format!("{:.0}{}", (bytes / unit.bytes()).floor(), unit.suffix);
        let inodes = space.inodes_free_percent();
        let inode = inodes.map_or("-".to_owned(), |free| format!("{:.0}%", free.floor()));
        let status = yardstick.room(space).max(yardstick.inodes(space));
        let free = amount(space.available());
        let percent = space.free_percent();
        let percent =
            if percent.is_nan() { "-".to_owned() } else { format!("{:.0}%", percent.floor()) };
        let text = format!("{} {free} ({percent} inode={inode})", shortened(&name, NAME));
        let detail = format!(
            "{name}: {status}, {:.2}% in use, {free} of {} free for users, inodes {inode} free, {} on {}",
            space.use_percent(),
            amount(space.usable()),
            visible(mount.kind.as_bytes()),
            visible(mount.source.as_bytes()),
        );
        let metrics = self.metrics(mount, space, yardstick);
        Finding { status, is_room: true, fullness: space.use_percent(), text, detail, metrics }
    }

    fn metrics(&self, mount: &Mount, space: &Space, yardstick: &Yardstick) -> Vec<Metric> {
        let label = self.label(mount);
        let total =
            if self.words.freespace_ignore_reserved { space.usable() } else { space.total() };
        let used = Metric::new(label, space.used(), Unit::Bytes);
        let mut metrics = vec![used.judged_by(yardstick.bytes(space)).min(0.0).max(total)];
        if self.words.iperfdata {
            let (used, all) = space.inode_numbers();
            let inodes = Metric::new([label, b" (inodes)"].concat(), used, Unit::Count);
            metrics.push(inodes.judged_by(yardstick.inodes_used(all)).min(0.0).max(all));
        }
        metrics
    }

    fn name(&self, mount: &Mount) -> String {
        visible(self.label(mount))
    }

    fn label<'a>(&self, mount: &'a Mount) -> &'a [u8] {
        let name = if self.words.mountpoint { &mount.source } else { mount.point.as_os_str() };
        name.as_bytes()
    }
}

fn not_mounted(missing: &Missing) -> Finding {
    let status = if missing.required { Status::Critical } else { Status::Unknown };
    let name = visible(missing.path.as_os_str().as_bytes());
    let stated = Finding::stated(status, &name, "is not mounted");
    match &missing.lies_on {
        None => stated,
        Some(lies_on) => {
            let place = visible(lies_on.as_os_str().as_bytes());
            Finding { detail: format!("{} (the path lies on {place})", stated.detail), ..stated }
        }
    }
}

/// State and words for a mount without numbers.
fn silent(answer: Option<&Answer>, settings: &Settings) -> (Status, String) {
    let waited = settings.timeout.as_secs_f64();
    match answer {
        Some(Answer::Silent) => {
            (settings.timeout_result, format!("does not answer (waited {waited} s)"))
        }
        Some(Answer::StillSilent { process }) => {
            let what = format!(
                "still does not answer (process {process} of an earlier check hangs on it)"
            );
            (settings.timeout_result, what)
        }
        Some(Answer::Failed(error)) => {
            (status_of(*error), format!("is not accessible: {}", error.desc()))
        }
        Some(Answer::NotAsked(reason)) => (Status::Unknown, reason.clone()),
        Some(Answer::Space(_)) | None => (Status::Unknown, "was not asked".to_owned()),
    }
}

/// What a file system does to everybody is its fault; what only kept us from looking is not.
fn status_of(error: Errno) -> Status {
    let ours = matches!(
        error,
        Errno::EACCES
            | Errno::EPERM
            | Errno::ENOENT
            | Errno::ENOTDIR
            | Errno::ELOOP
            | Errno::ENOMEM
            | Errno::ENOSYS
            | Errno::EOPNOTSUPP
            | Errno::EOVERFLOW
            | Errno::ENAMETOOLONG
            | Errno::EMFILE
            | Errno::ENFILE
    );
    if ours { Status::Unknown } else { Status::Critical }
}
