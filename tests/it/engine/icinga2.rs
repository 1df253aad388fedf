//! Icinga 2 as Debian packages it.

use std::path::Path;
use std::process::Command;

use super::authority::Authority;
use super::{Engine, Files, Setup};
use crate::server::site::Site;

/// Debian starts this by a shell script, which adds nothing for the daemon.
const PROGRAM: &str = "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2";

/// What the distribution's `icinga2.conf` has, and the features that write what Nagios writes.
const MAIN: &str = r#"
const PluginDir = "/usr/lib/nagios/plugins"
const ManubulonPluginDir = PluginDir
const PluginContribDir = PluginDir
const TicketSalt = ""
include <itl>
include <plugins>
object CheckerComponent "checker" { }
object NotificationComponent "notification" { }
object FileLogger "main" { severity = "notice", path = LogDir + "/icinga2.log" }
object CompatLogger "compat" { log_dir = LogDir + "/compat", rotation_method = "NONE" }
object StatusDataWriter "status" {
  status_path = CacheDir + "/status.dat"
  objects_path = CacheDir + "/objects.cache"
  update_interval = 5s
}
object ExternalCommandListener "command" { command_path = SpoolDir + "/commands" }
"#;

/// What a server of its own has instead of a cluster.
const SINGLE: &str = r#"
const NodeName = "single"
const ZoneName = NodeName
object Endpoint NodeName { }
object Zone ZoneName { endpoints = [ NodeName ] }
"#;

/// The user of its API where the administrator has none.
const API_USER: &str = r#"
object ApiUser "firstaid" {
  password = "PASSWORD"
  permissions = [ "actions/schedule-downtime", "actions/remove-downtime", "objects/query/*" ]
}
"#;

/// What its API wants to hear from `firstaid`.
pub(super) const PASSWORD: &str = "right";

/// A server of a cluster.
pub(crate) struct Node<'a> {
    /// The name in its certificate.
    pub(crate) name: &'a str,
    pub(crate) zone: &'a str,
    pub(crate) address: &'a str,
    /// Whether it holds the cluster's configuration, which the others get from it; they do as it says, too.
    pub(crate) holds_configuration: bool,
    pub(crate) authority: &'a Authority,
}

const FILES: Files =
    Files { log: "log/compat/icinga.log", status: "cache/status.dat", commands: "spool/commands" };

impl Engine {
    /// One Icinga 2 that is its only zone, with the generated folder included as `conf.d` is.
    pub(crate) fn icinga2(setup: &Setup) -> Self {
        assert!(Path::new(PROGRAM).exists(), "needs the Debian package icinga2-bin (make deps)");
        let user = API_USER.replace("PASSWORD", PASSWORD);
        Self::icinga2_with_api(setup, &Authority::new(), &user)
    }

    /// The same with its API on 127.0.0.1, and what an administrator has beside `conf.d`.
    pub(crate) fn icinga2_with_api(setup: &Setup, authority: &Authority, beside: &str) -> Self {
        let site = Site::new("icinga2", &[]);
        authority.certify(&site, "single");
        let include = format!("include_recursive \"{}\"\n", setup.config.display());
        let api = "object ApiListener \"api\" { bind_host = \"127.0.0.1\" }\n";
        let command = prepare(&site, &format!("{SINGLE}{MAIN}{api}{include}{beside}"));
        Self::start("icinga2", site, setup, FILES, command)
    }

    /// One server of a cluster, with the generated `zones.conf`, and `zones.d` where that belongs.
    pub(crate) fn icinga2_of(node: &Node, setup: &Setup) -> Self {
        let site = Site::new("icinga2", &[]);
        node.authority.certify(&site, node.name);
        let zones = setup.config.join("zones.conf");
        let own = format!(
            "const NodeName = {:?}\nconst ZoneName = {:?}\ninclude \"{}\"\n\
             object ApiListener \"api\" {{\n  bind_host = {:?}\n  accept_config = {}\n  accept_commands = {}\n}}\n",
            node.name,
            node.zone,
            zones.display(),
            node.address,
            !node.holds_configuration,
            !node.holds_configuration
        );
        let mut command = prepare(&site, &format!("{own}{MAIN}"));
        let zones = if node.holds_configuration {
            setup.config.join("zones.d")
        } else {
            site.make_dir("zones.d")
        };
        command.arg(format!("-DZonesDir={}", zones.display()));
        Self::start("icinga2", site, setup, FILES, command)
    }
}

/// Writes the main configuration; the command runs it in the foreground, with every directory inside of the site.
fn prepare(site: &Site, main: &str) -> Command {
    for dir in ["lib", "log/compat", "cache", "run", "spool"] {
        site.make_dir(dir);
    }
    let main = site.write("icinga2.conf", main);
    let mut command = Command::new(PROGRAM);
    command.arg("daemon").arg("-c").arg(main);
    for (name, dir) in [
        ("DataDir", "lib"),
        ("LogDir", "log"),
        ("CacheDir", "cache"),
        ("InitRunDir", "run"),
        ("SpoolDir", "spool"),
    ] {
        command.arg(format!("-D{name}={}", site.text(dir)));
    }
    command
}
