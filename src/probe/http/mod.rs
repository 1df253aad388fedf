//! One HTTP request over one connection: the answer, and its body as far as it is wanted.
//!
//! The answer is the whole head: a status line and its headers. Its time is when the head was complete. The body is read
//! afterwards, bounded in bytes and by the deadline, and what becomes of it is told apart from the answer.

mod buffer;
mod head;
mod url;
mod wire;

use std::io::{self, Read};
use std::time::Duration;

use anyhow::Context;
use ureq::http::request::Builder;
use ureq::http::{Method, Request as Prepared, Response};
use ureq::{Agent, Body};

pub use head::Head;
pub use ureq::http::Version;
pub use url::{Scheme, Url};

use super::{Channel, Fault, Peer, Trouble};
use wire::{HEAD_LIMIT, Ledger, Nowhere, Ready, Wire};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET` or another method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The version that is claimed.
    pub version: Version,
    /// All headers but those that belong to the body.
    pub headers: Vec<(String, String)>,
    /// What is sent behind the headers.
    pub body: Option<String>,
}

impl Request {
    /// Whether it can be sent at all.
    ///
    /// # Errors
    /// A method, path or header that HTTP can not carry.
    pub fn verified(&self) -> anyhow::Result<()> {
        let method = Method::from_bytes(self.method.as_bytes());
        anyhow::ensure!(
            method.is_ok_and(|it| it != Method::CONNECT),
            "method {:?} can not be used",
            self.method
        );
        self.builder().body(()).map(drop).with_context(|| {
            format!("{} {:?} can not be sent with these headers", self.method, self.path)
        })
    }

    fn builder(&self) -> Builder {
        // The authority is for ureq alone; the connection is made, and the Host header is among ours.
        let builder = Prepared::builder()
            .method(Method::from_bytes(self.method.as_bytes()).unwrap_or_default())
            .uri(format!("http://host{}", self.path))
            .version(self.version);
        self.headers.iter().fold(builder, |builder, (name, value)| {
            ureq_proto::client::header_raw(builder, name, value.as_bytes())
        })
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status line and headers.
    pub head: Head,
    /// When it was complete.
    pub after: Duration,
    body: Option<Body>,
    ledger: Ledger,
}

/// What is done with a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// It is not waited for.
    Nothing,
    /// Its length counts, up to a limit of bytes.
    Length(u64),
    /// It is kept, up to a limit of bytes.
    All(u64),
}

/// How reading a body ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// All of it came, or none was waited for.
    Complete,
    /// The head is an answer, but breaks the grammar: nobody knows where a body begins and ends.
    Unread,
    /// More came than was wanted.
    Limit,
    /// The time limit passed.
    Late,
    /// It was cut short, or is not coded as announced.
    Broken,
}

/// A body, as far as it came.
#[derive(Debug)]
pub struct Page {
    /// Its bytes, where they were wanted.
    pub body: Vec<u8>,
    /// Bytes of head and body on the wire.
    pub size: u64,
    /// How reading ended.
    pub end: End,
}

/// When things happened, since the deadline began.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The request was sent.
    pub sent: Duration,
    /// The first byte came.
    pub first_byte: Option<Duration>,
}

/// Sends a request and waits for the answer.
///
/// # Errors
/// The target was silent, closed, or sent a head without end; or the request can not be sent.
pub fn ask(channel: Channel, request: &Request) -> Result<Answer, Trouble> {
    let (target, deadline) = (channel.target(), channel.deadline().clone());
    let ledger = Ledger::default();
    let error = match run(Wire::new(channel, &ledger), request) {
        Ok(response) => return answer(Some(response.into_body()), ledger),
        Err(error) => error,
    };
    let late = matches!(&error, ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut);
    let interim = ledger.open().head.is_some();
    // To a request of HTTP/1.0 nothing is interim (RFC 9110, section 15.2): what came is the answer.
    if interim && (!late || request.version == Version::HTTP_10) {
        return answer(None, ledger);
    }
    if let ureq::Error::Io(error) = error {
        return Err(Trouble::from_io(error, &deadline, &target));
    }
    if let ureq::Error::LargeResponseHeader(..) = error {
        let text = format!("HTTP headers from {target} do not end within {HEAD_LIMIT} bytes");
        return Err(Fault::Garbled(text).into());
    }
    Err(anyhow::Error::new(error).context("cannot send the HTTP request").into())
}

fn answer(body: Option<Body>, ledger: Ledger) -> Result<Answer, Trouble> {
    let noted = ledger.open().head.take();
    let (head, after) = noted.context("an answer without a head")?;
    Ok(Answer { head, after, body, ledger })
}

fn run(wire: Wire, request: &Request) -> Result<Response<Body>, ureq::Error> {
    let config = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent("")
        .accept("")
        .accept_encoding("")
        .allow_non_standard_methods(true)
        .max_response_header_size(HEAD_LIMIT)
        .build();
    let agent = Agent::with_parts(config, Ready::new(wire), Nowhere);
    match &request.body {
        None => agent.run(request.builder().body(())?),
        Some(body) => agent.run(request.builder().body(body)?),
    }
}

impl Answer {
    /// When things happened.
    pub fn times(&self) -> Times {
        let traffic = self.ledger.open();
        Times { sent: traffic.sent, first_byte: traffic.first_byte }
    }

    /// Reads the body as far as it is wanted. Nothing that becomes of it is an error: the page tells.
    pub fn page(&mut self, wanted: Wanted) -> Page {
        let mut body = Vec::new();
        let end = match (self.body.take(), wanted) {
            (_, Wanted::Nothing) => End::Complete,
            (None, _) => End::Unread,
            (Some(reader), Wanted::Length(limit)) => drain(reader, limit, |_| {}),
            (Some(reader), Wanted::All(limit)) => {
                drain(reader, limit, |bytes| body.extend_from_slice(bytes))
            }
        };
        Page { body, size: self.ledger.open().received, end }
    }
}

/// Reads to the end or the limit.
fn drain(body: Body, limit: u64, mut keep: impl FnMut(&[u8])) -> End {
    let mut reader = body.into_reader();
    let mut buffer = [0; 8 * 1024];
    let mut read = 0;
    while read <= limit {
        match reader.read(&mut buffer) {
            Ok(0) => return End::Complete,
            Ok(count) => {
                read += count as u64;
                keep(buffer.get(..count).unwrap_or_default());
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return End::Late,
            Err(_) => return End::Broken,
        }
    }
    End::Limit
}
