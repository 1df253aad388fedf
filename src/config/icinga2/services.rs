//! Templates of hosts and services, and the rules that make a host's services from its dictionaries.

use super::commands::variables;
use super::rule::{self, Servers};
use super::syntax::{Object, Pairs, Value, code, comment, duration, macros, pairs, text};
use crate::config::{command_line, docs};
use crate::inventory::{Agent, Call, Host, Inventory, Resource, Site, Watched};
use crate::policy::{Plan, Policy, Service};

/// The template of services that are judged by the connection, whose own check knows no layers.
pub(super) const CONNECTION: &str = "firstaid-connection";

/// What stands in a service's place where its fault is the server's own.
const PING: &str = "ping";

/// The file of templates.
pub(super) fn templates(policy: &Policy, inventory: &Inventory) -> String {
    let mut out = String::new();
    let site = inventory.site();
    comment(
        &mut out,
        "retry_interval is written out, since the engine's own is 1 minute. Flapping would swallow alert and recovery.",
    );
    comment(
        &mut out,
        "4 times the same state: the host check counts CRITICAL alone, ping-warning counts WARNING alone.",
    );
    comment(&mut out, &docs::rows(policy, "icmp_rtt"));
    let mut host = rhythm(site);
    host.push(("check_command".to_owned(), text("firstaid_icmp_rtt")));
    host.push(("vars.firstaid_icmp_rtt_only".to_owned(), text("critical")));
    Object::new("template Host", "firstaid-host", host).write(&mut out);
    let mut ping = rhythm(site);
    ping.extend(pairs([
        ("check_command", text("firstaid_icmp_rtt")),
        ("vars.firstaid_icmp_rtt_only", text("warning")),
        ("vars.firstaid_fault", text(PING)),
    ]));
    Object::new("template Service", "firstaid-ping-warning", ping).write(&mut out);
    let mut connection = rhythm(site);
    connection.push(("check_command".to_owned(), text("firstaid_port")));
    Object::new("template Service", CONNECTION, connection).write(&mut out);
    for service in policy.services {
        comment(&mut out, &docs::service(policy, service));
        service_template(site, service).write(&mut out);
    }
    for name in Resource::NAMES {
        comment(&mut out, &docs::rows(policy, name));
        for agent in [Agent::Nrpe, Agent::Icinga, Agent::Ssh] {
            resource_template(site, name, agent).write(&mut out);
        }
    }
    out
}

/// Every template has it for itself: to import it from another one costs the engine a fiftieth of the time to load thousands of
/// hosts.
fn rhythm(site: &Site) -> Pairs {
    pairs([
        ("check_interval", duration(site.interval)),
        ("retry_interval", duration(site.interval)),
        ("max_check_attempts", code(site.attempts.to_string())),
        ("enable_flapping", code("false")),
    ])
}

fn service_template(site: &Site, service: &'static Service) -> Object {
    let mut attributes = rhythm(site);
    attributes.push(("check_command".to_owned(), text(format!("firstaid_{}", service.check))));
    for (name, value) in documented(service) {
        attributes.push((format!("vars.{name}"), value));
    }
    Object::new("template Service", &format!("firstaid-{}", service.name), attributes)
}

/// The variables of a service that differs in nothing from the policy.
pub(super) fn documented(service: &'static Service) -> Pairs {
    let watched = Watched::of(service);
    let Ok(host) = Host::local(Plan::default(), Vec::new()) else { return Vec::new() };
    let mut variables = variables(&host, &Call::service(&host, &watched));
    // What is looked up is no one's default.
    variables.retain(|(name, _)| name != "firstaid_dns_lookup");
    variables
}

fn resource_template(site: &Site, name: &str, agent: Agent) -> Object {
    let command = if agent == Agent::Icinga { name } else { agent.name() };
    let mut attributes = rhythm(site);
    attributes.push(("check_command".to_owned(), text(format!("firstaid_{command}"))));
    if agent == Agent::Nrpe {
        attributes
            .push(("vars.firstaid_nrpe_command".to_owned(), text(format!("firstaid_{name}"))));
    }
    Object::new("template Service", &kind(name, agent), attributes)
}

/// The template of a resource: NRPE is the way that most hosts have.
fn kind(name: &str, agent: Agent) -> String {
    if agent == Agent::Nrpe {
        format!("firstaid-{name}")
    } else {
        format!("firstaid-{}-{name}", agent.name())
    }
}

