//! The files by which a kernel tells about itself, below `/` or below another directory.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Trouble;
use crate::deadline::Deadline;

/// Bytes of one file that are read; the longest, a table of mounts, stays far below.
const LIMIT: u64 = 16 << 20;

/// The directory that stands for `/`.
#[derive(Clone, Debug)]
pub struct Root(Option<PathBuf>);

impl Root {
    /// The machine itself, or a copy of its files below a directory.
    pub fn new(directory: Option<&Path>) -> Self {
        Self(directory.map(Path::to_owned))
    }

    /// Where a file is.
    pub fn path(&self, file: &str) -> PathBuf {
        let relative = file.trim_start_matches('/');
        self.0.as_deref().unwrap_or(Path::new("/")).join(relative)
    }

    /// A file's text.
    ///
    /// # Errors
    /// It is missing, can not be read, or is not UTF-8.
    pub fn read(&self, file: &str) -> anyhow::Result<String> {
        let path = self.path(file);
        text(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// A file's text where the kernel has such a file.
    ///
    /// # Errors
    /// As [`Root::read`], but for a missing file.
    pub fn read_if_present(&self, file: &str) -> anyhow::Result<Option<String>> {
        let path = self.path(file);
        match text(&path) {
            Ok(text) => Ok(Some(text)),
            // A path may end in a file that is no directory, or in a device without a driver.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Reads under a time limit. The kernel's own files never hang, files below another directory may.
    ///
    /// # Errors
    /// What the reading says, or that it hung: that is ours, no target is involved.
    pub fn look<T: Send + 'static>(
        &self,
        deadline: &Deadline,
        reading: impl FnOnce(&Self) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, Trouble> {
        let Some(directory) = &self.0 else { return Ok(reading(self)?) };
        let own = self.clone();
        let answer = deadline
            .aside(move || reading(&own))
            .with_context(|| format!("cannot read below {}", directory.display()))?;
        Ok(answer?)
    }
}

fn text(path: &Path) -> io::Result<String> {
    // The kernel writes most of its files anew for each read: one read takes them whole.
    let mut text = String::with_capacity(8192);
    File::open(path)?.take(LIMIT).read_to_string(&mut text)?;
    Ok(text)
}
