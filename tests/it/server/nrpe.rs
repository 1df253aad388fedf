//! The agent NRPE.

use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;

use super::site::{Site, run};
use super::{Recipe, Server, certificate};

const CLIENT: &str = "/usr/lib/nagios/plugins/check_nrpe";

impl Server {
    /// NRPE on an address of the caller's network, with the generated commands.
    ///
    /// Its clients need `cert.pem` and `key.pem`, a [`Server::file`] each, which are the authority too.
    pub(crate) fn nrpe(address: &str, commands: &Path) -> Self {
        Self::start(&Recipe {
            name: "nrpe",
            package: "nagios-nrpe-server and nagios-nrpe-plugin",
            program: "/usr/sbin/nrpe",
            ports: &["nrpe"],
            log: "nrpe.log",
            stop: Signal::SIGTERM,
            prepare: &|site| prepare(site, address, commands),
            answers: &|site| {
                let mut client = Command::new(CLIENT);
                client.args(["-H", address, "-p", &site.port(0).to_string()]);
                client.args(["-A", &site.text("cert.pem"), "-C", &site.text("cert.pem")]);
                client.args(["-K", &site.text("key.pem")]);
                let answer = client.output().map_err(|error| format!("{CLIENT}: {error}"))?;
                let said = String::from_utf8_lossy(&answer.stdout).into_owned();
                if said.starts_with("NRPE v") { Ok(()) } else { Err(said) }
            },
            settled: &[],
            complaints: &["Error:", "Warning:"],
        })
    }
}

fn prepare(site: &Site, address: &str, commands: &Path) -> Command {
    certificate::self_signed(site);
    let dir = site.text("");
    let dir = dir.trim_end_matches('/');
    // The generated file names the places of an installed system; the last line of a kind wins.
    let config = site.write(
        "nrpe.cfg",
        &format!(
            "log_facility=daemon\nlog_file={dir}/nrpe.log\npid_file={dir}/nrpe.pid\nserver_address={address}\n\
             server_port={}\nnrpe_user=nagios\nnrpe_group=nagios\nconnection_timeout=60\ninclude={}\n\
             ssl_cacert_file={dir}/cert.pem\nssl_cert_file={dir}/cert.pem\nssl_privatekey_file={dir}/key.pem\n",
            site.port(0),
            commands.display()
        ),
    );
    for file in ["cert.pem", "key.pem", "nrpe.cfg"] {
        site.give(file, &super::site::user("nagios", "nagios-nrpe-server"));
    }
    run(Command::new("touch").arg(site.path("nrpe.log")));
    site.give("nrpe.log", &super::site::user("nagios", "nagios-nrpe-server"));
    let mut command = Command::new("/usr/sbin/nrpe");
    command.arg("-c").arg(config).arg("-f");
    command
}
