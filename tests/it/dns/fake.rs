//! Name servers that lie, stall or flood: what they send is written byte by byte.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Flags of a usual answer: response, recursion desired and available.
pub(crate) const USUAL: u16 = 0x8180;
/// Authoritative answer.
pub(crate) const AA: u16 = 0x0400;
/// Truncated.
pub(crate) const TC: u16 = 0x0200;
/// Recursion available.
pub(crate) const RA: u16 = 0x0080;

/// One datagram that is due for a query.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) after: Duration,
    pub(crate) bytes: Vec<u8>,
    pub(crate) stranger: bool,
}

/// A datagram at once.
pub(crate) fn now(bytes: Vec<u8>) -> Due {
    Due { after: Duration::ZERO, bytes, stranger: false }
}

/// A datagram after some milliseconds.
pub(crate) fn later(milliseconds: u64, bytes: Vec<u8>) -> Due {
    Due { after: Duration::from_millis(milliseconds), ..now(bytes) }
}

/// A record: owner, type, data.
pub(crate) type Record = (Vec<u8>, u16, Vec<u8>);

/// An A record of the name that was asked for.
pub(crate) fn a(last: u8) -> Record {
    (vec![0xc0, 12], 1, vec![192, 0, 2, last])
}

/// A name as it stands in a message.
pub(crate) fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).expect("a short label"));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// The answer to a query.
pub(crate) fn answer(query: &[u8], flags: u16, records: &[Record]) -> Vec<u8> {
    let count = u16::try_from(records.len()).expect("few records").to_be_bytes();
    let head = [&query[..2], &flags.to_be_bytes(), &[0, 1], &count, &[0; 4]].concat();
    let mut bytes = [&head[..], question(query)].concat();
    for (owner, kind, data) in records {
        let length = u16::try_from(data.len()).expect("short data").to_be_bytes();
        let fixed = [&kind.to_be_bytes()[..], &[0, 1, 0, 0, 0, 60], &length].concat();
        bytes.extend([&owner[..], &fixed, data].concat());
    }
    bytes
}

/// The question of a query, with type and class.
pub(crate) fn question(query: &[u8]) -> &[u8] {
    let mut end = 12;
    while query[end] != 0 {
        end += 1 + usize::from(query[end]);
    }
    &query[12..end + 5]
}

/// Whether a query says that it understands EDNS: one additional record.
pub(crate) fn has_edns(query: &[u8]) -> bool {
    query[11] == 1
}

/// What a server does about TCP.
pub(crate) enum Stream {
    /// Nobody listens.
    Refused,
    /// Connections are taken, and nothing is said.
    Silent,
    /// The bytes for a query, with their length.
    Says(fn(&[u8]) -> Vec<u8>),
}

/// A name server on 127.0.0.1, gone when it is dropped.
pub(crate) struct Fake {
    address: SocketAddr,
    queries: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
}

impl Fake {
    /// Answers the query of each number (from 0) with these datagrams.
    pub(crate) fn udp(behaviour: impl Fn(&[u8], usize) -> Vec<Due> + Send + 'static) -> Self {
        Self::both(behaviour, &Stream::Refused)
    }

    /// The same, and something over TCP.
    pub(crate) fn both(
        behaviour: impl Fn(&[u8], usize) -> Vec<Due> + Send + 'static,
        stream: &Stream,
    ) -> Self {
        let (listener, socket) = pair();
        let address = socket.local_addr().expect("it has an address");
        let (queries, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        match *stream {
            Stream::Refused => drop(listener),
            Stream::Silent => {
                let stop = Arc::clone(&stop);
                thread::spawn(move || serve(&listener, &stop, |_| None));
            }
            Stream::Says(says) => {
                let stop = Arc::clone(&stop);
                thread::spawn(move || serve(&listener, &stop, |query| Some(says(query))));
            }
        }
        let (seen, ended) = (Arc::clone(&queries), Arc::clone(&stop));
        thread::spawn(move || answering(&socket, &seen, &ended, behaviour));
        Self { address, queries, stop }
    }

    /// Takes every datagram and says nothing.
    pub(crate) fn silent() -> Self {
        Self::udp(|_, _| Vec::new())
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// Every query so far.
    pub(crate) fn queries(&self) -> Vec<Vec<u8>> {
        self.queries.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Both threads wait for something to arrive; whether it still can does not matter.
        let waker = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        let _ = waker.send_to(&[], self.address);
        let _ = TcpStream::connect(self.address);
    }
}

/// Both kinds of socket on one port.
fn pair() -> (TcpListener, UdpSocket) {
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        match UdpSocket::bind(address) {
            Ok(socket) => return (listener, socket),
            Err(error) => {
                assert!(TRIES.fetch_add(1, Ordering::Relaxed) < 1000, "no port is free: {error}");
            }
        }
    }
}

fn answering(
    socket: &UdpSocket,
    queries: &Mutex<Vec<Vec<u8>>>,
    stop: &AtomicBool,
    behaviour: impl Fn(&[u8], usize) -> Vec<Due>,
) {
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let mut waiting: VecDeque<(Instant, SocketAddr, Due)> = VecDeque::new();
    let mut buffer = [0; 4096];
    while !stop.load(Ordering::SeqCst) {
        waiting.make_contiguous().sort_by_key(|(at, _, _)| *at);
        let wait = waiting.front().map(|(at, _, _)| at.saturating_duration_since(Instant::now()));
        if wait.is_some_and(|wait| wait.is_zero()) {
            let Some((_, peer, due)) = waiting.pop_front() else { continue };
            let from = if due.stranger { &stranger } else { socket };
            // The check may have ended.
            let _ = from.send_to(&due.bytes, peer);
            continue;
        }
        let wait = wait.map(|wait| wait.max(Duration::from_micros(100)));
        socket.set_read_timeout(wait).expect("a limit");
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else { continue };
        if length < 17 {
            continue;
        }
        let query = buffer[..length].to_vec();
        let mut seen = queries.lock().expect("nobody panics with it");
        for due in behaviour(&query, seen.len()) {
            waiting.push_back((Instant::now() + due.after, peer, due));
        }
        seen.push(query);
    }
}

fn serve(listener: &TcpListener, stop: &AtomicBool, says: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut held = Vec::new();
    while let Ok((mut stream, _)) = listener.accept() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let mut length = [0; 2];
        if stream.read_exact(&mut length).is_err() {
            continue;
        }
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        if stream.read_exact(&mut query).is_err() {
            continue;
        }
        match says(&query) {
            // The check may have closed.
            Some(bytes) => drop(stream.write_all(&bytes)),
            None => held.push(stream),
        }
    }
}

/// A message behind its length.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("a message fits").to_be_bytes();
    [&length[..], message].concat()
}
