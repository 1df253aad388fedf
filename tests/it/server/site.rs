//! The directory and the ports of one server.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{User, chown};
use tempfile::TempDir;

use super::free_port::free_port;

/// Where one server lives.
pub(crate) struct Site {
    dir: TempDir,
    ports: Vec<(&'static str, u16)>,
}

impl Site {
    pub(crate) fn new(name: &str, ports: &[&'static str]) -> Self {
        let dir = TempDir::with_prefix(format!("firstaid-{name}-")).expect("a temporary directory");
        // Daemons drop their privileges and must still reach their files.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755))
            .expect("permissions of our own directory");
        Self { dir, ports: ports.iter().map(|service| (*service, free_port())).collect() }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// The path as text, for configurations.
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn port(&self, index: usize) -> u16 {
        self.ports[index].1
    }

    pub(crate) fn port_of(&self, service: &str) -> u16 {
        let found = self.ports.iter().find(|(name, _)| *name == service);
        found.unwrap_or_else(|| panic!("no port {service:?}, only {:?}", self.ports)).1
    }

    /// Writes a file, readable by its owner alone, and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    pub(crate) fn make_dir(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path)
            .unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display()));
        path
    }

    /// Opens a file to whose end several processes may write.
    pub(crate) fn append(&self, name: &str) -> File {
        let opened = OpenOptions::new().create(true).read(true).append(true).open(self.path(name));
        opened.expect("a file in our own directory")
    }

    pub(crate) fn read(&self, name: &str) -> String {
        read_lossy(&self.path(name))
    }

    /// Gives a file to the user that a package has created.
    pub(crate) fn give(&self, name: &str, user: &User) {
        chown(&self.path(name), Some(user.uid), Some(user.gid)).expect("tests run as root");
    }
}

/// The text of a file; nothing if it is not there yet.
pub(crate) fn read_lossy(path: &Path) -> String {
    fs::read(path)
        .map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The user that a package has created.
pub(crate) fn user(name: &str, package: &str) -> User {
    let found = User::from_name(name).expect("a readable user database");
    found
        .unwrap_or_else(|| panic!("no user {name}: needs the Debian package {package} (make deps)"))
}

/// Runs a tool to its end and returns what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error} (make deps)"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
