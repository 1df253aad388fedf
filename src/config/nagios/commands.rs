//! Commands of Nagios: checks, alerts, and calls of recovery.

use super::object::{Objects, Part, Value};
use crate::check::{ALL, Vantage};
use crate::config::{File, nrpe};
use crate::inventory::Site;
use crate::policy::Policy;

/// An option and the macro that is its value.
type Pair = (&'static str, &'static str);

/// Macros that an alert shows, each with the option letter that Icinga 2's mail scripts have for it.
const ALERT_HOST: &[Pair] = &[
    ("-d", "$LONGDATETIME$"),
    ("-l", "$HOSTNAME$"),
    ("-n", "$HOSTALIAS$"),
    ("-4", "$HOSTADDRESS$"),
    ("-o", "$HOSTOUTPUT$"),
    ("-s", "$HOSTSTATE$"),
    ("-t", "$NOTIFICATIONTYPE$"),
    ("-r", "$CONTACTEMAIL$"),
];
const ALERT_SERVICE: &[Pair] = &[
    ("-d", "$LONGDATETIME$"),
    ("-l", "$HOSTNAME$"),
    ("-n", "$HOSTALIAS$"),
    ("-4", "$HOSTADDRESS$"),
    ("-e", "$SERVICEDESC$"),
    ("-u", "$SERVICEDESC$"),
    ("-o", "$SERVICEOUTPUT$"),
    ("-s", "$SERVICESTATE$"),
    ("-t", "$NOTIFICATIONTYPE$"),
    ("-r", "$CONTACTEMAIL$"),
];

/// What recovery is told about every fault.
const FAULT: &[Pair] = &[
    ("--host", "$HOSTNAME$"),
    ("--kind", "$NOTIFICATIONTYPE$"),
    ("--host-state", "$HOSTSTATE$"),
    ("--host-state-type", "$HOSTSTATETYPE$"),
    ("--host-downtimes", "$HOSTDOWNTIME$"),
    ("--hosts-down", "$TOTALHOSTSDOWN$"),
    ("--hosts-up", "$TOTALHOSTSUP$"),
];
/// What it means that Nagios notifies at all, and by which clock. It has no macros of these.
const MEANT: [&str; 6] =
    ["--acknowledged", "0", "--reachable", "1", "--last-ok-is", "first-failure"];
const HOST_FAULT: &[Pair] = &[
    ("--number", "$HOSTNOTIFICATIONNUMBER$"),
    ("--state", "$HOSTSTATE$"),
    ("--state-type", "$HOSTSTATETYPE$"),
    ("--downtimes", "$HOSTDOWNTIME$"),
    ("--last-ok", "$LASTHOSTUP$"),
    ("--last-check", "$LASTHOSTCHECK$"),
    ("--hard-since", "$LASTHOSTSTATECHANGE$"),
];
const SERVICE_FAULT: &[Pair] = &[
    ("--number", "$SERVICENOTIFICATIONNUMBER$"),
    ("--state", "$SERVICESTATE$"),
    ("--state-type", "$SERVICESTATETYPE$"),
    ("--downtimes", "$SERVICEDOWNTIME$"),
    ("--last-ok", "$LASTSERVICEOK$"),
    ("--last-check", "$LASTSERVICECHECK$"),
    ("--hard-since", "$LASTSERVICESTATECHANGE$"),
];

/// The file.
pub(super) fn write(policy: &Policy, site: &Site) -> File {
    let mut objects = Objects::default();
    objects.comment("Checks. The words of a call are one argument, quoted already.");
    for entry in ALL.iter().filter(|entry| entry.vantage == Vantage::Server) {
        let program = format!("check_{}", entry.name);
        define(&mut objects, &check(entry.name), Value::plugin(&program, &[Part::Arguments]));
    }
    let limit = nrpe::client_limit(policy).to_string();
    objects.comment(&format!(
        "NRPE ends a command after {} s, its client gives up after {limit} s, Nagios after {} s.",
        policy.timeouts.nrpe, policy.timeouts.engine
    ));
    define(&mut objects, "firstaid_nrpe", Value::plugin("check_nrpe", &[Part::Arguments]));
    let ssh = [
        Part::Text("-q"),
        Part::Text("-o"),
        Part::Text("BatchMode=yes"),
        Part::Text("-t"),
        Part::Text(&limit),
        Part::Arguments,
    ];
    define(&mut objects, "firstaid_ssh", Value::plugin("check_by_ssh", &ssh));
    objects.comment("Alerts. A program of one's own gets the options of Icinga 2's mail scripts.");
    let subject = "$NOTIFICATIONTYPE$ - $HOSTNAME$ is $HOSTSTATE$";
    let alert = alert(site.notify_host.as_deref(), ALERT_HOST, subject);
    define(&mut objects, "firstaid_alert_host", alert);
    let subject = "$NOTIFICATIONTYPE$ - $HOSTNAME$ - $SERVICEDESC$ is $SERVICESTATE$";
    let alert = self::alert(site.notify_service.as_deref(), ALERT_SERVICE, subject);
    define(&mut objects, "firstaid_alert_service", alert);
    recovery(&mut objects);
    File::new("nagios/objects/commands.cfg", "#", &objects.into_text())
}

/// The command's name of a check.
pub(super) fn check(name: &str) -> String {
    format!("firstaid_{name}")
}

fn define(objects: &mut Objects, name: &str, line: Value) {
    objects.define("command", &[("command_name", name.into()), ("command_line", line)]);
}

/// The distribution's mail, unless there is a program.
fn alert(program: Option<&str>, macros: &'static [Pair], subject: &'static str) -> Value {
    let mut parts = Vec::new();
    if let Some(program) = program {
        parts.push(Part::Text(program));
        parts.extend(options(macros));
    } else {
        // One line a value; the option letters are of no use to a reader.
        parts.extend([Part::Text("/usr/bin/printf"), Part::Text("%s\\n")]);
        parts.extend(macros.iter().map(|(_, value)| Part::Macro(value)));
        parts.extend([Part::Pipe, Part::Text("/usr/bin/mail"), Part::Text("-s")]);
        parts.extend([Part::Macro(subject), Part::Macro("$CONTACTEMAIL$")]);
    }
    Value::command_line(&parts)
}

fn recovery(objects: &mut Objects) {
    objects.comment(
        "Recovery. Of what is acknowledged or unreachable Nagios does not notify, and it has no macros of either; its time of",
    );
    objects.comment("the last OK is that of the first result that was not OK any more.");
    let service = [Part::Text("--service"), Part::Macro("$SERVICEDESC$")];
    let (host, own) = ("$_HOSTFIRSTAID_RECOVER$", "$_SERVICEFIRSTAID_RECOVER$");
    let calls: [(&str, &str, &[Part], &'static [Pair]); 3] = [
        ("firstaid_recover_host", host, &[], HOST_FAULT),
        ("firstaid_recover_service", own, &service, SERVICE_FAULT),
        // A server that answers slowly is rebooted: to recovery it is the server that has failed, not a service.
        ("firstaid_recover_ping", own, &[], SERVICE_FAULT),
    ];
    for (name, settings, fault, macros) in calls {
        let mut parts = vec![Part::Words(settings)];
        parts.extend(options(FAULT));
        parts.extend(fault);
        parts.extend(options(macros));
        parts.extend(MEANT.map(Part::Text));
        define(objects, name, Value::plugin("recover_service", &parts));
    }
}

fn options<'a>(pairs: &'static [Pair]) -> impl Iterator<Item = Part<'a>> {
    pairs.iter().flat_map(|(option, value)| [Part::Text(option), Part::Macro(value)])
}
