//! `PostgreSQL`'s daemon.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;

use super::site::{Site, run, user};
use super::{Recipe, Server, certificate, goodbye};

const PACKAGE: &str = "postgresql";
/// Asks for encryption by GSSAPI. The server answers G or N and, unlike after an `SSLRequest`, takes it well when the
/// client then leaves, with TLS configured or not.
const GSSENC_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 48];

/// Whether a server offers TLS.
#[derive(Clone, Copy)]
enum Tls {
    On,
    Off,
}

impl Server {
    /// `PostgreSQL` with TLS, as Debian installs it: an `SSLRequest` is answered with S.
    pub(crate) fn postgresql() -> Self {
        start(Tls::On)
    }

    /// `PostgreSQL` without TLS: an `SSLRequest` is answered with N.
    pub(crate) fn postgresql_without_tls() -> Self {
        start(Tls::Off)
    }
}

fn start(tls: Tls) -> Server {
    let program = programs().join("postgres").display().to_string();
    Server::start(&Recipe {
        name: "postgresql",
        package: PACKAGE,
        // The path depends on the version; a leaked string of a test is no loss.
        program: String::leak(program),
        ports: &["postgresql"],
        log: "output",
        stop: Signal::SIGINT,
        prepare: &|site| prepare(site, tls),
        answers: &|site| goodbye::first_byte(site.port(0), &GSSENC_REQUEST).map(drop),
        settled: &["ready to accept connections", "connection received"],
        complaints: &[
            "could not",
            "invalid length",
            "incomplete startup packet",
            "cancel request",
            "HINT",
            "WARNING",
            "ERROR",
            "FATAL",
            "PANIC",
        ],
    })
}

/// The directory with the programs of the newest version.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let version =
        newest.unwrap_or_else(|| panic!("needs the Debian package {PACKAGE} (make deps)"));
    PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))
}

fn prepare(site: &Site, tls: Tls) -> Command {
    // The server refuses to run as root.
    let postgres = user("postgres", PACKAGE);
    site.make_dir("data");
    certificate::self_signed(site);
    for file in ["", "data", "cert.pem", "key.pem"] {
        site.give(file, &postgres);
    }
    let data = site.text("data");
    let as_postgres = |program: &str| {
        let mut command = Command::new(programs().join(program));
        command
            .uid(postgres.uid.as_raw())
            .gid(postgres.gid.as_raw())
            .current_dir(site.dir())
            .arg("-D")
            .arg(&data);
        command
    };
    run(as_postgres("initdb").args([
        "--auth=trust",
        "--no-sync",
        "--no-instructions",
        "--encoding=UTF8",
        "--locale=C",
    ]));
    let mut command = as_postgres("postgres");
    command.arg("-p").arg(site.port(0).to_string());
    let directory = site.text("");
    for setting in [
        "listen_addresses=127.0.0.1",
        &format!("unix_socket_directories={directory}"),
        "log_connections=on",
        "fsync=off",
        &format!("ssl={}", if matches!(tls, Tls::On) { "on" } else { "off" }),
        &format!("ssl_cert_file={}", site.text("cert.pem")),
        &format!("ssl_key_file={}", site.text("key.pem")),
    ] {
        command.arg("-c").arg(setting);
    }
    command
}
