//! Whom Nagios tells: people, and the programs that recover, which are contacts to it.

use super::object::{Objects, Value};
use super::{ALWAYS, contact_name};
use crate::config::File;
use crate::inventory::Inventory;

/// The contact that restarts services and reboots servers.
pub(super) const ROBOT: &str = "firstaid-robot";
/// The contact that reboots a server whose answers are slow or lost.
pub(super) const PING_ROBOT: &str = "firstaid-robot-ping";

/// The file.
pub(super) fn write(inventory: &Inventory) -> File {
    let mut objects = Objects::default();
    for contact in inventory.contacts() {
        objects.define(
            "contact",
            &[
                ("contact_name", contact_name(&contact.name).as_str().into()),
                ("alias", contact.name.as_str().into()),
                ("email", contact.email.as_str().into()),
                ("host_notification_period", ALWAYS.into()),
                ("service_notification_period", ALWAYS.into()),
                ("host_notification_options", "d,u,r".into()),
                ("service_notification_options", "w,u,c,r".into()),
                ("host_notification_commands", "firstaid_alert_host".into()),
                ("service_notification_commands", "firstaid_alert_service".into()),
            ],
        );
    }
    objects.comment(
        "Problems alone, and never UNKNOWN. Of other kinds of notification Nagios lets some pass: recover_service refuses them.",
    );
    robot(&mut objects, ROBOT, ["d", "w,c"], "firstaid_recover_service");
    robot(&mut objects, PING_ROBOT, ["n", "w"], "firstaid_recover_ping");
    File::new("nagios/objects/contacts.cfg", "#", &objects.into_text())
}

fn robot(objects: &mut Objects, name: &str, [host, service]: [&str; 2], command: &str) {
    objects.define(
        "contact",
        &[
            ("contact_name", name.into()),
            ("alias", "recovery".into()),
            ("host_notification_period", ALWAYS.into()),
            ("service_notification_period", ALWAYS.into()),
            ("host_notification_options", Value::text(host)),
            ("service_notification_options", Value::text(service)),
            ("host_notification_commands", "firstaid_recover_host".into()),
            ("service_notification_commands", Value::text(command)),
        ],
    );
}
