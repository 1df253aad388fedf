//! Which machine stands behind an address: its id is noted at the first contact, and must stay the same.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::case::Case;

/// Why the machine is not the one that was met first, if it is not.
///
/// # Errors
/// What was noted can not be read or written.
pub(super) fn check(case: &Case, machine: &str) -> Result<Option<String>> {
    anyhow::ensure!(!machine.is_empty(), "the server has no machine id");
    let path = case.options.ledgers.join(format!("{}.machine", case.machine.host));
    match fs::read_to_string(&path) {
        Ok(known) if known.trim_end() == machine => Ok(None),
        Ok(_) => Ok(Some(format!(
            "the server has another machine id than before; if that is right, remove {}",
            path.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            note(&path, machine).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Whole or not at all; the ledger's lock keeps others away.
fn note(path: &Path, machine: &str) -> std::io::Result<()> {
    let new = path.with_extension("machine.new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    writeln!(file, "{machine}")?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
