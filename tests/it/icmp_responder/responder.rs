//! The thread that answers: it sees every echo request by a raw socket and sends each answer at its
//! moment.
//!
//! A round trip is counted from the kernel's time of arrival, so it does not matter when the thread
//! gets to read the request.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{IoSliceMut, PipeReader, PipeWriter};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::in6_pktinfo;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SetSockOpt, SockFlag, SockProtocol, SockType,
    SockaddrStorage, recvmsg, sendto, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};

use super::packet::Request;
use super::profile::Profile;
use crate::namespace::{Namespace, prefer_this_thread};

/// The last part of a wait is spent awake, because waking up takes a time of its own. It is short,
/// because meanwhile this processor does little else, not even the work of the network.
const AWAKE: Duration = Duration::from_micros(600);

/// A request and its moment of arrival.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// What was asked.
    pub(crate) request: Request,
    /// When, since the epoch, by the kernel's clock.
    pub(crate) at: Duration,
}

/// An address with its profile and what it was asked since it was given that.
struct Host {
    profile: Profile,
    arrivals: Vec<Arrival>,
}

type Hosts = Arc<Mutex<HashMap<IpAddr, Host>>>;

/// The running thread; it ends when this is dropped.
pub(super) struct Responder {
    hosts: Hosts,
    lateness: Arc<AtomicU64>,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    /// Starts answering in `network`; echo requests that arrive from now on are seen.
    pub(super) fn start(network: &Arc<Namespace>) -> Self {
        let hosts = Hosts::default();
        let (stopped, stop) = std::io::pipe().expect("cannot make a pipe");
        let (ready, started) = mpsc::channel();
        let (network, seen) = (Arc::clone(network), Arc::clone(&hosts));
        let lateness = Arc::new(AtomicU64::new(0));
        let late = Arc::clone(&lateness);
        let thread = thread::spawn(move || {
            network.enter();
            prefer_this_thread(50);
            let mut answering = Answering::open(seen, late);
            ready.send(()).expect("the test waits for the responder");
            answering.until(&stopped);
        });
        started.recv().expect("the responder did not start");
        Self { hosts, lateness, stop: Some(stop), thread: Some(thread) }
    }

    /// Gives an address a profile and starts its count again at 0.
    pub(super) fn set(&self, address: IpAddr, profile: Profile) {
        locked(&self.hosts).insert(address, Host { profile, arrivals: Vec::new() });
    }

    /// How much too late an answer has left, at worst, since this was asked before.
    pub(super) fn take_lateness(&self) -> Duration {
        Duration::from_micros(self.lateness.swap(0, Ordering::Relaxed))
    }

    /// What the address was asked since it was given its profile.
    pub(super) fn arrivals(&self, address: IpAddr) -> Vec<Arrival> {
        locked(&self.hosts).get(&address).map(|host| host.arrivals.clone()).unwrap_or_default()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // The thread sees its end of the pipe closed.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has already been printed.
            let _ = thread.join();
        }
    }
}

fn locked(hosts: &Hosts) -> MutexGuard<'_, HashMap<IpAddr, Host>> {
    hosts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer and its moment since the epoch; the earliest, and of those the first made, leaves
/// first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    at: Duration,
    number: usize,
    asker: IpAddr,
    packet: Vec<u8>,
}

struct Answering {
    hosts: Hosts,
    lateness: Arc<AtomicU64>,
    sockets: [OwnedFd; 2],
    senders: [OwnedFd; 2],
    waiting: BinaryHeap<Reverse<Waiting>>,
    made: usize,
}

impl Answering {
    fn open(hosts: Hosts, lateness: Arc<AtomicU64>) -> Self {
        let families = [
            (AddressFamily::Inet, SockProtocol::Icmp),
            (AddressFamily::Inet6, SockProtocol::IcmpV6),
        ];
        let sockets = families.map(|(family, protocol)| raw(family, protocol));
        for socket in &sockets {
            set(socket, sockopt::RcvBufForce, &(4 << 20));
            set(socket, sockopt::ReceiveTimestampns, &true);
        }
        set(&sockets[1], sockopt::Ipv6RecvPacketInfo, &true);
        // Sockets of this protocol take packets with their IP header, from any source.
        let senders = families.map(|(family, _)| raw(family, SockProtocol::Raw));
        Self { hosts, lateness, sockets, senders, waiting: BinaryHeap::new(), made: 0 }
    }

