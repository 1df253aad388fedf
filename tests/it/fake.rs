//! Servers that lie, stall, drip and flood, each on a port of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

mod backlog;
mod tls;

pub(crate) use backlog::FullBacklog;
pub(crate) use tls::{Identity, starttls};

/// Longer than any check waits: an end for servers whose client never goes.
const END: Duration = Duration::from_secs(30);

/// A server that does the same with each connection, until it is dropped.
pub(crate) struct Fake {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Fake {
    /// On 127.0.0.1.
    pub(crate) fn new(act: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), act)
    }

    /// On an address of this machine.
    pub(crate) fn at(address: IpAddr, act: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let over = Arc::new(AtomicBool::new(false));
        let (told, act) = (Arc::clone(&over), Arc::new(act));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if told.load(Ordering::SeqCst) {
                    break;
                }
                let act = Arc::clone(&act);
                thread::spawn(move || act(stream));
            }
        });
        Self { address, over }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `-p` and the port.
    pub(crate) fn args(&self) -> [String; 4] {
        ["-H".into(), self.address.ip().to_string(), "-p".into(), self.port().to_string()]
    }

    /// Says something, then holds the connection.
    pub(crate) fn saying(text: impl Into<Vec<u8>>) -> Self {
        Self::late(Duration::ZERO, text)
    }

    /// Says something after a time, then holds the connection.
    pub(crate) fn late(time: Duration, text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self::new(move |mut stream| {
            wait(time);
            say(&mut stream, &text);
            hold(stream);
        })
    }

    /// Waits for the client's first bytes, then answers after a time.
    pub(crate) fn asked(time: Duration, text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self::new(move |mut stream| {
            let _ = stream.read(&mut [0; 1024]);
            wait(time);
            say(&mut stream, &text);
            hold(stream);
        })
    }

    /// Accepts and never says anything.
    pub(crate) fn silent() -> Self {
        Self::new(hold)
    }

    /// Says something and closes.
    pub(crate) fn closing(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self::new(move |mut stream| say(&mut stream, &text))
    }

    /// Says something and resets the connection.
    pub(crate) fn resetting(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self::new(move |mut stream| {
            say(&mut stream, &text);
            if !text.is_empty() {
                // A reset overtakes what the client has not read yet.
                wait(Duration::from_millis(300));
            }
            let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
            setsockopt(&stream, sockopt::Linger, &at_once).expect("SO_LINGER");
        })
    }

    /// Says one byte a second, then holds the connection.
    pub(crate) fn dripping(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self::new(move |mut stream| {
            let _ = stream.set_nodelay(true);
            for byte in &text {
                say(&mut stream, &[*byte]);
                wait(Duration::from_secs(1));
            }
            hold(stream);
        })
    }

    /// Says something over and over, without an end.
    pub(crate) fn flooding(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into().repeat(1000);
        Self::new(move |mut stream| while stream.write_all(&text).is_ok() {})
    }

    /// Greets, then answers each line of the client by the first reply whose command it begins with.
    pub(crate) fn conversing(greeting: &str, replies: &[(&str, &str)]) -> Self {
        let greeting = greeting.to_owned();
        let replies: Vec<_> =
            replies.iter().map(|(it, reply)| ((*it).to_owned(), (*reply).to_owned())).collect();
        Self::new(move |mut stream| {
            say(&mut stream, greeting.as_bytes());
            converse(&mut stream, &replies);
        })
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // A connection of ours wakes the thread up.
        let _ = TcpStream::connect(self.address);
    }
}

/// Answers lines until the client goes, or until a reply is empty: then the connection is the caller's again.
pub(crate) fn converse(stream: &mut (impl Read + Write), replies: &[(String, String)]) {
    while let Some(line) = read_line(stream) {
        let found = replies.iter().find(|(command, _)| line.starts_with(command.as_bytes()));
        let reply = found.map_or("500 unknown\r\n", |(_, reply)| reply);
        if reply.is_empty() || stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
        if line.starts_with(b"QUIT") || line.starts_with(b"STARTTLS") {
            return;
        }
    }
}

fn read_line(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(1) if byte[0] == b'\n' => return Some(line),
            Ok(1) => line.push(byte[0]),
            Ok(_) | Err(_) => return None,
        }
    }
}

/// Lets time pass: being late is what such a server is for.
pub(crate) fn wait(time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|it| !it.is_zero()) {
        thread::park_timeout(left);
    }
}

/// Says something to a client that may have gone.
pub(crate) fn say(stream: &mut impl Write, text: &[u8]) {
    let _ = stream.write_all(text);
}

/// Waits until the client goes.
pub(crate) fn hold(mut stream: TcpStream) {
    let _ = stream.set_read_timeout(Some(END));
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            Ok(_) | Err(_) => {}
        }
    }
}

/// A port on which nobody listens. It stays taken, so that no other test is given it.
pub(crate) struct Closed {
    socket: std::os::fd::OwnedFd,
}

impl Closed {
    pub(crate) fn new() -> Self {
        use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, socket};
        use std::os::fd::AsRawFd;
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Inet, SockType::Stream, flags, None).expect("a socket");
        bind(socket.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).expect("a free port");
        Self { socket }
    }

    pub(crate) fn port(&self) -> u16 {
        use nix::sys::socket::{SockaddrIn, getsockname};
        use std::os::fd::AsRawFd;
        getsockname::<SockaddrIn>(self.socket.as_raw_fd()).expect("a bound socket").port()
    }
}
