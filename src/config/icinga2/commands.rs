//! The check commands, and the variables that their options are set by.

use super::syntax::{Object, Pairs, Value, code, duration, macros, pairs, text};
use crate::inventory::{Call, Host, Inventory};
use crate::policy::Policy;

/// An option of a plugin.
#[derive(Debug)]
pub(super) struct Argument {
    option: &'static str,
    /// The rest of its variable's name, behind the command's.
    variable: &'static str,
    about: &'static str,
    need: Need,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Need {
    /// Without it the plugin is not run, and the result is UNKNOWN.
    Required,
    Optional,
    /// Optional, and given once for each element of an array.
    Repeated,
    /// Optional, and without a value: given where its variable is true.
    Flag,
}

/// The variable of every check's plan; a host sets it.
const PLAN: &str = "firstaid_plan";

/// Names of the checks and their own options, in the order of the command line. All have -w, -c, -t and --plan too.
pub(super) const CHECKS: &[(&str, &[Argument])] = {
    use Need::{Flag, Optional, Repeated, Required};
    const fn it(
        option: &'static str,
        variable: &'static str,
        about: &'static str,
        need: Need,
    ) -> Argument {
        Argument { option, variable, about, need }
    }
    const HOST: Argument = it("-H", "address", "name or address", Required);
    const PORT: Argument = it("-p", "port", "another port than the documented one", Optional);
    const SERVICE: Argument = it("--service", "service", "the documented service", Optional);
    const LAYER: Argument = it("--layer", "layer", "4 judges the connection alone", Optional);
    &[
        ("port", &[SERVICE, HOST, PORT, LAYER]),
        ("ssh_banner", &[HOST, PORT]),
        ("smtp220", &[HOST, PORT]),
        (
            "dns",
            &[
                it("-H", "lookup", "the name that is looked up", Required),
                it("-s", "address", "the name server", Required),
                it("-a", "expected", "addresses that the answer must have", Repeated),
                it("-A", "authoritative", "the server is an authority for that name", Flag),
                PORT,
            ],
        ),
        (
            "http_layer7",
            &[
                SERVICE,
                it("-I", "address", "name or address", Required),
                it("-H", "vhost", "the name in the Host header and in SNI", Optional),
                it("--status", "status", "strict: core2duo's status rules", Optional),
                PORT,
                LAYER,
            ],
        ),
        ("icmp_rtt", &[HOST, it("--only", "only", "the one state that counts", Optional)]),
        ("load", &[]),
        ("disk", &[it("-p", "path", "a partition that has to be there", Repeated)]),
        ("mem", &[]),
    ]
};

/// Options that all checks share.
const SHARED: &[Argument] = &[
    Argument {
        option: "-w",
        variable: "warning",
        about: "threshold, where it is not the plan's",
        need: Need::Optional,
    },
    Argument {
        option: "-c",
        variable: "critical",
        about: "threshold, where it is not the plan's",
        need: Need::Optional,
    },
    Argument {
        option: "-t",
        variable: "timeout",
        about: "seconds for the target",
        need: Need::Optional,
    },
];

fn arguments(check: &str) -> impl Iterator<Item = &'static Argument> {
    let own = CHECKS.iter().find(|(name, _)| *name == check).map_or(&[][..], |(_, own)| own);
    own.iter().chain(SHARED)
}

/// The variables that make a check's command run a call, without those that the host gives to all its calls.
pub(super) fn variables(host: &Host, call: &Call) -> Pairs {
    let mut set: Vec<(String, Vec<Value>)> = Vec::new();
    for (option, value) in call.options() {
        let Some(argument) = arguments(call.check).find(|it| it.option == option) else { continue };
        if argument.variable == "address" && value == Some(host.address.as_str()) {
            continue;
        }
        let name = variable(call.check, argument);
        let value = value.map_or_else(|| code("true"), text);
        match set.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => set.push((name, vec![value])),
        }
    }
    set.into_iter()
        .map(|(name, mut values)| match (values.pop(), values.is_empty()) {
            (Some(one), true) => (name, one),
            (last, _) => {
                values.extend(last);
                (name, Value::List(values))
            }
        })
        .collect()
}

fn variable(check: &str, argument: &Argument) -> String {
    format!("firstaid_{check}_{}", argument.variable)
}

/// The file of all commands that check.
pub(super) fn write(policy: &Policy, inventory: &Inventory) -> String {
    let mut out = String::new();
    super::syntax::comment(
        &mut out,
        &format!(
            "Time limits nest: a plugin's own (8 to 11 s, with -t in seconds) < NRPE's command_timeout ({} s) < the engine's ({} s).",
            policy.timeouts.nrpe, policy.timeouts.engine
        ),
    );
    let template = pairs([
        ("timeout", duration(policy.timeouts.engine)),
        ("vars.firstaid_address", macros("$address$")),
    ]);
    Object::new("template CheckCommand", "firstaid", template).write(&mut out);
    for (check, _) in CHECKS {
        check_command(check, &inventory.site().plugins).write(&mut out);
    }
    nrpe(policy, inventory).write(&mut out);
    ssh(policy).write(&mut out);
    super::acts::commands(policy, inventory, &mut out);
    out
}

