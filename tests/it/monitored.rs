//! Inventories for tests of what is generated from them, and files put into folders.

use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use firstaid::config::File;
use firstaid::inventory::Inventory;
use tempfile::TempDir;

/// The inventory of a text.
pub(crate) fn inventory(text: &str) -> Inventory {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    Inventory::read(file.path()).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

/// The inventory that shows every key.
pub(crate) fn example() -> Inventory {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/example/hosts.toml");
    Inventory::read(&path).unwrap()
}

/// Hosts with all services, by every agent, plan and setting of recovery in turn.
pub(crate) fn many(hosts: usize) -> Inventory {
    let mut text = String::new();
    for number in 0..hosts {
        let plan = ["core2duo", "corei5-xeon"][number % 2];
        let agent = ["nrpe", "nrpe", "ssh", "none"][number % 4];
        let recovery = ["on", "on", "off"][number % 3];
        let (high, low) = (number / 250, number % 250 + 1);
        let _ = write!(
            text,
            "[[host]]\nname = \"host{number}\"\naddress = \"10.0.{high}.{low}\"\nplan = \"{plan}\"\n\
             os = \"centos\"\nagent = \"{agent}\"\nrecovery = \"{recovery}\"\n\
             services = [\"ftp\", \"ssh\", \"smtp\", \"dns\", \"http\", \"pop\", \"imap\", \"https\", \"mysql\", \"postgresql\"]\n\
             [host.service.dns]\nlookup = \"www.example.com\"\n"
        );
    }
    inventory(&text)
}

/// A folder that other users can read.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::with_prefix("firstaid-").unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Puts generated files below a folder.
pub(crate) fn put(files: &[File], folder: &Path) {
    for file in files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &file.text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(file.mode)).unwrap();
    }
}

/// A folder of plugins as an operator has it: ours, with the distribution's clients of agents beside them.
pub(crate) fn plugins(folder: &Path) -> PathBuf {
    let plugins = folder.join("plugins");
    fs::create_dir(&plugins).unwrap();
    let ours = Path::new(env!("CARGO_BIN_EXE_firstaid")).parent().unwrap();
    for entry in fs::read_dir(ours).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if (name.starts_with("check_") || name == "recover_service") && !name.contains('.') {
            symlink(&path, plugins.join(name)).unwrap();
        }
    }
    for client in ["check_nrpe", "check_by_ssh"] {
        let path = Path::new("/usr/lib/nagios/plugins").join(client);
        assert!(path.exists(), "needs {} (make deps)", path.display());
        symlink(path, plugins.join(client)).unwrap();
    }
    plugins
}

/// A program of one shell script.
pub(crate) fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}
