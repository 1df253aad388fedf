//! Mounts that only one test sees, on mount points in a directory of its own.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::Arc;
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use tempfile::TempDir;

use super::HangingFs;
use super::server::Mode;
use crate::namespace::Namespace;

/// A kind of file system made in a file and mounted by a loop device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Image {
    Ext4,
    Xfs,
    Btrfs,
    Squashfs,
}

/// A private mount namespace. Its mounts are gone when this is dropped and the last process in it
/// has ended.
pub(crate) struct Mounts {
    namespace: Arc<Namespace>,
    directory: TempDir,
}

impl Mounts {
    /// What the test sees now, to which it can add.
    pub(crate) fn new() -> Self {
        // In memory, since many mount points take long to remove from a disk.
        let directory = tempfile::Builder::new().prefix("mounts-").tempdir_in("/dev/shm");
        let directory = directory.expect("cannot make a temporary directory");
        Self { namespace: Arc::new(Namespace::mounts()), directory }
    }

    /// The path of a mount point with this name; nothing needs to be there.
    pub(crate) fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.directory.path().join(name.as_ref())
    }

    /// Runs a command that sees these mounts, and gives its output.
    pub(crate) fn run(&self, command: &mut Command) -> Output {
        self.namespace.run(command)
    }

    /// Like [`Self::run`], before all ordinary processes, for what is measured.
    pub(crate) fn run_promptly(&self, command: &mut Command) -> Output {
        self.namespace.run_promptly(command)
    }

    /// Like [`Self::run`]; `None` when the command, or a child that holds its output, is not gone
    /// after `limit`.
    pub(crate) fn run_within(&self, command: &mut Command, limit: Duration) -> Option<Output> {
        self.namespace.run_within(command, limit)
    }

    /// Starts a command that sees these mounts.
    pub(crate) fn spawn(&self, command: &mut Command) -> Child {
        self.namespace.spawn(command)
    }

    /// Does something where these mounts are seen. It must not touch a mount that hangs: the whole
    /// test process would hang with it.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.namespace.inside(work)
    }

    /// Mounts a file system that may hang.
    pub(crate) fn hanging(&self, name: impl AsRef<OsStr>, mode: Mode) -> HangingFs {
        HangingFs::mount(&self.namespace, &self.new_point(name), "hung-server:/export", mode)
    }

    /// Like [`Self::hanging`], with the device that the table of mounts shows.
    pub(crate) fn hanging_from(
        &self,
        source: &str,
        name: impl AsRef<OsStr>,
        mode: Mode,
    ) -> HangingFs {
        HangingFs::mount(&self.namespace, &self.new_point(name), source, mode)
    }

    /// Mounts an empty tmpfs with options such as `size=1M,nr_inodes=100`.
    pub(crate) fn tmpfs(&self, name: impl AsRef<OsStr>, options: &str) -> PathBuf {
        let point = self.new_point(name);
        self.inside(|| attach("tmpfs", &point, "tmpfs", options));
        point
    }

    /// Mounts so many small tmpfs, named by their numbers.
    pub(crate) fn many_tmpfs(&self, count: usize) -> Vec<PathBuf> {
        let points: Vec<_> = (0..count).map(|number| self.new_point(number.to_string())).collect();
        self.inside(|| points.iter().for_each(|point| attach("tmpfs", point, "tmpfs", "size=64k")));
        points
    }

    /// Shows a directory or file a second time.
    pub(crate) fn bind(&self, what: &Path, name: impl AsRef<OsStr>) -> PathBuf {
        let point = if what.is_dir() { self.new_point(name) } else { self.new_file(name) };
        self.inside(|| change(Some(what), &point, MsFlags::MS_BIND));
        point
    }

    /// Makes a mount read-only.
    pub(crate) fn read_only(&self, point: &Path) {
        self.inside(|| {
            change(None, point, MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY);
        });
    }

    /// Lays an overlay over `lower`; what is written goes to a directory of the test.
    pub(crate) fn overlay(&self, lower: &Path, name: impl AsRef<OsStr>) -> PathBuf {
        let point = self.new_point(&name);
        // A directory whose name needs no quoting in the options.
        let layers = tempfile::tempdir_in(self.directory.path())
            .expect("cannot make a temporary directory")
            .keep();
        let [upper, work] = ["upper", "work"].map(|layer| layers.join(layer));
        fs::create_dir(&upper)
            .and_then(|()| fs::create_dir(&work))
            .expect("cannot make the layers");
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            lower.display(),
            upper.display(),
            work.display()
        );
        self.inside(|| attach("overlay", &point, "overlay", &options));
        point
    }

    /// Makes a file system of this size in a file and mounts it by a loop device. Both go with the
    /// mount; a squashfs holds the system's passwd and is as large as that.
    pub(crate) fn image(&self, kind: Image, mebibytes: u64, name: impl AsRef<OsStr>) -> PathBuf {
        let point = self.new_point(name);
        let file = tempfile::NamedTempFile::new_in(self.directory.path());
        let file = file.expect("cannot make an image");
        file.as_file().set_len(mebibytes << 20).expect("cannot set the size of an image");
        let image = file.path();
        let mut made = match kind {
            Image::Ext4 => Command::new("mkfs.ext4"),
            Image::Xfs => Command::new("mkfs.xfs"),
            Image::Btrfs => Command::new("mkfs.btrfs"),
            Image::Squashfs => Command::new("mksquashfs"),
        };
        match kind {
            Image::Ext4 => made.args(["-q", "-F"]).arg(image),
            Image::Xfs | Image::Btrfs => made.args(["-q", "-f"]).arg(image),
            Image::Squashfs => made.arg("/etc/passwd").arg(image).args(["-quiet", "-noappend"]),
        };
        succeeded(&mut made);
        self.namespace.must(Command::new("mount").args(["-o", "loop"]).arg(image).arg(&point));
        point
    }

    fn new_point(&self, name: impl AsRef<OsStr>) -> PathBuf {
        let point = self.path(name);
        fs::create_dir_all(&point).unwrap_or_else(|error| {
            panic!("cannot make the mount point {}: {error}", point.display())
        });
        point
    }

    fn new_file(&self, name: impl AsRef<OsStr>) -> PathBuf {
        let point = self.path(name);
        File::create(&point).unwrap_or_else(|error| {
            panic!("cannot make the mount point {}: {error}", point.display())
        });
        point
    }
}

