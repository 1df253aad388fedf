//! A directory that stands for `/`, for checks with `--root`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The directory; it goes when the test ends.
pub(crate) struct Tree(TempDir);

impl Tree {
    /// A tree with some files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        // Other users shall see what is in it.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        let tree = Self(directory);
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    /// Writes a file, whatever was there.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file below the tree")).expect("mkdir");
        fs::write(path, bytes).expect("write");
    }

    /// Where a file is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// The tree's directory.
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Arguments with `--root` in front.
    pub(crate) fn args(&self, args: &[&str]) -> Vec<String> {
        let root = self.root().to_str().expect("UTF-8").to_owned();
        let own = ["--root".to_owned(), root];
        own.into_iter().chain(args.iter().map(|it| (*it).to_owned())).collect()
    }
}
