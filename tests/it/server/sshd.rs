//! `OpenSSH`'s daemon.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;

use super::site::{Site, run};
use super::{Recipe, Server, goodbye};

/// Identification line and `SSH_MSG_DISCONNECT` (11, by application), RFC 4253 sections 4.2, 6 and 11.1.
pub(crate) const GOODBYE: &[u8] = b"SSH-2.0-firstaid_fixture\r\n\
    \x00\x00\x00\x14\x06\x01\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

impl Server {
    /// sshd, which logs at VERBOSE.
    pub(crate) fn sshd() -> Self {
        Self::start(&Recipe {
            name: "sshd",
            package: "openssh-server",
            program: "/usr/sbin/sshd",
            ports: &["ssh"],
            log: "sshd.log",
            stop: Signal::SIGTERM,
            prepare: &prepare,
            answers: &|site| goodbye::after_greeting(site.port(0), GOODBYE),
            settled: &["Disconnected from"],
            complaints: &[
                "error",
                "fatal",
                "kex_exchange_identification",
                "anner exchange",
                "Did not receive identification",
                "Bad protocol",
                "Unable to negotiate",
                "Connection reset",
                "Connection closed by",
                "Timeout before",
            ],
        })
    }
}

fn prepare(site: &Site) -> Command {
    // sshd has this directory compiled in (as its unit's RuntimeDirectory) and refuses to start without it.
    fs::create_dir_all("/run/sshd").expect("tests run as root");
    let key = site.text("host_key");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &key]));
    let port = site.port(0);
    let pid = site.text("sshd.pid");
    let config = site.write(
        "sshd_config",
        &format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {key}\nPidFile {pid}\nLogLevel VERBOSE\n\
             UsePAM no\nUseDNS no\nMaxStartups 200:30:300\n"
        ),
    );
    let mut command = Command::new("/usr/sbin/sshd");
    // Paths are absolute: the process that serves a connection starts in the root directory.
    command.arg("-D").arg("-f").arg(config).arg("-E").arg(site.path("sshd.log"));
    command
}
