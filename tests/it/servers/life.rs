//! Starting, stopping, answering.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::panic::catch_unwind;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::server::{Server, wait_until};

type Start = fn() -> Server;

const ALL: [(&str, Start); 11] = [
    ("sshd", Server::sshd),
    ("mariadb", Server::mariadb),
    ("postgresql", Server::postgresql),
    ("postgresql_without_tls", Server::postgresql_without_tls),
    ("vsftpd", Server::vsftpd),
    ("postfix", Server::postfix),
    ("dovecot", Server::dovecot),
    ("named", Server::named),
    ("named_recursive", Server::named_recursive),
    ("nginx", Server::nginx),
    ("apache", Server::apache),
];

/// Processes that still work in a directory or were started with it on their command line.
fn users_of(dir: &Path) -> Vec<String> {
    let needle = dir.display().to_string();
    let entries = fs::read_dir("/proc").expect("a mounted /proc").flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok());
    named
        .filter_map(|entry| {
            let command = fs::read(entry.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            (command.contains(&needle) || cwd.starts_with(dir))
                .then(|| format!("{}: {command}", entry.path().display()))
        })
        .collect()
}

fn two_at_once(start: Start) {
    let (one, two) = thread::scope(|scope| {
        let other = scope.spawn(start);
        (start(), other.join().expect("the second instance starts too"))
    });
    assert_ne!(one.port(), two.port());
    assert_ne!(one.pid(), two.pid());
    for server in [&one, &two] {
        assert!(TcpStream::connect(server.addr()).is_ok());
    }
    let dirs = [one.file(""), two.file("")];
    assert!(dirs.iter().all(|dir| !users_of(dir).is_empty()));
    // A connection that is open keeps a child of many daemons alive.
    let held = TcpStream::connect(two.addr()).expect("a server that answers");
    drop(one);
    drop(two);
    for dir in dirs {
        let gone = wait_until(Duration::from_secs(5), || users_of(&dir).is_empty());
        assert!(gone, "left behind: {:?}", users_of(&dir));
        assert!(!dir.exists());
    }
    drop(held);
}

macro_rules! two_at_once {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            let (_, start) = ALL.iter().find(|(name, _)| *name == stringify!($name)).expect("a known server");
            two_at_once(*start);
        }
    )* };
}

two_at_once! {
    sshd mariadb postgresql postgresql_without_tls vsftpd postfix dovecot named named_recursive nginx apache
}

#[test]
fn a_panic_stops_the_server() {
    let told = std::sync::Mutex::new(None);
    let outcome = catch_unwind(|| {
        let server = Server::postgresql();
        *told.lock().expect("no panic so far") = Some(server.file(""));
        panic!("a test fails");
    });
    assert!(outcome.is_err());
    let dir = told
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .expect("the server was started");
    assert!(
        wait_until(Duration::from_secs(5), || users_of(&dir).is_empty()),
        "{:?}",
        users_of(&dir)
    );
    assert!(!dir.exists());
}

fn get(port: u16, head: &str) -> String {
    let mut stream =
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a server that answers");
    stream.write_all(head.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in text");
    answer
}

#[test]
fn apache_wants_credentials() {
    let apache = Server::apache();
    assert!(get(apache.port(), "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 401 "));
    assert!(get(apache.port(), "GET /open/ HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 "));
    // monitor:secret
    let request = "GET / HTTP/1.0\r\nAuthorization: Basic bW9uaXRvcjpzZWNyZXQ=\r\n\r\n";
    assert!(get(apache.port(), request).starts_with("HTTP/1.1 200 "));
}

#[test]
fn nginx_answers_with_the_status_that_is_asked_for() {
    let nginx = Server::nginx();
    for (path, status) in [
        ("", 200),
        ("301", 301),
        ("401", 401),
        ("403", 403),
        ("404", 404),
        ("500", 500),
        ("503", 503),
    ] {
        let answer = get(nginx.port(), &format!("GET /{path} HTTP/1.0\r\n\r\n"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "openssl is the TLS client of the fixtures' own tests"
)]
fn certificates_are_shown_on_every_tls_port() {
    let (nginx, dovecot, postfix, postgresql) =
        (Server::nginx(), Server::dovecot(), Server::postfix(), Server::postgresql());
    let ports = [
        (nginx.port_of("https"), None),
        (dovecot.port_of("imaps"), None),
        (dovecot.port_of("pop3s"), None),
        (postfix.port_of("smtps"), None),
        (dovecot.port_of("imap"), Some("imap")),
        (dovecot.port_of("pop"), Some("pop3")),
        (postfix.port_of("smtp"), Some("smtp")),
        (postgresql.port(), Some("postgres")),
    ];
    for (port, starttls) in ports {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-connect", &format!("127.0.0.1:{port}")]);
        client.args(starttls.into_iter().flat_map(|protocol| ["-starttls", protocol]));
        let output = client.stdin(std::process::Stdio::null()).output().expect("openssl");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("subject=CN = localhost"), "port {port} {starttls:?}: {said}");
    }
}

/// Flags and number of answers of a question without recursion desired.
fn question(port: u16, labels: &[&str], kind: u8) -> (u8, u8, u16) {
    let mut query = b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00".to_vec();
    for label in labels {
        query.push(u8::try_from(label.len()).expect("a short label"));
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, kind, 0, 1]);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    socket.send_to(&query, (Ipv4Addr::LOCALHOST, port)).expect("a query");
    let mut answer = [0; 512];
    socket.recv(&mut answer).expect("an answer");
    (answer[2], answer[3], u16::from_be_bytes([answer[6], answer[7]]))
}

#[test]
fn named_serves_its_zone() {
    const A: u8 = 1;
    const AAAA: u8 = 28;
    let (authority, resolver) = (Server::named(), Server::named_recursive());
    for (server, available) in [(&authority, 0), (&resolver, 0x80)] {
        let ask = |name: &str, kind| {
            let labels: Vec<&str> = [name, "example", "test"].into();
            let (flags, code, answers) = question(server.port(), &labels, kind);
            assert_eq!(code & 0x80, available);
            (flags & 2 != 0, code & 15, answers)
        };
        assert_eq!(ask("www", A), (false, 0, 1));
        assert_eq!(ask("www", AAAA), (false, 0, 1));
        assert_eq!(ask("many", A), (false, 0, 3));
        assert_eq!(ask("alias", A), (false, 0, 2));
        assert_eq!(ask("text", A), (false, 0, 0));
        assert_eq!(ask("empty", A), (false, 0, 0));
        assert_eq!(ask("nowhere", A), (false, 3, 0));
        let (truncated, code, _) = ask("big", A);
        assert!(truncated && code == 0);
    }
    // The authority refuses what is not its own; the resolver cannot find out.
    assert_eq!(question(authority.port(), &["www", "example", "org"], A).1 & 15, 5);
    assert_eq!(question(resolver.port(), &["www", "example", "org"], A).1 & 15, 2);
    let ours = |server: &Server| {
        server.log_once("query", |log| log.contains("query: big.example.test IN A"))
    };
    ours(&authority);
    ours(&resolver);
}