/// Names that break output, logs and terminals when they are passed on as they are.
pub(crate) fn hostile_names() -> Vec<OsString> {
    let texts = [
        "two words",
        "pipe|x=1;2;3",
        "line\nbreak",
        "tab\tstop",
        "esc\u{1b}[31mred",
        "bidi\u{202e}txt",
        "line\u{2028}separator",
        "back\\slash\\040",
    ];
    let more =
        ["quote'it\"s", "=equals", "-dash", "del\u{7f}", "über", "#hash", "$(date)`date`", "%s%n"];
    let long = "x".repeat(255);
    let named = texts.into_iter().chain(more).chain([long.as_str()]).map(OsString::from);
    named
        .chain([
            OsString::from_vec(b"bad\xff\xfeutf8".to_vec()),
            OsStr::from_bytes(b"cut\xe2\x80").to_owned(),
        ])
        .collect()
}

/// Runs a tool that has to succeed.
fn succeeded(tool: &mut Command) {
    let output = tool.output();
    let output = output.unwrap_or_else(|error| panic!("{tool:?} must be installed: {error}"));
    let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{tool:?}: {}: {text}", output.status);
}

fn attach(source: &str, point: &Path, kind: &str, options: &str) {
    mount(Some(source), point, Some(kind), MsFlags::empty(), Some(options))
        .unwrap_or_else(|error| panic!("cannot mount {kind} on {}: {error}", point.display()));
}

fn change(what: Option<&Path>, point: &Path, flags: MsFlags) {
    mount(what, point, None::<&str>, flags, None::<&str>)
        .unwrap_or_else(|error| panic!("cannot mount {} as {flags:?}: {error}", point.display()));
}
