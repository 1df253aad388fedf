//! Who is told, and the recovery program as one who is told about every problem again and again.

use super::acts;
use super::rule::{self, Servers};
use super::syntax::{Object, Pairs, Value, code, comment, duration, macros, pairs, text};
use crate::inventory::{Host, Inventory, Layout, Recovery, Site};

/// Debian's scripts, which send mail.
const MAIL_HOST: &str = "/mail-host-notification.sh";
const MAIL_SERVICE: &str = "/mail-service-notification.sh";

/// Which object a notification is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum About {
    Host,
    Service,
}

/// Seconds that the engine gives a call: a power switch that is slow must not be left between off and on.
const CALL: u32 = 600;

/// The variable that makes recovery say what it would do.
pub(super) fn dry_run(recovery: Recovery) -> (String, Value) {
    ("firstaid_recover_dry_run".to_owned(), code((recovery == Recovery::Off).to_string()))
}

/// The file of users, notification commands and notifications.
pub(super) fn write(inventory: &Inventory) -> String {
    let mut out = String::new();
    for contact in inventory.contacts() {
        let attributes = pairs([("email", text(&contact.email))]);
        Object::new("object User", &user(&contact.name), attributes).write(&mut out);
    }
    comment(
        &mut out,
        "The recovery program. It has no filters: those of its notifications decide.",
    );
    Object::new("object User", ROBOT, Vec::new()).write(&mut out);
    for about in [About::Host, About::Service] {
        alert_command(inventory, about).write(&mut out);
    }
    recover_template(inventory).write(&mut out);
    for about in [About::Host, About::Service] {
        recover_command(about).write(&mut out);
    }
    comment(&mut out, "Alerts: once for a problem, and once for its end, by the masters alone.");
    for about in [About::Host, About::Service] {
        rule::write(&mut out, inventory, &alert(about), Servers::Masters, |_| true);
    }
    comment(
        &mut out,
        "Recovery: the engine is the clock, the program decides. It is called with every interval while a problem is",
    );
    comment(
        &mut out,
        "HARD, and not in a downtime, nor acknowledged, nor unreachable. There are no times.begin: they would pile up.",
    );
    for about in [About::Host, About::Service] {
        let object = recovery(inventory, about);
        rule::write(&mut out, inventory, &object, Servers::Checking, Host::is_recoverable);
    }
    out
}

const ROBOT: &str = "firstaid-robot";

/// The user of a contact: a name that no other configuration has.
pub(super) fn user(contact: &str) -> String {
    format!("firstaid-{contact}")
}

fn alert_command(inventory: &Inventory, about: About) -> Object {
    let site = inventory.site();
    let (name, own, script, state) = match about {
        About::Host => ("host", &site.notify_host, MAIL_HOST, "$host.state$"),
        About::Service => ("service", &site.notify_service, MAIL_SERVICE, "$service.state$"),
    };
    let output = if about == About::Host { "$host.output$" } else { "$service.output$" };
    let program =
        own.as_ref().map_or_else(|| code(format!("ConfigDir + \"/scripts{script}\"")), text);
    let mut options = pairs([
        ("-d", required("$icinga.long_date_time$")),
        ("-l", required("$host.name$")),
        ("-n", required("$host.display_name$")),
        ("-o", required(output)),
        ("-r", required("$user.email$")),
        ("-s", required(state)),
        ("-t", required("$notification.type$")),
        ("-4", macros("$address$")),
        ("-6", macros("$address6$")),
        ("-b", macros("$notification.author$")),
        ("-c", macros("$notification.comment$")),
    ]);
    if about != About::Host {
        options.push(("-e".to_owned(), required("$service.name$")));
        options.push(("-u".to_owned(), required("$service.display_name$")));
    }
    let attributes =
        pairs([("command", Value::List(vec![program])), ("arguments", Value::Dict(options))]);
    Object::new("object NotificationCommand", &format!("firstaid_alert_{name}"), attributes)
}

/// What all recovery calls have. A macro that is missing keeps the command from running at all.
fn recover_template(inventory: &Inventory) -> Object {
    let site = inventory.site();
    let mut options = pairs([
        ("--host", required("$host.name$")),
        ("--via", required("$firstaid_via$")),
        ("--kind", required("$notification.type$")),
        ("--number", required("$notification.notification_number$")),
        ("--host-state", required("$host.state$")),
        ("--host-state-type", required("$host.state_type$")),
        ("--host-downtimes", required("$host.downtime_depth$")),
        ("--node", code("NodeName")),
        ("--dry-run", Value::Dict(pairs([("set_if", macros("$firstaid_recover_dry_run$"))]))),
    ]);
    options.push(("--wait".to_owned(), text(wait(site).to_string())));
    options.push(("--hosts-down".to_owned(), hosts(inventory, "!=")));
    options.push(("--hosts-up".to_owned(), hosts(inventory, "==")));
    if site.layout == Layout::Cluster {
        options.push(("--zone".to_owned(), code("ZoneName")));
        options.push(("--primary".to_owned(), primary()));
        options.push(("--peers".to_owned(), connected("ZoneName")));
        options.push(("--parents".to_owned(), connected("get_object(Zone, ZoneName).parent")));
    }
    let attributes = pairs([
        ("command", Value::List(vec![text(format!("{}/recover_service", site.plugins))])),
        // The engine's own limit is 1 minute, and it ends in SIGKILL.
        ("timeout", duration(CALL)),
        ("arguments", Value::Dict(options)),
        ("vars.firstaid_recover_dry_run", code("false")),
    ]);
    Object::new("template NotificationCommand", "firstaid-recover", attributes)
}

