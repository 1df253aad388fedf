//! A hundred checks leave nothing in the log of a real server that looks like a fault or an attack.

use std::net::{Ipv4Addr, SocketAddr};

use crate::run::run;
use crate::server::Server;

const PORT: &str = env!("CARGO_BIN_EXE_check_port");
const SSH: &str = env!("CARGO_BIN_EXE_check_ssh_banner");
const SMTP: &str = env!("CARGO_BIN_EXE_check_smtp220");

/// Checks of each form.
const TIMES: usize = 50;

fn check_once(binary: &str, args: &[&str], port: u16) -> i32 {
    let port = port.to_string();
    let args = [args, &["-H", "127.0.0.1", "-p", &port]].concat();
    let ran = run(binary, &args);
    assert!(ran.stderr.is_empty() && ran.first().contains(" | time="), "{ran:?}");
    ran.code
}

/// Checks in two forms, fifty times each, and demands that all is well.
fn check(binary: &str, forms: [&[&str]; 2], port: u16) {
    for args in forms {
        for _ in 0..TIMES {
            assert_eq!(check_once(binary, args, port), 0, "{args:?}");
        }
    }
}

/// Waits until the log has seen all the checks, and demands that it complains about none.
fn content(server: &Server, line: &str, times: usize) {
    server.log_once(line, |log| log.matches(line).count() >= times);
    assert_eq!(server.complaints(), Vec::<String>::new());
}

/// Ends a server and demands that the check notices.
fn down(server: Server, binary: &str, args: &[&str], port: u16) {
    drop(server);
    for plan in ["core2duo", "corei5-xeon"] {
        assert_eq!(check_once(binary, &[args, &["--plan", plan]].concat(), port), 2);
    }
}

#[test]
fn sshd() {
    let (server, identity) = (Server::sshd(), ["-P", "2.0"]);
    let port = server.port();
    check(SSH, [&[], &identity], port);
    content(&server, "Disconnected from", 2 * TIMES);
    down(server, SSH, &[], port);
}

#[test]
fn vsftpd() {
    let (server, form) = (Server::vsftpd(), ["--service", "ftp"]);
    let port = server.port();
    check(PORT, [&form, &["--service", "ftp", "-e", "220"]], port);
    content(&server, "221 Goodbye", 2 * TIMES);
    down(server, PORT, &form, port);
}

#[test]
fn postfix() {
    let server = Server::postfix();
    let port = server.port();
    check(SMTP, [&[], &["-S"]], port);
    content(&server, "quit=1 commands=", 2 * TIMES);
    assert!(server.log().contains("starttls=1 quit=1"), "{}", server.log());
    down(server, SMTP, &[], port);
}

#[test]
fn dovecot() {
    let server = Server::dovecot();
    let (imap, pop) = (server.port(), server.port_of("pop"));
    check(PORT, [&["--service", "imap"], &["--service", "imap", "-e", "OK"]], imap);
    check(PORT, [&["--service", "pop"], &["--service", "pop", "-e", "+OK"]], pop);
    content(&server, "Aborted login by logging out", 4 * TIMES);
    down(server, PORT, &["--service", "pop"], pop);
}

#[test]
fn postgresql_with_tls() {
    let (server, form) = (Server::postgresql(), ["--service", "postgresql"]);
    let port = server.port();
    check(PORT, [&form, &["--service", "postgresql", "-v"]], port);
    content(&server, "connection received", 2 * TIMES);
    down(server, PORT, &form, port);
}

#[test]
fn postgresql_without_tls() {
    let (server, form) = (Server::postgresql_without_tls(), ["--service", "postgresql"]);
    let port = server.port();
    check(PORT, [&form, &["--service", "postgresql", "-v"]], port);
    content(&server, "connection received", 2 * TIMES);
    down(server, PORT, &form, port);
}

/// The counters by which the server blocks a host.
const COUNTERS: [&str; 2] = ["COUNT_HANDSHAKE_ERRORS", "SUM_CONNECT_ERRORS"];

#[test]
fn mariadb() {
    let (server, form) = (Server::mariadb(), ["--service", "mysql"]);
    let port = server.port();
    // From the machine itself it needs no account.
    check(PORT, [&form, &["--service", "mysql", "-v"]], port);
    assert_eq!(server.complaints(), Vec::<String>::new());
    // From elsewhere it needs the one that the manual names.
    server.sql("CREATE USER 'firstaid'@'%' ACCOUNT LOCK");
    let elsewhere = server.elsewhere();
    check_through(elsewhere.addr());
    assert_eq!(server.complaints(), Vec::<String>::new());
    // Without it the server warns, but blocks nobody.
    server.sql("DROP USER 'firstaid'@'%'; CREATE USER 'other'@'%'");
    check_through(elsewhere.addr());
    server.log_once("refusal", |log| log.matches("Access denied").count() == 2 * TIMES);
    assert_eq!(server.log().matches("Aborted connection").count(), 0);
    assert_eq!(COUNTERS.map(|column| server.host_cache(column)), [0, 0]);
    down(server, PORT, &form, port);
}

/// The check takes a server on 127.0.0.1 for its own machine, where another account admits it. In this notation the address is
/// not one of loopback, although the relay is reached by it.
fn check_through(relay: SocketAddr) {
    assert_eq!(relay.ip(), Ipv4Addr::LOCALHOST);
    let port = relay.port().to_string();
    for _ in 0..2 * TIMES {
        let ran = run(PORT, &["--service", "mysql", "-H", "::ffff:127.0.0.1", "-p", &port]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}
