//! Templates of hosts and services, and the rules that make a host's services from its dictionaries.

use super::commands::variables;
use super::rule::{self, Servers};
use super::syntax::{Object, Pairs, Value, code, comment, duration, macros, pairs, text};
use crate::config::{command_line, docs};
use crate::inventory::{Agent, Call, Host, Inventory, Resource, Site, Watched};
use crate::policy::{Plan, Policy, Service};

/// The template of services that are judged by the connection, whose own check knows no layers.
pub(super) const CONNECTION: &str = "firstaid-connection";

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
    Object::new("template Service", "firstaid-service", rhythm(site)).write(&mut out);
    let ping = pairs([
        ("check_command", text("firstaid_icmp_rtt")),
        ("vars.firstaid_icmp_rtt_only", text("warning")),
    ]);
    Object::new("template Service", "firstaid-ping-warning", ping)
        .import("firstaid-service")
        .write(&mut out);
    let connection = pairs([("check_command", text("firstaid_port"))]);
    Object::new("template Service", CONNECTION, connection)
        .import("firstaid-service")
        .write(&mut out);
    for service in policy.services {
        comment(&mut out, &docs::service(policy, service));
        service_template(service).write(&mut out);
    }
    for name in Resource::NAMES {
        comment(&mut out, &docs::rows(policy, name));
        for agent in [Agent::Nrpe, Agent::Icinga, Agent::Ssh] {
            resource_template(name, agent).write(&mut out);
        }
    }
    out
}

fn rhythm(site: &Site) -> Pairs {
    pairs([
        ("check_interval", duration(site.interval)),
        ("retry_interval", duration(site.interval)),
        ("max_check_attempts", code(site.attempts.to_string())),
        ("enable_flapping", code("false")),
    ])
}

fn service_template(service: &'static Service) -> Object {
    let mut attributes = pairs([("check_command", text(format!("firstaid_{}", service.check)))]);
    for (name, value) in documented(service) {
        attributes.push((format!("vars.{name}"), value));
    }
    Object::new("template Service", &format!("firstaid-{}", service.name), attributes)
        .import("firstaid-service")
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

fn resource_template(name: &str, agent: Agent) -> Object {
    let command = if agent == Agent::Icinga { name } else { agent.name() };
    let mut attributes = pairs([("check_command", text(format!("firstaid_{command}")))]);
    if agent == Agent::Nrpe {
        attributes
            .push(("vars.firstaid_nrpe_command".to_owned(), text(format!("firstaid_{name}"))));
    }
    Object::new("template Service", &format!("firstaid-{}-{name}", agent.name()), attributes)
        .import("firstaid-service")
}

/// The file of rules.
pub(super) fn rules(inventory: &Inventory) -> String {
    use Servers::Seeing;
    let mut out = String::new();
    comment(&mut out, "The ten services: their faults lead to recovery.");
    let services =
        Object::rule("apply Service for (name => own in host.vars.firstaid_services)", Vec::new())
            .code([
                "import own.kind || \"firstaid-\" + name",
                "vars.firstaid_recover = name",
                "if (own.vars) { vars += own.vars }",
            ]);
    rule::write(&mut out, inventory, &services, Seeing, |host| !host.services.is_empty());
    comment(
        &mut out,
        "What is measured on the server itself: never recovered, so firstaid_recover is not set.",
    );
    let resources = Object::rule(
        "apply Service for (name => own in host.vars.firstaid_resources)",
        Vec::new(),
    )
    .code([
        "import \"firstaid-\" + host.vars.firstaid_agent + \"-\" + name",
        "if (host.vars.firstaid_endpoint) { command_endpoint = host.vars.firstaid_endpoint }",
        "vars += own",
    ]);
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

/// A dictionary entry of a resource.
pub(super) fn measured(host: &Host, resource: &Resource, plugins: &str) -> Value {
    let call = Call::resource(host, resource);
    Value::Dict(match host.agent {
        Agent::Icinga => variables(host, &call),
        Agent::Ssh => pairs([("firstaid_ssh_command", text(command_line(&call, plugins)))]),
        // The command line stands in NRPE's configuration on the server.
        Agent::Nrpe | Agent::None | Agent::Local => Vec::new(),
    })
}

/// The address in the attribute that the engine has for its family.
pub(super) fn address(host: &Host) -> Pairs {
    if host.address.parse::<std::net::Ipv6Addr>().is_ok() {
        pairs([("address6", text(&host.address)), ("vars.firstaid_address", macros("$address6$"))])
    } else {
        pairs([("address", text(&host.address))])
    }
}
