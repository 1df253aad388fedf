//! NRPE: the commands that a server offers, each a fixed line without arguments, to certified callers alone.

use std::fmt::Write;

use super::{Act, File, shell};
use crate::inventory::{Agent, Call, Host, Inventory, Resource};
use crate::policy::Policy;

const SETTINGS: &str = "\
# Belongs into the folder that nrpe.cfg includes last (include_dir=/etc/nagios/nrpe.d), so that it has the last word.
# Callers bring no arguments: every line below is run as it stands.
dont_blame_nrpe=0

# Both sides show a certificate of one authority, which packaging/nrpe-certificates makes; without them, NRPE encrypts,
# but talks to anybody. allowed_hosts in nrpe.cfg narrows that further.
ssl_version=TLSv1.2+
ssl_use_adh=0
ssl_client_certs=2
ssl_cacert_file=/etc/nagios/firstaid/ca.pem
ssl_cert_file=/etc/nagios/firstaid/nrpe.pem
ssl_privatekey_file=/etc/nagios/firstaid/nrpe.key
";

/// Everything below `nrpe/`: a file that fits every server, and one for each server whose resources are watched otherwise.
pub fn write(policy: &Policy, inventory: &Inventory) -> Vec<File> {
    let plugins = inventory.site().plugins.as_str();
    let documented: Vec<Line> = Resource::NAMES
        .iter()
        .map(|name| Line::check(name, vec![format!("{plugins}/check_{name}")]))
        .collect();
    let mut files = vec![file("nrpe/firstaid.cfg".to_owned(), policy, plugins, &documented)];
    let by_nrpe = inventory.hosts().iter().filter(|host| host.agent == Agent::Nrpe);
    for host in by_nrpe.filter(|host| host.resources != Resource::all()) {
        let path = format!("nrpe/hosts/{}.cfg", host.name);
        files.push(file(path, policy, plugins, &own(host, plugins)));
    }
    files
}

/// Seconds after which NRPE's client gives up: when NRPE itself has, and before the engine does.
pub fn client_limit(policy: &Policy) -> u32 {
    policy.timeouts.nrpe.midpoint(policy.timeouts.engine)
}

/// NRPE's name of a check.
pub fn command_name(check: &str) -> String {
    format!("firstaid_{check}")
}

/// The lines of a host whose resources are not the documented ones.
fn own(host: &Host, plugins: &str) -> Vec<Line> {
    let calls = Call::all(host).into_iter().filter(Call::is_resource);
    let line = |call: Call| {
        let mut words = vec![format!("{plugins}/check_{}", call.check)];
        words.extend(call.args);
        Line::check(call.check, words)
    };
    calls.map(line).collect()
}

/// A command that callers can ask for.
struct Line {
    name: String,
    words: Vec<String>,
}

impl Line {
    fn check(name: &str, words: Vec<String>) -> Self {
        Self { name: command_name(name), words }
    }

    fn text(&self) -> String {
        // NRPE looks for macros in the line, then hands it to the shell.
        format!("command[{}]={}", self.name, shell::words(&self.words).replace('$', "$$"))
    }
}

fn file(path: String, policy: &Policy, plugins: &str, checks: &[Line]) -> File {
    let mut body = SETTINGS.to_owned();
    let limits = &policy.timeouts;
    let _ = write!(
        body,
        "\n# A check ends after {} s by itself, NRPE kills it after {} s, the engine gives up after {} s.\n\
         command_timeout={}\n\n",
        limits.host_check, limits.nrpe, limits.engine, limits.nrpe
    );
    for line in checks {
        let _ = writeln!(body, "{}", line.text());
    }
    body.push_str(
        "\n# Recovery. sudo's rules have the same words; it complains to standard error, which NRPE does not forward.\n",
    );
    for act in Act::all(policy, plugins) {
        let mut words = vec!["/usr/bin/sudo".to_owned(), "-n".to_owned()];
        words.extend(act.words);
        let _ = writeln!(body, "{} 2>&1", Line { name: act.name, words }.text());
    }
    File::new(path, "#", &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Plan;

    #[test]
    fn the_common_file_fits_both_plans() {
        let policy = Policy::documented();
        for rule in policy.rules.iter().filter(|it| Resource::NAMES.contains(&it.subject)) {
            let [one, other] = Plan::ALL.map(|plan| format!("{:?}", rule.bounds.of(plan)));
            assert_eq!(one, other, "{}: name a plan in each server's file", rule.subject);
        }
    }

    #[test]
    fn limits_nest() {
        let limits = &Policy::documented().timeouts;
        let client = client_limit(Policy::documented());
        assert!(limits.host_check < limits.nrpe && limits.nrpe < client && client < limits.engine);
    }

    #[test]
    fn a_line_survives_nrpe_and_the_shell() {
        let line = Line::check("disk", vec!["/x/check_disk".to_owned(), "a$b'".to_owned()]);
        assert_eq!(line.text(), r#"command[firstaid_disk]=/x/check_disk 'a$$b'"'"''"#);
    }
}
