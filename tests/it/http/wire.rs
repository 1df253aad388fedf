//! The bytes that are sent.

use std::io::Read;
use std::net::Ipv6Addr;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use super::{BINARY, OK, check, request, serving};
use crate::fake::{Fake, say};
use crate::run::{command, finish, run};

const AGENT: &str = concat!("check_http_layer7/", env!("CARGO_PKG_VERSION"), " (firstaid)");

/// What the check sends with these options; PORT stands for the port.
fn sent(options: &[&str]) -> String {
    let (server, requests) = serving(|_| OK.to_owned());
    let ran = check(server.port(), options);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    requests.recv().unwrap().replace(&server.port().to_string(), "PORT")
}

fn headers(host: &str) -> String {
    format!("Host: {host}\r\nUser-Agent: {AGENT}\r\nConnection: close\r\n")
}

#[test]
fn the_documented_request_is_sent_as_it_stands() {
    assert_eq!(sent(&[]), format!("GET / HTTP/1.0\r\n{}\r\n", headers("127.0.0.1:PORT")));
}

#[test]
fn proxies_of_the_environment_are_not_asked() {
    let (server, requests) = serving(|_| OK.to_owned());
    let mut check = command(
        BINARY,
        &["-H", "www.example.test", "-I", "127.0.0.1", "-p", &server.port().to_string()],
    );
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "NO_PROXY"] {
        check.env(name, "http://127.0.0.1:9");
    }
    assert_eq!(finish(&mut check).code, 0);
    assert!(requests.recv().unwrap().starts_with("GET / HTTP/1.0\r\n"));
}

#[test]
fn options_shape_the_request() {
    let host = headers("127.0.0.1:PORT");
    let cases: &[(&[&str], String)] = &[
        (&["--http-version", "1.1"], format!("GET / HTTP/1.1\r\n{host}\r\n")),
        (&["-u", "/a?b=c#d"], format!("GET /a?b=c HTTP/1.0\r\n{host}\r\n")),
        (&["-j", "HEAD"], format!("HEAD / HTTP/1.0\r\n{host}\r\n")),
        (&["-j", "PROPFIND"], format!("PROPFIND / HTTP/1.0\r\n{host}\r\n")),
        (
            &["-a", "monitor:secret"],
            format!("GET / HTTP/1.0\r\n{host}Authorization: Basic bW9uaXRvcjpzZWNyZXQ=\r\n\r\n"),
        ),
        (
            &["-k", "X-A: 1", "-k", "X-B:2", "-k", "X-A: 3"],
            format!("GET / HTTP/1.0\r\n{host}X-A: 1\r\nX-A: 3\r\nX-B: 2\r\n\r\n"),
        ),
        (
            &["-A", "probe", "-k", "host: other"],
            "GET / HTTP/1.0\r\nUser-Agent: probe\r\nConnection: close\r\nhost: other\r\n\r\n"
                .to_owned(),
        ),
    ];
    for (options, text) in cases {
        assert_eq!(sent(options), *text, "{options:?}");
    }
}

#[test]
fn the_host_header_names_what_h_names() {
    let ports = [
        ("www.example.test", "www.example.test:PORT"),
        ("www.example.test:99", "www.example.test:99"),
        ("www.example.test:80", "www.example.test"),
    ];
    for (name, header) in ports {
        let (server, requests) = serving(|_| OK.to_owned());
        let port = server.port().to_string();
        let ran = run(BINARY, &["-H", name, "-I", "127.0.0.1", "-p", &port]);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        let asked = requests.recv().unwrap().replace(&port, "PORT");
        assert_eq!(asked, format!("GET / HTTP/1.0\r\n{}\r\n", headers(header)));
    }
}

#[test]
fn data_are_posted() {
    let (sender, bodies) = channel();
    let sender = Mutex::new(sender);
    let server = Fake::new(move |mut stream| {
        let head = String::from_utf8(request(&mut stream)).unwrap();
        let mut body = [0; 7];
        stream.read_exact(&mut body).unwrap();
        say(&mut stream, OK.as_bytes());
        sender.lock().unwrap().send((head, String::from_utf8(body.to_vec()).unwrap())).unwrap();
    });
    assert_eq!(check(server.port(), &["-P", "a=b&c=d"]).code, 0);
    let (head, body) = bodies.recv().unwrap();
    assert_eq!(body, "a=b&c=d");
    let lower = head.to_lowercase();
    assert!(
        head.starts_with("POST / HTTP/1.0\r\n") && lower.contains("\r\ncontent-length: 7\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), "{head}");
    assert_eq!(check(server.port(), &["-j", "PUT", "-T", "text/plain", "-P", "1234567"]).code, 0);
    let (head, _) = bodies.recv().unwrap();
    assert!(
        head.starts_with("PUT / ") && head.contains("\r\nContent-Type: text/plain\r\n"),
        "{head}"
    );
}

#[test]
fn ipv6_is_spoken_and_written_in_brackets() {
    let (sender, requests) = channel();
    let sender = Mutex::new(sender);
    let server = Fake::at(Ipv6Addr::LOCALHOST.into(), move |mut stream| {
        let asked = String::from_utf8(request(&mut stream)).unwrap();
        say(&mut stream, OK.as_bytes());
        sender.lock().unwrap().send(asked).unwrap();
    });
    let port = server.port().to_string();
    for options in
        [&["-H", "::1"][..], &["-I", "::1"], &["[::1]", "-6"], &["-H", "::1", "-I", "::1"]]
    {
        let ran = run(BINARY, &[options, &["-p", &port]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        let asked = requests.recv().unwrap();
        assert!(asked.contains(&format!("\r\nHost: [::1]:{port}\r\n")), "{asked}");
    }
    let ran = run(BINARY, &["-H", "::1", "-4", "-p", &port]);
    assert!(ran.code == 2 && ran.first().contains("does not resolve"), "{}", ran.stdout);
}

#[test]
fn the_transcript_shows_both_sides() {
    let (server, _requests) = serving(|_| OK.to_owned());
    let ran = check(server.port(), &["-vvv"]);
    assert!(ran.stdout.contains("\n> GET / HTTP/1.0\\x0d\\x0aHost: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n< HTTP/1.0 200 OK\\x0d\\x0a"), "{}", ran.stdout);
}
