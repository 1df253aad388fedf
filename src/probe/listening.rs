//! Which local addresses accept connections, from the kernel's socket tables.

use std::fs;
use std::io::Cursor;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use procfs_core::net::{TcpNetEntries, TcpState, UdpNetEntries, UdpState};
use procfs_core::{ExplicitSystemInfo, FromReadSI};

/// Sockets that wait for others.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// TCP listeners.
    pub tcp: Vec<SocketAddr>,
    /// UDP sockets that are not connected.
    pub udp: Vec<SocketAddr>,
}

/// A socket that waits for others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Socket {
    /// Its transport.
    pub transport: Transport,
    /// Where it waits.
    pub address: SocketAddr,
    /// The number by which the kernel names it, also among the descriptors of a process.
    pub inode: u64,
}

/// A transport.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Reads the socket tables of this network namespace. A family that the kernel does not have is no error.
///
/// # Errors
/// A table can not be read, or not be understood.
pub fn read() -> Result<Listening> {
    let mut listening = Listening::default();
    for socket in sockets()? {
        match socket.transport {
            Transport::Tcp => listening.tcp.push(socket.address),
            Transport::Udp => listening.udp.push(socket.address),
        }
    }
    Ok(listening)
}

/// The same, socket by socket.
///
/// # Errors
/// As [`read`].
pub fn sockets() -> Result<Vec<Socket>> {
    let mut sockets = Vec::new();
    for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let Some(TcpNetEntries(entries)) = table(path)? else { continue };
        let waiting = entries.into_iter().filter(|entry| entry.state == TcpState::Listen);
        sockets.extend(waiting.map(|entry| Socket {
            transport: Transport::Tcp,
            address: entry.local_address,
            inode: entry.inode,
        }));
    }
    for path in ["/proc/net/udp", "/proc/net/udp6"] {
        let Some(UdpNetEntries(entries)) = table(path)? else { continue };
        let waiting = entries.into_iter().filter(|entry| entry.state == UdpState::Close);
        sockets.extend(waiting.map(|entry| Socket {
            transport: Transport::Udp,
            address: entry.local_address,
            inode: entry.inode,
        }));
    }
    Ok(sockets)
}

fn table<T: FromReadSI>(path: &str) -> Result<Option<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
    };
    let system = ExplicitSystemInfo {
        boot_time_secs: 0,
        ticks_per_second: 0,
        page_size: 0,
        is_little_endian: cfg!(target_endian = "little"),
    };
    T::from_read(Cursor::new(bytes), &system)
        .map(Some)
        .with_context(|| format!("cannot understand {path}"))
}
