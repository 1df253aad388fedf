//! How clients take their leave, and what the daemons log about that: the findings that the checks rely on.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::server::{SSH_GOODBYE, Server};

const TIMES: usize = 100;

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("a server that answers");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    stream
}

fn read_line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') {
        stream.read_exact(&mut byte).expect("a greeting");
        line.push(byte[0]);
    }
    String::from_utf8_lossy(&line).into_owned()
}

fn leave(stream: &mut TcpStream, goodbye: &[u8]) {
    stream.write_all(goodbye).expect("a goodbye");
    stream.read_to_end(&mut Vec::new()).expect("the end of the connection");
}

/// Leaves a hundred times as the protocol wants it; once rudely; only the latter may be complained about.
fn politely_and_rudely(server: &Server, addr: SocketAddr, goodbye: &[u8], line: &str) {
    for _ in 0..TIMES {
        let mut stream = connect(addr);
        read_line(&mut stream);
        leave(&mut stream, goodbye);
    }
    server.log_once(line, |log| log.matches(line).count() >= TIMES);
    assert_eq!(server.complaints(), Vec::<String>::new());
}

fn rudely(server: &Server, addr: SocketAddr, complaint: &str) {
    read_line(&mut connect(addr));
    server.log_once(complaint, |log| log.contains(complaint));
    assert!(
        server.complaints().iter().any(|line| line.contains(complaint)),
        "{:?}",
        server.complaints()
    );
}

#[test]
fn ssh_ends_with_a_disconnect_message() {
    let sshd = Server::sshd();
    politely_and_rudely(&sshd, sshd.addr(), SSH_GOODBYE, "Disconnected from");
    rudely(&sshd, sshd.addr(), "kex_exchange_identification");
}

#[test]
fn ftp_ends_with_quit() {
    let vsftpd = Server::vsftpd();
    politely_and_rudely(&vsftpd, vsftpd.addr(), b"QUIT\r\n", "221 Goodbye");
}

#[test]
fn smtp_ends_with_quit() {
    let postfix = Server::postfix();
    politely_and_rudely(&postfix, postfix.addr(), b"QUIT\r\n", "disconnect from");
    rudely(&postfix, postfix.addr(), "lost connection after CONNECT");
}

#[test]
fn imap_and_pop_end_with_a_goodbye() {
    let dovecot = Server::dovecot();
    let pop = SocketAddr::from(([127, 0, 0, 1], dovecot.port_of("pop")));
    politely_and_rudely(
        &dovecot,
        dovecot.addr(),
        b"a1 LOGOUT\r\n",
        "imap-login: Info: Disconnected: Aborted login by logging out",
    );
    politely_and_rudely(
        &dovecot,
        pop,
        b"QUIT\r\n",
        "pop3-login: Info: Disconnected: Aborted login by logging out",
    );
    rudely(&dovecot, pop, "Connection closed");
}

#[test]
fn postgresql_without_tls_may_be_left_after_its_answer() {
    let server = Server::postgresql_without_tls();
    for _ in 0..TIMES {
        assert_eq!(ssl_request(&mut connect(server.addr())), b'N');
    }
    let connections = |log: &str| log.matches("connection received").count();
    server.log_once("connections", |log| connections(log) >= TIMES);
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn postgresql_with_tls_must_not_be_left_after_its_answer() {
    let server = Server::postgresql();
    assert_eq!(ssl_request(&mut connect(server.addr())), b'S');
    server
        .log_once("complaint", |log| log.contains("could not accept SSL connection: EOF detected"));
    assert_eq!(server.complaints().len(), 1);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "openssl is the TLS client of the fixtures' own tests"
)]
fn postgresql_with_tls_may_be_left_after_the_handshake() {
    let server = Server::postgresql();
    let at = server.addr().to_string();
    for _ in 0..5 {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-starttls", "postgres", "-connect", &at]).stdin(Stdio::null());
        assert!(client.output().expect("openssl").status.success());
    }
    server.log_once("connections", |log| log.matches("connection received").count() == 5);
    assert_eq!(server.complaints(), Vec::<String>::new());
}

