//! `firstaid generate`: configuration of the engines and of the servers, from the inventory.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Result;

use super::disk::{Change, Folder};
use super::{INVENTORY, diff, warn};
use crate::config;
use crate::inventory::Inventory;
use crate::policy::Policy;

/// Options of `firstaid generate`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Options {
    /// The inventory
    #[arg(short, long, value_name = "FILE", default_value = INVENTORY)]
    inventory: PathBuf,
    /// Folder that the files go to
    #[arg(short, long, value_name = "DIR", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Read the inventory and write nothing
    #[arg(long, conflicts_with = "diff")]
    check: bool,
    /// Show what would change and write nothing
    #[arg(long)]
    diff: bool,
}

/// Generates, and returns what to tell.
///
/// # Errors
/// The inventory is refused, or the disk is. Nothing is written where the inventory is refused.
pub(super) fn run(options: &Options) -> Result<String> {
    let inventory = Inventory::read(&options.inventory)?;
    let pace = inventory.site().pace;
    if !pace.is_documented() {
        warn(&format!(
            "THIS IS FOR A DRILL: pace {} in {} divides every documented wait of schedule and recovery; never on real servers",
            pace.number(),
            options.inventory.display()
        ));
    }
    let Some(out) = options.out.as_ref().filter(|_| !options.check) else {
        let services: usize = inventory.hosts().iter().map(|host| host.services.len()).sum();
        let (file, hosts) = (options.inventory.display(), inventory.hosts().len());
        return Ok(format!(
            "{file}: {hosts} hosts with {services} services, nothing to complain\n"
        ));
    };
    let files = config::all(Policy::documented(), &inventory);
    // What is there already is read for comparison: the inventory's memory serves for that.
    drop(inventory);
    let folder = Folder::new(out);
    if options.diff {
        return Ok(folder.changes(&files)?.iter().map(diff::unified).collect());
    }
    let changes = folder.write(&files)?;
    Ok(told(&changes, files.len()))
}

fn told(changes: &[Change], files: usize) -> String {
    let mut text = String::new();
    for change in changes {
        let verb = if change.new.is_some() { "wrote" } else { "removed" };
        let _ = writeln!(text, "{verb} {}", change.path.display());
    }
    let written = changes.iter().filter(|change| change.new.is_some()).count();
    let _ = writeln!(text, "{files} files: {written} written, {} unchanged", files - written);
    text
}
