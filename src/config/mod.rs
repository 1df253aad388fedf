//! Files that derive from the policy and the inventory. Writers are pure: nothing here touches the disk.

use crate::inventory::Inventory;
use crate::policy::Policy;

mod act;
mod docs;
mod file;
pub mod icinga2;
pub mod machines;
pub mod nagios;
pub mod nrpe;
mod shell;
pub mod sudoers;

use act::Act;
pub use docs::{bounds, thresholds, values};
pub use file::{File, is_ours};
pub use shell::command_line;

/// Folders of the output that belong to the generator: files of ours in them go when nothing makes them any more.
pub const FOLDERS: &[&str] = &["icinga2", "nagios", "nrpe", "recovery", "sudoers"];

/// Every file that the inventory asks for.
pub fn all(policy: &Policy, inventory: &Inventory) -> Vec<File> {
    let mut files = icinga2::write(policy, inventory);
    files.extend(nagios::write(policy, inventory));
    files.extend(nrpe::write(policy, inventory));
    files.extend(sudoers::write(policy, inventory));
    files.extend(machines::write(policy, inventory));
    files
}
