//! Makes loopback connections look as if they came from another machine.
//!
//! A server that treats 127.0.0.1 as itself (`MariaDB` keeps no host cache for it) sees 127.0.0.2 as the client instead.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};

/// The address that the server behind the relay sees.
pub(crate) const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Passes connections on to a server, from [`SOURCE`], until it is dropped.
pub(crate) struct Relay {
    addr: SocketAddr,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Relay {
    pub(super) fn to(server: SocketAddr) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port of 127.0.0.1");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let accepting = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if told.load(Ordering::SeqCst) {
                    break;
                }
                // A server that refuses is shown by closing the client's connection.
                if let Ok(upstream) = connect_from_source(server) {
                    join(client, upstream);
                }
            }
        });
        Self { addr, over, accepting: Some(accepting) }
    }

    /// Where to connect instead of to the server.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The port of `addr()`.
    pub(crate) fn port(&self) -> u16 {
        self.addr.port()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // A connection of ours wakes the thread up.
        let woken = TcpStream::connect(self.addr).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ = accepting.join();
        }
    }
}

fn connect_from_source(server: SocketAddr) -> nix::Result<TcpStream> {
    let SocketAddr::V4(server) = server else { return Err(nix::Error::EAFNOSUPPORT) };
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let [a, b, c, d] = SOURCE.octets();
    bind(std::os::fd::AsRawFd::as_raw_fd(&fd), &SockaddrIn::new(a, b, c, d, 0))?;
    connect(std::os::fd::AsRawFd::as_raw_fd(&fd), &SockaddrIn::from(server))?;
    Ok(TcpStream::from(fd))
}

/// Copies both directions; the end of one is passed on as the end of that one alone.
fn join(client: TcpStream, upstream: TcpStream) {
    let (Ok(client_reader), Ok(upstream_reader)) = (client.try_clone(), upstream.try_clone())
    else {
        return;
    };
    thread::spawn(move || pump(client_reader, upstream));
    thread::spawn(move || pump(upstream_reader, client));
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
