//! What a host boots: layers of files below an empty one of its own.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use super::host::Kind;
use crate::namespace::Namespace;
use crate::run::{command, finish};

/// The files of one host.
pub(super) struct Tree {
    dir: TempDir,
    base: PathBuf,
}

impl Tree {
    /// An unmounted tree for a host of this name.
    pub(super) fn new(kind: Kind, name: &str) -> Self {
        let dir = TempDir::with_prefix("firstaid-host-").expect("a temporary directory");
        for part in ["upper/etc", "work", "root", "programs/usr/lib/nagios/plugins"] {
            fs::create_dir_all(dir.path().join(part)).expect("our own directory");
        }
        let tree = Self { dir, base: base(kind) };
        tree.add_programs();
        let unique = tree.unique();
        let mut identity = String::new();
        for byte in unique.bytes().rev().take(16) {
            let _ = write!(identity, "{byte:02x}");
        }
        tree.put("etc/machine-id", &format!("{identity}\n"));
        tree.put("etc/hostname", &format!("{name}\n"));
        // sendmail waits a minute for a name with a domain.
        tree.put(
            "etc/hosts",
            &format!("127.0.0.1 localhost\n127.0.1.1 {name}.rig.example {name}\n"),
        );
        tree
    }

    /// Our own programs are a layer for reading only: the host may change its copies, and not what was built.
    fn add_programs(&self) {
        let built = Path::new(env!("CARGO_BIN_EXE_recover_service"));
        let folder = built.parent().expect("a program in a folder");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
        for source in fs::read_dir(sources).expect("our own sources").flatten() {
            let name = source.path().file_stem().expect("a source file").to_owned();
            let (from, to) = (folder.join(&name), self.path("programs/usr/lib/nagios/plugins"));
            // A second name costs nothing; another file system wants a copy.
            let to = to.join(name);
            fs::hard_link(&from, &to)
                .or_else(|_| fs::copy(&from, &to).map(|_| ()))
                .unwrap_or_else(|error| panic!("cannot give {}: {error}", from.display()));
        }
    }

    /// Lays a file over those of the base, before the first boot.
    pub(super) fn lay(&self, name: &str, text: &str, mode: u32) {
        let path = self.path("upper").join(name);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("our own directory");
        fs::write(&path, text).expect("our own directory");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("our own file");
    }

    /// The text of a file as the host has it now, whether it runs or not; nothing if it has none of its own.
    pub(super) fn own(&self, name: &str) -> String {
        crate::server::site::read_lossy(&self.path("upper").join(name))
    }

    /// The text of a file as it was built.
    pub(super) fn built(&self, name: &str) -> String {
        crate::server::site::read_lossy(&self.base.join(name))
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path("upper").join(name), text).expect("our own directory");
    }

    /// A file beside the layers.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A name that no other host has, on this machine.
    pub(super) fn unique(&self) -> String {
        self.dir.path().file_name().expect("a named directory").to_string_lossy().into_owned()
    }

    /// Mounts the layers for the calling thread and what it starts, and nobody else.
    pub(super) fn mount(&self, network: &Namespace) {
        unshare(CloneFlags::CLONE_NEWNS).expect("tests run as root");
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        let none = None::<&str>;
        mount(none, "/", none, private, none).expect("cannot make the mounts private");
        let at = |name: &str| self.path(name).display().to_string();
        let (base, programs) = (self.base.display(), at("programs"));
        let layers =
            format!("lowerdir={programs}:{base},upperdir={},workdir={}", at("upper"), at("work"));
        let root = self.path("root");
        mount(Some("overlay"), &root, Some("overlay"), MsFlags::empty(), Some(layers.as_str()))
            .expect("cannot mount the layers of a host");
        // nspawn's own files, which would stay behind.
        fs::create_dir_all("/run/systemd").expect("tests run as root");
        mount(Some("tmpfs"), "/run/systemd", Some("tmpfs"), MsFlags::empty(), none)
            .expect("cannot mount a tmpfs");
        // By this path the host's own namespace of processes reaches the network.
        let net = self.path("net");
        fs::write(&net, "").expect("our own directory");
        mount(Some(&network.path()), &net, none, MsFlags::MS_BIND, none)
            .expect("cannot mount a network");
    }
}

/// Where `make deps` has built the tree.
fn base(kind: Kind) -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/rig-host");
    let said = finish(&mut command(script, &["path", kind.word()]));
    let path = PathBuf::from(said.stdout.trim_end());
    assert!(path.is_dir(), "{} is not built; `make deps` builds it", path.display());
    path
}
