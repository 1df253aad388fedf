//! Every generated command line, run by Nagios itself against servers of this machine alone.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;

use firstaid::config::{nagios, nrpe};
use firstaid::policy::Policy;

use super::Nagios;
use crate::monitored;
use crate::namespace::Namespace;
use crate::nrpe::{Certificates, Nrpe};

const GREETINGS: &[(u16, &str)] = &[
    (21, "220 ready\r\n"),
    (22, "SSH-2.0-stub\r\n"),
    (25, "220 ready\r\n"),
    (80, ""),
    (110, "+OK\r\n"),
    (143, "* OK\r\n"),
    (443, ""),
    (3306, "J\0\0\0\n8.0\0"),
    (5432, ""),
];

/// Greets, then answers everything as a web server does. Its threads end with the test's process; the network is the test's own.
fn stubs() {
    for (port, greeting) in GREETINGS {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream, greeting));
            }
        });
    }
    // A query comes back as its own answer, with the bit that says so.
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            buffer[2] |= 0x80;
            let _ = socket.send_to(&buffer[..length], from);
        }
    });
}

fn serve(mut stream: TcpStream, greeting: &str) {
    let _ = stream.write_all(greeting.as_bytes());
    let mut asked = [0; 1024];
    if matches!(stream.read(&mut asked), Ok(length) if length > 0) && greeting.is_empty() {
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
}

#[test]
fn no_generated_command_line_is_unknown() {
    let folder = monitored::folder();
    let plugins = monitored::plugins(folder.path());
    let certificates = Certificates::new();
    let host = |name: &str, plan: &str, more: &str| {
        format!(
            "[[host]]\nname = \"{name}\"\naddress = \"127.0.0.1\"\nplan = \"{plan}\"\nos = \"centos\"\n{more}\n\
             services = [\"ftp\", \"ssh\", \"smtp\", \"dns\", \"http\", \"pop\", \"imap\", \"https\", \"mysql\", \"postgresql\"]\n\
             [host.service.dns]\nlookup = \"www.example.com\"\n"
        )
    };
    let text = format!(
        "[site]\nplugins = \"{}\"\n{}{}{}{}",
        plugins.display(),
        certificates.table(),
        host("core", "core2duo", ""),
        host("xeon", "corei5-xeon", "http_status = \"strict\""),
        host("layer", "core2duo", "http_layer = 4")
            + "authoritative = true\n[host.service.smtp]\nlayer = 4\n[host.service.ftp]\nwarning = \"4\"\ncritical = \"8\"\n",
    );
    let inventory = monitored::inventory(&text);
    let files = nagios::write(Policy::documented(), &inventory);
    let nagios = Nagios::of(&files, &plugins);
    nagios.is_clean();
    let network = Namespace::network();
    network.must(Command::new("ip").args(["link", "set", "lo", "up"]));
    network.inside(stubs);
    let agent = nrpe::write(Policy::documented(), &inventory);
    let _agent = Nrpe::start(&agent[0].text, &certificates, &network);
    let running = nagios.start(&network);
    let states = running.first_results();
    assert_eq!(states.len(), 3 * (1 + 1 + 10 + 3), "{states:?}");
    let unknown: Vec<_> = states.iter().filter(|(_, (state, _))| *state == 3).collect();
    let log = fs::read_to_string(nagios.path("nagios.log")).unwrap();
    assert!(unknown.is_empty(), "{unknown:#?}\n{log}");
    for name in ["core", "xeon", "layer"] {
        let of = |service: &str| states[&(name.to_owned(), service.to_owned())].clone();
        for service in ["", "ping-warning", "ssh", "pop"] {
            let (state, text) = of(service);
            assert_eq!(state, 0, "{name} {service}: {text}");
        }
    }
}
