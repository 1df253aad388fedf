//! A first conversation with a daemon that ends as the protocol wants it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// Connects, reads a greeting of one line, says goodbye and hears the rest.
pub(super) fn after_greeting(port: u16, goodbye: &[u8]) -> Result<(), String> {
    let mut reader = BufReader::new(connect(port)?);
    let mut greeting = String::new();
    reader
        .read_line(&mut greeting)
        .map_err(|error| format!("port {port} sends no greeting: {error}"))?;
    if greeting.is_empty() {
        return Err(format!("port {port} closes without a greeting"));
    }
    say(reader.get_mut(), port, goodbye)?;
    hear(&mut reader, port).map(drop)
}

/// Connects, asks and returns the whole answer.
pub(super) fn ask(port: u16, question: &[u8]) -> Result<Vec<u8>, String> {
    let mut stream = connect(port)?;
    say(&mut stream, port, question)?;
    hear(&mut stream, port)
}

/// Connects, asks and returns the first byte of the answer.
pub(super) fn first_byte(port: u16, question: &[u8]) -> Result<u8, String> {
    let mut stream = connect(port)?;
    say(&mut stream, port, question)?;
    let mut byte = [0];
    stream
        .read_exact(&mut byte)
        .map_err(|error| format!("port {port} does not answer: {error}"))?;
    Ok(byte[0])
}

fn connect(port: u16) -> Result<TcpStream, String> {
    let prepared = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).and_then(|stream| {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        Ok(stream)
    });
    prepared.map_err(|error| format!("cannot connect to port {port}: {error}"))
}

fn say(stream: &mut TcpStream, port: u16, bytes: &[u8]) -> Result<(), String> {
    stream.write_all(bytes).map_err(|error| format!("cannot write to port {port}: {error}"))
}

fn hear(stream: &mut impl Read, port: u16) -> Result<Vec<u8>, String> {
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .map_err(|error| format!("port {port} does not close: {error}"))?;
    Ok(answer)
}
