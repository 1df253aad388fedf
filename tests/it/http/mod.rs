//! `check_http_layer7`, from outside.

mod cells;
mod hostile;
mod options;
mod page;
mod real;
mod redirect;
mod tls;
mod wire;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::fake::{Fake, hold, say, wait};
use crate::run::{Ran, run};

const BINARY: &str = env!("CARGO_BIN_EXE_check_http_layer7");
const OK: &str = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Runs the check against a port of this machine.
fn check(port: u16, options: &[&str]) -> Ran {
    let port = port.to_string();
    let ran = run(BINARY, &[&["-H", "127.0.0.1", "-p", &port], options].concat());
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.ends_with('\n') && ran.first().matches('|').count() <= 1, "{}", ran.stdout);
    ran
}

/// Exit code and first line without performance data, with the port as PORT and each time as T.
fn verdict(port: u16, options: &[&str]) -> (i32, String) {
    let ran = check(port, options);
    let (code, text) = ran.verdict();
    (code, masked(text, port))
}

fn masked(text: &str, port: u16) -> String {
    let text = text.replace(&format!("port {port}"), "port PORT");
    let text = text.replace(&format!(":{port}"), ":PORT");
    let mut words: Vec<&str> = text.split(' ').collect();
    for at in 1..words.len() {
        let timed = words[at - 1] == "in" || words[at - 1] == "after";
        if timed && words[at].parse::<f64>().is_ok() {
            words[at] = "T";
        }
    }
    words.join(" ")
}

/// Labels of the performance data.
fn labels(ran: &Ran) -> Vec<&str> {
    let data = ran.first().split_once(" | ").map_or("", |(_, data)| data);
    data.split(' ').filter_map(|item| item.split_once('=').map(|(label, _)| label)).collect()
}

/// A value of the performance data, without its unit.
fn value(ran: &Ran, label: &str) -> f64 {
    let data = ran.first().split_once(" | ").expect("performance data").1;
    let item = data.split(' ').find_map(|item| item.strip_prefix(&format!("{label}=")));
    let item = item.unwrap_or_else(|| panic!("no {label} in {data}"));
    item.split(';').next().unwrap().trim_end_matches(['s', 'B']).parse().unwrap()
}

/// Reads a request up to its empty line.
fn request(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            Ok(_) | Err(_) => break,
        }
    }
    bytes
}

/// Answers each request by text after a time, then holds the connection if it is not to be closed.
fn answering(time: Duration, text: impl Into<Vec<u8>>) -> Fake {
    let text = text.into();
    Fake::new(move |mut stream| {
        request(&mut stream);
        wait(time);
        say(&mut stream, &text);
    })
}

/// Answers each request at once and closes.
fn page(text: impl Into<Vec<u8>>) -> Fake {
    answering(Duration::ZERO, text)
}

/// Answers each request at once and holds the connection.
fn holding(text: impl Into<Vec<u8>>) -> Fake {
    let text = text.into();
    Fake::new(move |mut stream| {
        request(&mut stream);
        say(&mut stream, &text);
        hold(stream);
    })
}

/// Answers by what a function makes of the request, and keeps the requests.
fn serving(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (Fake, Receiver<String>) {
    let (sender, requests) = channel();
    let sender = Mutex::new(sender);
    let fake = Fake::new(move |mut stream: TcpStream| {
        let asked = String::from_utf8_lossy(&request(&mut stream)).into_owned();
        let text = answer(&asked);
        let _ = sender.lock().unwrap_or_else(PoisonError::into_inner).send(asked);
        let _ = stream.write_all(text.as_bytes());
    });
    (fake, requests)
}
