//! Healthy, silent and missing targets, one of each kind for all checks.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, socket,
};

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What a healthy server says first, and to whatever it is told.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    pub(crate) greeting: &'static str,
    pub(crate) reply: &'static str,
    /// Whether it closes then, or when the client does.
    pub(crate) closes: bool,
}

pub(crate) const SSH: Manners =
    Manners { greeting: "SSH-2.0-OpenSSH_9.2p1\r\n", reply: "", closes: true };

pub(crate) const SMTP: Manners =
    Manners { greeting: "220 mail.example.test ESMTP\r\n", reply: "221 bye\r\n", closes: true };

/// What these servers do that do not close when they are left.
pub(crate) fn lingering(manners: Manners) -> Manners {
    Manners { closes: false, ..manners }
}

pub(crate) const HTTP: Manners = Manners {
    greeting: "",
    reply: "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n",
    closes: true,
};

/// A server of one of those kinds; it stops when it is dropped.
pub(crate) struct Healthy {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Healthy {
    pub(crate) fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind(HERE).expect("bind");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                thread::spawn(move || talk(client, manners));
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Healthy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // One more client, so that the thread looks.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Greets and answers once.
fn talk(mut client: TcpStream, manners: Manners) {
    let _ = client.set_read_timeout(Some(Duration::from_mins(1)));
    let _ = client.write_all(manners.greeting.as_bytes());
    let mut buffer = [0; 4096];
    let heard = matches!(client.read(&mut buffer), Ok(1..));
    let _ = client.write_all(manners.reply.as_bytes());
    while heard && !manners.closes && matches!(client.read(&mut buffer), Ok(1..)) {}
}

/// How a name server answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    /// With the address 192.0.2.1.
    Address,
    /// That there is no such name.
    NoName,
    /// Not at all.
    Nothing,
}

/// A name server; it stops when it is dropped.
pub(crate) struct NameServer {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    pub(crate) fn start(port: u16, answer: Answer) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("bind");
        let address = socket.local_addr().expect("an address");
        let thread = thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((count @ 1.., client)) = socket.recv_from(&mut buffer) {
                if let Some(reply) = reply(&buffer[..count], answer) {
                    let _ = socket.send_to(&reply, client);
                }
            }
        });
        Self { address, thread: Some(thread) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        // An empty datagram ends the thread; it is sent to the server's own network by its own kind of socket.
        let sent = UdpSocket::bind(HERE).and_then(|socket| socket.send_to(&[], self.address));
        if sent.is_ok() {
            let _ = self.thread.take().map(JoinHandle::join);
        }
    }
}

/// The reply to a query with one question. Source: RFC 1035, section 4.1.
fn reply(query: &[u8], answer: Answer) -> Option<Vec<u8>> {
    let name = query.get(12..)?.iter().position(|byte| *byte == 0)?;
    let question = query.get(12..12 + name + 5)?;
    let is_a = question.get(name + 1..name + 3)? == [0, 1];
    let (code, count) = match answer {
        Answer::Nothing => return None,
        Answer::NoName => (3, 0),
        Answer::Address => (0, u8::from(is_a)),
    };
    let mut reply = query.get(..2)?.to_vec();
    reply.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(question);
    if count > 0 {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    }
    Some(reply)
}

/// A port whose queue of connections is full: who connects hears nothing.
pub(crate) struct Deaf {
    port: u16,
    _sockets: Vec<std::os::fd::OwnedFd>,
}

impl Deaf {
    pub(crate) fn start() -> Self {
        let make =
            |flags| socket(AddressFamily::Inet, SockType::Stream, flags, None).expect("socket");
        let own = make(SockFlag::SOCK_CLOEXEC);
        let fd = std::os::fd::AsRawFd::as_raw_fd(&own);
        bind(fd, &SockaddrIn::new(127, 0, 0, 1, 0)).expect("bind");
        listen(&own, Backlog::new(0).expect("none")).expect("listen");
        let address: SockaddrIn = getsockname(fd).expect("an address");
        let mut sockets = vec![own];
        // The first fills the queue; what follows shows that it is full.
        for _ in 0..2 {
            let client = make(SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK);
            let _ = nix::sys::socket::connect(std::os::fd::AsRawFd::as_raw_fd(&client), &address);
            sockets.push(client);
        }
        Self { port: address.port(), _sockets: sockets }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// A port that nobody listens on. It stays bound, so that nobody else gets it.
pub(crate) struct Closed {
    port: u16,
    _socket: std::os::fd::OwnedFd,
}

impl Closed {
    pub(crate) fn new(kind: SockType) -> Self {
        let own = socket(AddressFamily::Inet, kind, SockFlag::SOCK_CLOEXEC, None).expect("socket");
        let fd = std::os::fd::AsRawFd::as_raw_fd(&own);
        bind(fd, &SockaddrIn::new(127, 0, 0, 1, 0)).expect("bind");
        let address: SockaddrIn = getsockname(fd).expect("an address");
        if kind == SockType::Datagram {
            // A bound datagram socket takes what comes, unless it is connected to somebody else.
            nix::sys::socket::connect(fd, &SockaddrIn::new(127, 0, 0, 1, 9)).expect("connect");
        }
        Self { port: address.port(), _socket: own }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}