    fn until(&mut self, stopped: &PipeReader) {
        loop {
            let wait = self.waiting.peek().map(|Reverse(next)| next.at.saturating_sub(now()));
            if wait.is_some_and(|wait| wait <= AWAKE) {
                self.send_next();
                continue;
            }
            let mut events = [self.sockets[0].as_fd(), self.sockets[1].as_fd(), stopped.as_fd()]
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            match ppoll(
                &mut events,
                wait.map(|wait| TimeSpec::from(wait.saturating_sub(AWAKE))),
                None,
            ) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => panic!("cannot wait for packets: {error}"),
            }
            if events[2].any() == Some(true) {
                return;
            }
            self.drain();
        }
    }

    /// Takes everything that has arrived.
    fn drain(&mut self) {
        for socket in 0..self.sockets.len() {
            loop {
                match receive(&self.sockets[socket]) {
                    Ok(Some(arrival)) => self.take(arrival),
                    Ok(None) => {}
                    Err(Errno::EAGAIN) => break,
                    Err(error) => panic!("cannot receive: {error}"),
                }
            }
        }
    }

    /// Counts what arrived and puts its answers in line.
    fn take(&mut self, arrival: Arrival) {
        let request = arrival.request.clone();
        let mut hosts = locked(&self.hosts);
        let Some(host) = hosts.get_mut(&request.target) else { return };
        for due in host.profile.due(host.arrivals.len()) {
            let packet = request.answered(due.fault, due.source.unwrap_or(request.target));
            self.waiting.push(Reverse(Waiting {
                at: arrival.at + due.after,
                number: self.made,
                asker: request.asker,
                packet,
            }));
            self.made += 1;
        }
        host.arrivals.push(arrival);
    }

    fn send_next(&mut self) {
        let Some(Reverse(next)) = self.waiting.pop() else { return };
        while now() < next.at {
            std::hint::spin_loop();
        }
        let sender = &self.senders[usize::from(next.asker.is_ipv6())];
        let asker = SockaddrStorage::from(SocketAddr::new(next.asker, 0));
        sendto(sender.as_raw_fd(), &next.packet, &asker, MsgFlags::empty())
            .expect("cannot send an answer");
        let late = now().saturating_sub(next.at).as_micros();
        self.lateness.fetch_max(late.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn raw(family: AddressFamily, protocol: SockProtocol) -> OwnedFd {
    socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
        .expect("cannot open a raw socket")
}

fn set<O: SetSockOpt>(socket: &OwnedFd, option: O, value: &O::Val) {
    setsockopt(socket, option, value).expect("cannot set an option of a raw socket");
}

/// The next packet; `None` when it is no echo request, EAGAIN when there is none.
fn receive(socket: &OwnedFd) -> nix::Result<Option<Arrival>> {
    let mut bytes = vec![0; 1 << 16];
    let mut control = nix::cmsg_space!(TimeSpec, in6_pktinfo);
    let mut parts = [IoSliceMut::new(&mut bytes)];
    let flags = MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let (mut at, mut target) = (now(), None);
    for part in message.cmsgs().expect("the control messages fit") {
        if let ControlMessageOwned::ScmTimestampns(time) = part {
            at = Duration::from(time);
        } else if let ControlMessageOwned::Ipv6PacketInfo(info) = part {
            target = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr));
        }
    }
    let (length, asker) = (
        message.bytes,
        message
            .address
            .and_then(|address| address.as_sockaddr_in6().map(nix::sys::socket::SockaddrIn6::ip)),
    );
    let request = match (asker, target) {
        (Some(asker), Some(target)) => Request::from_v6(&bytes[..length], asker, target),
        _ => Request::from_v4(&bytes[..length]),
    };
    Ok(request.map(|request| Arrival { request, at }))
}

fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_REALTIME).expect("the clock can be read").into()
}
