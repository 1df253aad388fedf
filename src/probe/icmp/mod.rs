//! Echo round trips: packets out at an interval, replies in, and a limit for each.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::tcp::{Family, resolve};
use super::{Fault, Trouble};
use crate::deadline::{Deadline, Phase};

mod complaint;
mod packet;
mod round;
mod socket;

pub use complaint::Complaint;
use round::Round;
pub use socket::Kind;
use socket::Socket;

/// What is sent, and how long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// How many packets.
    pub packets: u16,
    /// From one packet to the next.
    pub interval: Duration,
    /// Bytes of payload.
    pub size: usize,
    /// How long after its sending a packet's reply counts.
    pub patience: Duration,
    /// An address of ours to send from.
    pub source: Option<IpAddr>,
}

impl Request {
    /// From the first packet to the last.
    pub fn duration(&self) -> Duration {
        self.interval * u32::from(self.packets.saturating_sub(1))
    }
}

/// What came back from one address.
#[derive(Clone, Debug)]
pub struct Echoes {
    /// The address that was asked.
    pub address: IpAddr,
    /// For each packet its round trip; `None` when it is lost.
    pub round_trips: Vec<Option<Duration>>,
    /// Different ICMP errors about packets of ours, in the order of their arrival.
    pub complaints: Vec<Complaint>,
    /// Replies to a packet that already had one.
    pub duplicates: u32,
    /// Replies later than the limit.
    pub late: u32,
    /// Replies that belong to no packet of ours, or whose payload is not the one that was sent.
    pub foreign: u32,
    /// What the packets left by.
    pub socket: Kind,
}

impl Echoes {
    /// Round trips of the packets that were answered.
    pub fn answered(&self) -> impl Iterator<Item = Duration> + '_ {
        self.round_trips.iter().copied().flatten()
    }
}

/// Asks the addresses of a name in their order, until one of them answers at least one packet or the time is over.
///
/// # Errors
/// The name does not resolve in time (the target's fault); no permission to ping, or no route from here (ours).
pub fn reach(
    host: &str,
    family: Family,
    request: &Request,
    deadline: &Deadline,
) -> Result<Echoes, Trouble> {
    let mut addresses = resolve(host, 0, family, deadline)?;
    if let Some(source) = request.source {
        addresses.retain(|address| address.is_ipv4() == source.is_ipv4());
    }
    let mut best = Err(Fault::Unresolved(host.to_owned()).into());
    for address in addresses {
        // The first one gets whatever time the resolver has left; another one is asked only where its reply can be waited for.
        let needed =
            request.duration() + if best.is_ok() { request.patience } else { Duration::ZERO };
        if deadline.left() <= needed {
            break;
        }
        match echo(address, request, deadline) {
            Ok(echoes) if echoes.answered().next().is_some() => return Ok(echoes),
            Ok(echoes) => best = Ok(echoes),
            // An address that was asked outranks a family that this machine has no route for.
            Err(trouble) if best.is_err() => best = Err(trouble),
            Err(_) => {}
        }
    }
    match best {
        Err(Trouble::Target(Fault::Unresolved(target)))
            if deadline.left() <= request.duration() =>
        {
            Err(Fault::Silent { phase: Phase::Resolve, target, waited: deadline.elapsed() }.into())
        }
        best => best,
    }
}

/// Asks one address.
///
/// # Errors
/// What kept us from asking.
fn echo(target: SocketAddr, request: &Request, deadline: &Deadline) -> Result<Echoes, Trouble> {
    let seed = RandomState::new().build_hasher().finish();
    let [high, low, ..] = seed.to_be_bytes();
    let mut socket = Socket::open(target, request.size, u16::from_be_bytes([high, low]))?;
    if let Some(source) = request.source {
        socket.bind(source)?;
    }
    let connected = socket.connect(target);
    let mut round = Round::new(target.ip(), socket, *request, seed);
    deadline.enter(Phase::Send);
    match connected {
        Ok(()) => round.run(deadline)?,
        Err(error) => round.unsent(error)?,
    }
    let echoes = round.finished();
    if echoes.round_trips.is_empty() {
        let target = target.ip().to_string();
        let waited = deadline.elapsed();
        return Err(Fault::Silent { phase: Phase::Send, target, waited }.into());
    }
    Ok(echoes)
}
