//! The mail server Postfix.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;

use super::site::{Site, user};
use super::{Recipe, Server, certificate, goodbye};

const PACKAGE: &str = "postfix";

/// The services that a server needs which only receives.
const SERVICES: &str = "\
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
error     unix  - - n -     - error
local     unix  - n n -     - local
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
";

impl Server {
    /// Postfix with the ports `smtp` (offers STARTTLS) and `smtps` (TLS from the start).
    pub(crate) fn postfix() -> Self {
        Self::start(&Recipe {
            name: "postfix",
            package: PACKAGE,
            program: "/usr/sbin/postfix",
            ports: &["smtp", "smtps"],
            log: "maillog",
            stop: Signal::SIGTERM,
            prepare: &prepare,
            answers: &|site| goodbye::after_greeting(site.port(0), b"QUIT\r\n"),
            settled: &["disconnect from"],
            complaints: &[
                "lost connection",
                "timeout after",
                "improper command pipelining",
                "non-SMTP command",
                "too many errors",
                "SSL_accept error",
                "TLS library problem",
                "reject:",
                "warning:",
                "error:",
                "fatal:",
                "panic:",
                "unknown=",
            ],
        })
    }
}

fn prepare(site: &Site) -> Command {
    let postfix = user("postfix", PACKAGE);
    certificate::self_signed(site);
    for dir in ["etc", "spool", "state"] {
        site.make_dir(dir);
    }
    site.give("state", &postfix);
    let dir = site.text("");
    let dir = dir.trim_end_matches('/');
    let main = format!(
        "compatibility_level = 3.6\n\
         queue_directory = {dir}/spool\ndata_directory = {dir}/state\n\
         maillog_file = {dir}/maillog\nmaillog_file_prefixes = {dir}\n\
         command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nshlib_directory = /usr/lib/postfix\n\
         mail_owner = postfix\nsetgid_group = postdrop\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\n\
         myhostname = mail.example.test\nmydestination = example.test\nalias_maps =\nalias_database =\n\
         smtpd_peername_lookup = no\ndefault_transport = error: this server sends nothing\n\
         smtpd_tls_cert_file = {dir}/cert.pem\nsmtpd_tls_key_file = {dir}/key.pem\n\
         smtpd_tls_security_level = may\nsmtpd_tls_loglevel = 1\n"
    );
    let (smtp, smtps) = (site.port_of("smtp"), site.port_of("smtps"));
    let listeners = format!(
        "127.0.0.1:{smtp} inet n - n - - smtpd\n\
         127.0.0.1:{smtps} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n"
    );
    site.write("etc/main.cf", &main);
    site.write("etc/master.cf", &(listeners + SERVICES));
    // The package's table of loadable map types; without it each program warns.
    fs::write(site.path("etc/dynamicmaps.cf"), "").expect("a file in our own directory");
    let mut command = Command::new("/usr/sbin/postfix");
    command.arg("-c").arg(site.path("etc")).arg("start-fg");
    command
}
