//! The inventory in the language of Icinga 2.

use std::path::{Path, PathBuf};

use super::File;
use crate::inventory::{Inventory, Layout};
use crate::policy::Policy;

mod acts;
mod commands;
mod hosts;
mod notifications;
mod rule;
mod services;
mod syntax;
mod zones;

const ROOT: &str = "icinga2";

/// Everything that Icinga 2 reads. `single`: one folder to include. `cluster`: `zones.conf` of every server, and `zones.d` of
/// the first master.
pub fn write(policy: &Policy, inventory: &Inventory) -> Vec<File> {
    let file = |folder: &Path, name: &str, body: &str| {
        File::new(folder.join(name), "//", &format!("{}\n", body.trim_end()))
    };
    let layout = inventory.site().layout;
    let shared: PathBuf = match layout {
        Layout::Single => Path::new(ROOT).join("conf.d"),
        Layout::Cluster => Path::new(ROOT).join("zones.d/global-templates"),
    };
    let mut files = vec![
        file(&shared, "firstaid-commands.conf", &commands::write(policy, inventory)),
        file(&shared, "firstaid-templates.conf", &services::templates(policy, inventory)),
        file(&shared, "firstaid-services.conf", &services::rules(inventory)),
        file(&shared, "firstaid-notifications.conf", &notifications::write(inventory)),
    ];
    match layout {
        Layout::Single => {
            files.push(file(&shared, "firstaid-hosts.conf", &hosts::write(inventory, None)));
            let agents = zones::agents(inventory);
            if !agents.is_empty() {
                files.push(file(&shared, "firstaid-agents.conf", &agents));
            }
        }
        Layout::Cluster => {
            files.push(file(Path::new(ROOT), "zones.conf", &zones::write(inventory)));
            for zone in inventory.zones() {
                let hosts = hosts::write(inventory, Some(&zone.name));
                if !hosts.is_empty() {
                    let folder = Path::new(ROOT).join("zones.d").join(&zone.name);
                    files.push(file(&folder, "firstaid-hosts.conf", &hosts));
                }
            }
        }
    }
    files
}