fn required(value: &str) -> Value {
    Value::Dict(pairs([("value", macros(value)), ("required", code("true"))]))
}

/// Seconds that a call may wait for the result of an act, within those that the engine gives it.
fn wait(site: &Site) -> u32 {
    site.interval.saturating_sub(site.pace.seconds(60)) * 3 / 4
}

/// How many hosts are down, or up, at the time of the call.
fn hosts(inventory: &Inventory, is_up: &str) -> Value {
    // What stands for an agent is never checked, and so would be down for ever.
    let watched =
        if acts::any(inventory) { format!(" && !h.vars.{}", acts::CARRIER) } else { String::new() };
    lines(&[&format!(
        "return \"\" + get_objects(Host).filter(h => h.state {is_up} 0{watched}).len()"
    )])
}

/// Whether this server is its zone's first, which acts where the servers of a zone do not see each other.
fn primary() -> Value {
    lines(&[
        "if (get_object(Zone, ZoneName).endpoints[0] == NodeName) { return \"yes\" }",
        "return \"no\"",
    ])
}

/// A function that the engine evaluates at each call.
fn lines(body: &[&str]) -> Value {
    code(format!("{{{{\n      {}\n    }}}}", body.join("\n      ")))
}

/// How many of a zone's other servers are connected at the time of the call, of how many.
fn connected(zone: &str) -> Value {
    let lines = [
        "{{".to_owned(),
        "      var all = 0".to_owned(),
        "      var up = 0".to_owned(),
        format!("      var zone = {zone}"),
        "      if (zone) {".to_owned(),
        "        for (name in get_object(Zone, zone).endpoints) {".to_owned(),
        "          if (name != NodeName) {".to_owned(),
        "            all += 1".to_owned(),
        "            if (get_object(Endpoint, name).connected) { up += 1 }".to_owned(),
        "          }".to_owned(),
        "        }".to_owned(),
        "      }".to_owned(),
        "      return up + \"/\" + all".to_owned(),
        "    }}".to_owned(),
    ];
    code(lines.join("\n"))
}

fn recover_command(about: About) -> Object {
    let (name, it, last_ok) = match about {
        About::Host => ("host", "host", "$host.last_state_up$"),
        About::Service => ("service", "service", "$service.last_state_ok$"),
    };
    let of = |attribute: &str| required(&format!("${it}.{attribute}$"));
    let mut options: Pairs = Vec::new();
    if about == About::Service {
        options.push(("--service".to_owned(), required("$firstaid_fault$")));
    }
    options.extend(pairs([
        ("--state", of("state")),
        ("--state-type", of("state_type")),
        ("--downtimes", of("downtime_depth")),
        ("--acknowledged", of("acknowledgement")),
        ("--reachable", of("last_reachable")),
        ("--last-ok", required(last_ok)),
        ("--last-check", of("last_check")),
        ("--hard-since", of("last_hard_state_change")),
    ]));
    let mut object =
        Object::new("object NotificationCommand", &format!("firstaid_recover_{name}"), Vec::new())
            .import("firstaid-recover");
    // A dictionary of its own would replace the template's.
    object.attributes.push(("arguments".to_owned(), Value::Added(options)));
    object
}

fn alert(about: About) -> Object {
    let (kind, name) = match about {
        About::Host => ("Host", "host"),
        About::Service => ("Service", "service"),
    };
    let mut attributes = pairs([
        ("command", text(format!("firstaid_alert_{name}"))),
        ("users", code("host.vars.firstaid_users")),
        ("types", code("[ Problem, Recovery ]")),
        ("interval", code("0")),
    ]);
    let assign = "host.vars.firstaid_users".to_owned();
    attributes.push(("assign where".to_owned(), Value::Rule(assign)));
    Object::rule(&format!("apply Notification \"firstaid-alert\" to {kind}"), attributes)
}

fn recovery(inventory: &Inventory, about: About) -> Object {
    let (kind, command, states, of) = match about {
        About::Host => ("Host", "host", "[ Down ]", ""),
        // The fault of ping-warning is the host's; it never is CRITICAL.
        About::Service => {
            ("Service", "service", "[ Warning, Critical ]", "service.vars.firstaid_fault && ")
        }
    };
    let mut attributes = pairs([
        ("command", text(format!("firstaid_recover_{command}"))),
        ("users", Value::List(vec![text(ROBOT)])),
        ("types", code("[ Problem ]")),
        ("states", code(states)),
        ("interval", duration(inventory.site().interval)),
    ]);
    // The servers of the host's own zone act, and no other.
    let zone = match inventory.site().layout {
        Layout::Single => "",
        Layout::Cluster => " && host.zone == ZoneName",
    };
    // Every service is asked, so what tells most of them apart comes first.
    let assign = format!("{of}host.vars.firstaid_via{zone}");
    attributes.push(("assign where".to_owned(), Value::Rule(assign)));
    Object::rule(&format!("apply Notification \"firstaid-repair\" to {kind}"), attributes)
}