fn check_command(check: &str, plugins: &str) -> Object {
    let mut options: Pairs = Vec::new();
    let mut order = 0;
    for argument in arguments(check) {
        order += 1;
        let value = format!("${}$", variable(check, argument));
        options.push((argument.option.to_owned(), option(argument, &value, order)));
    }
    let plan = Argument {
        option: "--plan",
        variable: "plan",
        about: "selects the documented thresholds",
        need: Need::Required,
    };
    options.push((plan.option.to_owned(), option(&plan, &format!("${PLAN}$"), order + 1)));
    let mut attributes = pairs([
        ("command", Value::List(vec![text(format!("{plugins}/check_{check}"))])),
        ("arguments", Value::Dict(options)),
    ]);
    if arguments(check).any(|argument| argument.variable == "address") {
        attributes.push((format!("vars.firstaid_{check}_address"), macros("$firstaid_address$")));
    }
    Object::new("object CheckCommand", &format!("firstaid_{check}"), attributes).import("firstaid")
}

fn option(argument: &Argument, value: &str, order: u32) -> Value {
    let key = if argument.need == Need::Flag { "set_if" } else { "value" };
    let mut pairs = pairs([
        (key, macros(value)),
        ("description", text(argument.about)),
        ("order", code(order.to_string())),
    ]);
    match argument.need {
        Need::Required => pairs.push(("required".to_owned(), code("true"))),
        Need::Repeated => pairs.push(("repeat_key".to_owned(), code("true"))),
        Need::Optional | Need::Flag => {}
    }
    Value::Dict(pairs)
}

/// Halfway between NRPE's limit and the engine's: the client outlives the one and not the other.
fn client_seconds(policy: &Policy) -> Value {
    code(policy.timeouts.nrpe.midpoint(policy.timeouts.engine).to_string())
}

/// The distribution's client stands in Icinga's own plugin folder.
fn nrpe(policy: &Policy, inventory: &Inventory) -> Object {
    let nrpe = &inventory.site().nrpe;
    let mut vars = pairs([
        ("vars.firstaid_nrpe_address", macros("$firstaid_address$")),
        ("vars.firstaid_nrpe_timeout", client_seconds(policy)),
        ("vars.firstaid_nrpe_port", code(nrpe.port.to_string())),
    ]);
    vars.extend(certificates(nrpe).into_iter().map(|(name, file)| (format!("vars.{name}"), file)));
    // -u: what keeps the client from asking is UNKNOWN.
    let command = vec![code("PluginDir + \"/check_nrpe\""), text("-u")];
    let options = [
        ("-H", "address", "name or address", Need::Required),
        ("-p", "port", "its port", Need::Required),
        ("-t", "timeout", "seconds, more than its command_timeout", Need::Required),
        ("-A", "ca", "certificate of the authority", Need::Optional),
        ("-C", "certificate", "the monitoring server's certificate", Need::Optional),
        ("-K", "key", "its key", Need::Optional),
        ("-c", "command", "the command's name there", Need::Required),
    ];
    client("nrpe", command, &options, vars)
}

/// The certificates as variables.
pub(super) fn certificates(nrpe: &crate::inventory::Nrpe) -> Pairs {
    nrpe.tls.as_ref().map_or_else(Vec::new, |tls| {
        pairs([
            ("firstaid_nrpe_ca", text(&tls.ca)),
            ("firstaid_nrpe_certificate", text(&tls.certificate)),
            ("firstaid_nrpe_key", text(&tls.key)),
        ])
    })
}

fn ssh(policy: &Policy) -> Object {
    let vars = pairs([
        ("vars.firstaid_ssh_address", macros("$firstaid_address$")),
        ("vars.firstaid_ssh_timeout", client_seconds(policy)),
    ]);
    // Quiet, and never asking a password of nobody; what is said on standard error is no result.
    let command = ["-q", "-E", "-o", "BatchMode=yes"].map(text);
    let program = std::iter::once(code("PluginDir + \"/check_by_ssh\""));
    let options = [
        ("-H", "address", "name or address", Need::Required),
        ("-p", "port", "its port", Need::Required),
        ("-t", "timeout", "seconds, more than the plugin's own", Need::Required),
        ("-l", "user", "the account", Need::Required),
        ("-i", "key", "file of the private key", Need::Optional),
        ("-C", "command", "the command line there", Need::Required),
    ];
    client("ssh", program.chain(command).collect(), &options, vars)
}

fn client(
    name: &str,
    command: Vec<Value>,
    options: &[(&'static str, &'static str, &'static str, Need)],
    vars: Pairs,
) -> Object {
    let options = options.iter().zip(1..).map(|((key, variable, about, need), order)| {
        let argument = Argument { option: key, variable, about, need: *need };
        (
            (*key).to_owned(),
            option(&argument, &format!("${}$", self::variable(name, &argument)), order),
        )
    });
    let mut attributes =
        pairs([("command", Value::List(command)), ("arguments", Value::Dict(options.collect()))]);
    attributes.extend(vars);
    Object::new("object CheckCommand", &format!("firstaid_{name}"), attributes).import("firstaid")
}
