//! The mailbox server Dovecot.

use std::process::Command;

use nix::sys::signal::Signal;

use super::site::{Site, user};
use super::{Recipe, Server, certificate, goodbye};

impl Server {
    /// Dovecot with the ports `imap`, `pop`, `imaps` and `pop3s`; every user's password is `secret`.
    pub(crate) fn dovecot() -> Self {
        Self::start(&Recipe {
            name: "dovecot",
            package: "dovecot-imapd and dovecot-pop3d",
            program: "/usr/lib/dovecot/pop3-login",
            ports: &["imap", "pop", "imaps", "pop3s"],
            log: "dovecot.log",
            stop: Signal::SIGTERM,
            prepare: &prepare,
            answers: &|site| {
                goodbye::after_greeting(site.port_of("imap"), b"a1 LOGOUT\r\n")?;
                goodbye::after_greeting(site.port_of("pop"), b"QUIT\r\n")
            },
            settled: &["imap-login: Info: ", "pop3-login: Info: "],
            complaints: &[
                "Connection closed",
                "auth failed",
                "Warning:",
                "Error:",
                "Fatal:",
                "Panic:",
                "disallowed",
            ],
        })
    }
}

fn prepare(site: &Site) -> Command {
    let nobody = user("nobody", "base-passwd");
    let (uid, gid) = (nobody.uid, nobody.gid);
    certificate::self_signed(site);
    site.make_dir("mail");
    site.make_dir("state");
    site.give("mail", &nobody);
    let dir = site.text("");
    let dir = dir.trim_end_matches('/');
    let listener = |service: &str| {
        format!("inet_listener {service} {{\n port = {}\n }}", site.port_of(service))
    };
    let (imap, imaps, pop3s) = (listener("imap"), listener("imaps"), listener("pop3s"));
    let pop = listener("pop").replace("inet_listener pop ", "inet_listener pop3 ");
    let config = site.write(
        "dovecot.conf",
        &format!(
            "base_dir = {dir}/run\nstate_dir = {dir}/state\nprotocols = imap pop3\nlisten = 127.0.0.1\n\
             log_path = {dir}/dovecot.log\nauth_verbose = yes\n\
             ssl = yes\nssl_cert = <{dir}/cert.pem\nssl_key = <{dir}/key.pem\n\
             mail_location = maildir:{dir}/mail\n\
             passdb {{\n driver = static\n args = password=secret\n}}\n\
             userdb {{\n driver = static\n args = uid={uid} gid={gid} home={dir}/mail\n}}\n\
             service imap-login {{\n {imap}\n {imaps}\n}}\n\
             service pop3-login {{\n {pop}\n {pop3s}\n}}\n"
        ),
    );
    let mut command = Command::new("/usr/sbin/dovecot");
    command.arg("-F").arg("-c").arg(config);
    command
}