/// The file of rules.
pub(super) fn rules(inventory: &Inventory) -> String {
    use Servers::Seeing;
    let mut out = String::new();
    comment(&mut out, "The ten services: their faults lead to recovery.");
    let hosts = || inventory.hosts().iter();
    let watched = || hosts().flat_map(|host| host.services.iter().map(move |it| (host, it)));
    let kinds = watched().any(|(_, it)| it.by_connection());
    let mut services = vec![if kinds { KIND } else { TEMPLATE }, "vars.firstaid_fault = name"];
    if watched().any(|(host, it)| has_vars(&own(host, it))) {
        services.push(VARS);
    }
    let services =
        Object::rule("apply Service for (name => own in host.vars.firstaid_services)", Vec::new())
            .code(services);
    rule::write(&mut out, inventory, &services, Seeing, |host| !host.services.is_empty());
    comment(
        &mut out,
        "What is measured on the server itself: never recovered, so firstaid_fault is not set.",
    );
    // What no host needs is not asked for every service.
    let ways = |agents: &[Agent]| {
        hosts().any(|host| !host.resources.is_empty() && agents.contains(&host.agent))
    };
    let kinds = ways(&[Agent::Icinga, Agent::Ssh]);
    let mut resources = vec![if kinds { KIND } else { TEMPLATE }];
    if ways(&[Agent::Icinga]) {
        resources.push(
            "if (host.vars.firstaid_endpoint) { command_endpoint = host.vars.firstaid_endpoint }",
        );
    }
    if kinds {
        resources.push(VARS);
    }
    let resources =
        Object::rule("apply Service for (name => own in host.vars.firstaid_resources)", Vec::new())
            .code(resources);
    rule::write(&mut out, inventory, &resources, Seeing, |host| !host.resources.is_empty());
    comment(
        &mut out,
        "Echo requests that are slow or get lost, and not enough of them for CRITICAL.",
    );
    let ping = Object::rule("apply Service \"ping-warning\"", Vec::new())
        .import("firstaid-ping-warning")
        .code(["assign where host.vars.firstaid_plan"]);
    rule::write(&mut out, inventory, &ping, Seeing, |_| true);
    comment(&mut out, "A host behind one that is down is unreachable: no alert, no recovery.");
    let parents = Object::rule(
        "apply Dependency \"firstaid-\" for (parent in host.vars.firstaid_parents) to Host",
        pairs([("parent_host_name", code("parent"))]),
    )
    .code(["assign where host.vars.firstaid_parents"]);
    rule::write(&mut out, inventory, &parents, Seeing, |host| !host.parents.is_empty());
    out
}

/// What adds the variables of an entry.
const VARS: &str = "if (own.vars) { vars += own.vars }";

/// Imports the template of an entry.
const TEMPLATE: &str = "import \"firstaid-\" + name";
/// The same where entries may name another one.
const KIND: &str = "import own.kind || \"firstaid-\" + name";

fn has_vars(entry: &Value) -> bool {
    matches!(entry, Value::Dict(pairs) if pairs.iter().any(|(name, _)| name == "vars"))
}

/// A dictionary entry of a watched service: what differs from its template.
pub(super) fn own(host: &Host, watched: &Watched) -> Value {
    let mut entry: Pairs = Vec::new();
    let mut vars = variables(host, &Call::service(host, watched));
    if watched.by_connection() {
        entry.push(("kind".to_owned(), text(CONNECTION)));
    } else {
        let documented = documented(watched.service);
        vars.retain(|pair| !documented.contains(pair));
    }
    if let Some(recovery) = watched.recovery.filter(|own| *own != host.recovery) {
        vars.push(super::notifications::dry_run(recovery));
    }
    if !vars.is_empty() {
        entry.push(("vars".to_owned(), Value::Dict(vars)));
    }
    Value::Dict(entry)
}

/// A dictionary entry of a resource: what differs from its template.
pub(super) fn measured(host: &Host, resource: &Resource, plugins: &str) -> Value {
    let call = Call::resource(host, resource);
    let vars = match host.agent {
        Agent::Icinga => variables(host, &call),
        Agent::Ssh => pairs([("firstaid_ssh_command", text(command_line(&call, plugins)))]),
        // The command line stands in NRPE's configuration on the server.
        Agent::Nrpe | Agent::None | Agent::Local => Vec::new(),
    };
    let mut entry: Pairs = Vec::new();
    if host.agent != Agent::Nrpe {
        entry.push(("kind".to_owned(), text(kind(resource.name, host.agent))));
    }
    if !vars.is_empty() {
        entry.push(("vars".to_owned(), Value::Dict(vars)));
    }
    Value::Dict(entry)
}

/// The address in the attribute that the engine has for its family.
pub(super) fn address(host: &Host) -> Pairs {
    if host.address.parse::<std::net::Ipv6Addr>().is_ok() {
        pairs([("address6", text(&host.address)), ("vars.firstaid_address", macros("$address6$"))])
    } else {
        pairs([("address", text(&host.address))])
    }
}
