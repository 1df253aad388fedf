//! A secret in a file of its own.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use nix::unistd::geteuid;

/// Bytes that a secret may have.
const LONGEST: u64 = 1024;

/// Reads the one line of a file that nobody else can read or replace by a link.
///
/// # Errors
/// It is no such file, or not one line.
pub fn read(path: &Path) -> Result<String> {
    held(path).with_context(|| format!("cannot take a secret from {}", path.display()))
}

fn held(path: &Path) -> Result<String> {
    ensure!(path.is_absolute(), "it is no absolute path");
    // What is checked is what is read: the open file.
    let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path)?;
    private(&file)?;
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= LONGEST, "it has more than {LONGEST} bytes");
    let line = text.strip_suffix('\n').unwrap_or(&text);
    ensure!(!line.is_empty(), "it is empty");
    ensure!(!line.contains(char::is_control), "it is more than one line of text");
    Ok(line.to_owned())
}

fn private(file: &File) -> Result<()> {
    let data = file.metadata()?;
    ensure!(data.is_file(), "it is no regular file");
    let mode = data.mode() & 0o7777;
    ensure!(matches!(mode, 0o600 | 0o400), "its mode is {mode:04o}, not 0600 or 0400");
    let owner = data.uid();
    ensure!(owner == 0 || owner == geteuid().as_raw(), "it belongs to user {owner}");
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    pub(in super::super) fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_secret_is_one_line_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (text, mode) in [("a b\"", 0o600), ("a b\"\n", 0o400)] {
            write(&path, text, mode);
            assert_eq!(read(&path).unwrap(), "a b\"");
        }
        for mode in [0o640, 0o604, 0o660, 0o700, 0o4600] {
            write(&path, "a\n", mode);
            assert!(read(&path).is_err(), "{mode:o}");
        }
        for text in ["", "\n", "a\nb", "a\r\n", "a\n\n", &"x".repeat(2000)] {
            write(&path, text, 0o600);
            assert!(read(&path).is_err(), "{text:?}");
        }
    }

    #[test]
    fn neither_a_link_nor_a_folder_nor_somebody_elses_file_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write(&path, "a\n", 0o600);
        symlink(&path, folder.path().join("link")).unwrap();
        assert!(read(&folder.path().join("link")).is_err());
        assert!(read(folder.path()).is_err());
        assert!(read(&folder.path().join("missing")).is_err());
        assert!(read(Path::new("secret")).is_err());
        if geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
            assert!(read(&path).is_err());
        }
    }
}
