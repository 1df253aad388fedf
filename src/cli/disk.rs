//! The output folder: files are replaced whole or not at all, and files of ours that are no longer made go.

use std::collections::HashSet;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::config::{self, File};

/// A file that is not as it should be.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Path below the folder.
    pub(super) path: PathBuf,
    /// What is there now.
    pub(super) old: Option<String>,
    /// What has to be there; nothing where it has to go.
    pub(super) new: Option<&'a File>,
}

/// The output folder.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    root: &'a Path,
}

impl<'a> Folder<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// What differs from `files`, in their order; what has to go comes last.
    ///
    /// # Errors
    /// Something there can not be read, or is not ours.
    pub(super) fn changes<'f>(&self, files: &'f [File]) -> Result<Vec<Change<'f>>> {
        let mut changes = Vec::new();
        for file in files {
            let path = self.root.join(&file.path);
            let old = read(&path)?;
            let is_same = old.as_deref() == Some(&file.text) && mode(&path)? == file.mode;
            if is_same {
                continue;
            }
            if old.as_deref().is_some_and(|text| !config::is_ours(text)) {
                bail!(
                    "{} was not made by firstaid: move it away, or choose another folder",
                    path.display()
                );
            }
            changes.push(Change { path: file.path.clone(), old, new: Some(file) });
        }
        let wanted: HashSet<&Path> = files.iter().map(|file| file.path.as_path()).collect();
        for folder in config::FOLDERS {
            self.stale(Path::new(folder), &wanted, &mut changes)?;
        }
        Ok(changes)
    }

    /// Makes the folder hold `files`: all are written beside their places and synced first, then each takes its place.
    ///
    /// # Errors
    /// The disk refuses something.
    pub(super) fn write<'f>(&self, files: &'f [File]) -> Result<Vec<Change<'f>>> {
        fs::create_dir_all(self.root)
            .with_context(|| format!("cannot make {}", self.root.display()))?;
        let lock = fs::File::open(self.root)
            .with_context(|| format!("cannot open {}", self.root.display()))?;
        lock.lock().with_context(|| format!("cannot lock {}", self.root.display()))?;
        let changes = self.changes(files)?;
        for file in changes.iter().filter_map(|change| change.new) {
            self.prepare(file)?;
        }
        for change in &changes {
            let path = self.root.join(&change.path);
            let placed = match change.new {
                Some(_) => fs::rename(beside(&path), &path),
                None => fs::remove_file(&path),
            };
            placed.with_context(|| format!("cannot change {}", path.display()))?;
        }
        self.settle(&changes)?;
        Ok(changes)
    }

    /// Writes a file beside its place, to the disk itself.
    fn prepare(&self, file: &File) -> Result<()> {
        let path = self.root.join(&file.path);
        let folder = path.parent().unwrap_or(self.root);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let temporary = beside(&path);
        let write = || {
            let mut options = OpenOptions::new();
            let mut out =
                options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
            out.write_all(file.text.as_bytes())?;
            out.set_permissions(Permissions::from_mode(file.mode))?;
            out.sync_all()
        };
        write().with_context(|| format!("cannot write {}", temporary.display()))
    }

    /// Makes the new names last, and removes folders that have become empty.
    fn settle(&self, changes: &[Change]) -> Result<()> {
        let folders: HashSet<PathBuf> = changes
            .iter()
            .filter_map(|it| Some(self.root.join(&it.path).parent()?.into()))
            .collect();
        for folder in folders {
            if let Ok(opened) = fs::File::open(&folder) {
                opened.sync_all().with_context(|| format!("cannot sync {}", folder.display()))?;
            }
            let mut empty = folder.as_path();
            // Removing refuses a folder that holds anything.
            while empty != self.root && fs::remove_dir(empty).is_ok() {
                empty = empty.parent().unwrap_or(self.root);
            }
        }
        Ok(())
    }

    /// Files of ours below a folder that nobody wants any more.
    fn stale(
        &self,
        folder: &Path,
        wanted: &HashSet<&Path>,
        changes: &mut Vec<Change>,
    ) -> Result<()> {
        let place = self.root.join(folder);
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", place.display()));
            }
        };
        let mut names: Vec<_> = entries.collect::<std::io::Result<Vec<_>>>()?;
        names.sort_by_key(fs::DirEntry::file_name);
        for entry in names {
            let path = folder.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.stale(&path, wanted, changes)?;
            } else if kind.is_file() && !wanted.contains(path.as_path()) {
                let old = read(&self.root.join(&path)).unwrap_or_default();
                if old.as_deref().is_some_and(config::is_ours) {
                    changes.push(Change { path, old, new: None });
                }
            }
        }
        Ok(())
    }
}

/// Where a file waits until it takes its place: no engine reads a name that ends so.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new~"))
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn mode(path: &Path) -> Result<u32> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(metadata.permissions().mode() & 0o7777)
}
