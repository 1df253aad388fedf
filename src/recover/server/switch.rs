//! The switches that leave recovery to people.

use crate::recover::{Call, Machine, Options};

/// Why recovery is off for this call, if it is. What can not be looked at is off.
pub(super) fn off(options: &Options, machine: &Machine, call: &Call) -> Option<String> {
    let own = format!("{}.{}", options.switch.display(), machine.host);
    for path in [options.switch.clone(), own.into()] {
        match path.try_exists() {
            Ok(false) => {}
            Ok(true) => return Some(format!("{} exists", path.display())),
            Err(error) => return Some(format!("cannot look at {}: {error}", path.display())),
        }
    }
    let service = call.service_name().and_then(|name| machine.services.get(name)?.acts);
    if service.unwrap_or(machine.acts) {
        return None;
    }
    Some("the inventory has recovery = \"off\" here".to_owned())
}