fn ssl_request(stream: &mut TcpStream) -> u8 {
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).expect("a request");
    let mut answer = [0];
    stream.read_exact(&mut answer).expect("an answer");
    stream.shutdown(Shutdown::Write).expect("an open connection");
    answer[0]
}

/// The payload of one packet of the `MySQL` protocol.
fn packet(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).expect("the head of a packet");
    let mut payload = vec![0; usize::from(u16::from_le_bytes([head[0], head[1]]))];
    stream.read_exact(&mut payload).expect("a packet");
    payload
}

/// Answers the greeting with a login without a password and returns the first byte of the reply.
fn log_in(addr: SocketAddr, user: &str, plugin: &str) -> u8 {
    let mut stream = connect(addr);
    packet(&mut stream);
    let mut payload = vec![0, 0x82, 8, 0, 0, 0, 0, 1, 33];
    payload.extend_from_slice(&[0; 23]);
    payload.extend_from_slice(format!("{user}\0\0{plugin}\0").as_bytes());
    let length = u8::try_from(payload.len()).expect("a short packet");
    stream.write_all(&[&[length, 0, 0, 1], payload.as_slice()].concat()).expect("a login");
    let mut reply = packet(&mut stream);
    if reply[0] == 0xfe {
        // AuthSwitchRequest: the empty password once more.
        stream.write_all(&[0, 0, 0, 3]).expect("an empty packet");
        reply = packet(&mut stream);
    }
    if reply[0] == 0 {
        leave(&mut stream, &[1, 0, 0, 0, 1]);
    } else {
        leave(&mut stream, &[]);
    }
    reply[0]
}

const COUNTERS: [&str; 2] = ["COUNT_HANDSHAKE_ERRORS", "SUM_CONNECT_ERRORS"];

#[test]
fn mariadb_is_content_with_a_login_that_an_account_admits() {
    let mariadb = Server::mariadb();
    mariadb.sql("CREATE USER checks@'%'; CREATE USER locked@'%' ACCOUNT LOCK");
    let elsewhere = mariadb.elsewhere();
    for _ in 0..TIMES {
        assert_eq!(log_in(elsewhere.addr(), "checks", "mysql_native_password"), 0);
    }
    assert_eq!(log_in(elsewhere.addr(), "checks", "another_plugin"), 0);
    assert_eq!(mariadb.status("Aborted_connects"), 0);
    for _ in 0..TIMES {
        assert_eq!(log_in(elsewhere.addr(), "locked", "mysql_native_password"), 0xff);
    }
    assert_eq!(mariadb.status("Aborted_connects"), TIMES as u64);
    assert_eq!(COUNTERS.map(|column| mariadb.host_cache(column)), [0, 0]);
    assert_eq!(mariadb.complaints(), Vec::<String>::new());
}

#[test]
fn mariadb_blocks_nobody_for_a_refused_login() {
    let mariadb = Server::mariadb();
    mariadb.sql("CREATE USER somebody@'%'");
    let elsewhere = mariadb.elsewhere();
    // Twice the number of errors that blocks a host.
    for _ in 0..2 * TIMES {
        assert_eq!(log_in(elsewhere.addr(), "checks", "mysql_native_password"), 0xff);
    }
    assert_eq!(COUNTERS.map(|column| mariadb.host_cache(column)), [0, 0]);
    mariadb.log_once("refusal", |log| log.matches("Access denied").count() == 2 * TIMES);
    assert!(!mariadb.log().contains("Aborted connection"));
}

#[test]
fn mariadb_counts_and_logs_a_client_that_does_not_answer_the_greeting() {
    let mariadb = Server::mariadb();
    mariadb.sql("CREATE USER somebody@'%'");
    let elsewhere = mariadb.elsewhere();
    let mut stream = connect(SocketAddr::from(([127, 0, 0, 1], elsewhere.port())));
    packet(&mut stream);
    drop(stream);
    mariadb.log_once("aborted connection", |log| log.contains("Aborted connection"));
    assert_eq!(COUNTERS.map(|column| mariadb.host_cache(column)), [1, 1]);
    assert_eq!(mariadb.complaints().len(), 1);
}
