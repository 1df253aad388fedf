//! The web server nginx.

use std::process::Command;

use nix::sys::signal::Signal;

use super::goodbye::ask;
use super::site::Site;
use super::{Recipe, Server, certificate};

/// What `/N` answers with, for these N; every other path is answered with 200.
const STATUSES: [u16; 6] = [301, 401, 403, 404, 500, 503];

impl Server {
    /// nginx with the ports `http` and `https`. `access.log` is a [`Server::file`] of its own.
    pub(crate) fn nginx() -> Self {
        Self::start(&Recipe {
            name: "nginx",
            package: "nginx-light",
            program: "/usr/sbin/nginx",
            ports: &["http", "https"],
            log: "error.log",
            stop: Signal::SIGTERM,
            prepare: &prepare,
            answers: &|site| ask(site.port(0), b"GET / HTTP/1.0\r\n\r\n").map(drop),
            settled: &["start worker process "],
            complaints: &[
                "[warn]",
                "[error]",
                "[crit]",
                "[alert]",
                "[emerg]",
                "prematurely",
                "SSL_do_handshake",
            ],
        })
    }
}

fn prepare(site: &Site) -> Command {
    certificate::self_signed(site);
    let dir = site.text("");
    let dir = dir.trim_end_matches('/');
    let (http, https) = (site.port_of("http"), site.port_of("https"));
    let statuses: String =
        STATUSES.map(|n| format!("location = /{n} {{ return {n} \"status {n}\\n\"; }}\n")).concat();
    let statuses = statuses.replace("return 301 \"status 301\\n\"", "return 301 /elsewhere");
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {dir}/{kind};\n"))
        .concat();
    let config = site.write(
        "nginx.conf",
        &format!(
            "daemon off;\nuser root;\nworker_processes 1;\npid {dir}/nginx.pid;\nerror_log {dir}/error.log info;\n\
             events {{ worker_connections 256; }}\n\
             http {{\naccess_log {dir}/access.log;\n{temporary}\
             server {{\nlisten 127.0.0.1:{http};\nlisten 127.0.0.1:{https} ssl;\nserver_name www.example.test;\n\
             ssl_certificate {dir}/cert.pem;\nssl_certificate_key {dir}/key.pem;\ndefault_type text/plain;\n\
             {statuses}location / {{ return 200 \"It works\\n\"; }}\n}}\n}}\n"
        ),
    );
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(dir).arg("-e").arg(site.path("error.log")).arg("-c").arg(config);
    command
}
