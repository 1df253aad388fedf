//! One address: when its packets leave, which replies belong to them, and when nothing more is waited for.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use nix::errno::Errno;
use nix::poll::PollFlags;

use super::complaint::Complaint;
use super::socket::{Socket, Taken};
use super::{Echoes, Request};
use crate::deadline::{Deadline, Phase};
use crate::probe::Trouble;

/// Replies that are read in one go, so that a flood of them does not keep the next packet from leaving.
const BATCH: usize = 256;

/// A packet of ours.
#[derive(Clone, Copy, Debug)]
struct Packet {
    sent: Instant,
    took: Option<Duration>,
    refused: bool,
}

/// The packets to one address.
pub(super) struct Round {
    request: Request,
    socket: Socket,
    seed: u64,
    packets: Vec<Packet>,
    echoes: Echoes,
}

impl Round {
    pub(super) fn new(address: IpAddr, socket: Socket, request: Request, seed: u64) -> Self {
        let echoes = Echoes {
            address,
            round_trips: Vec::new(),
            complaints: Vec::new(),
            duplicates: 0,
            late: 0,
            foreign: 0,
            socket: socket.kind(),
        };
        Self { request, socket, seed, packets: Vec::new(), echoes }
    }

    pub(super) fn run(&mut self, deadline: &Deadline) -> Result<(), Trouble> {
        let start = Instant::now();
        while !deadline.passed() {
            let due = start
                + self.request.interval * u32::try_from(self.packets.len()).unwrap_or(u32::MAX);
            let now = Instant::now();
            let until = if self.all_sent() {
                let Some(end) = self.end() else { return Ok(()) };
                end
            } else {
                due
            };
            if until <= now {
                if self.all_sent() {
                    return Ok(());
                }
                self.send(deadline)?;
                continue;
            }
            match deadline.at_most(until - now).wait(self.socket.as_fd(), PollFlags::POLLIN) {
                Ok(()) => self.take(deadline),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                Err(error) => return Err(anyhow!(error).context("cannot wait for replies").into()),
            }
        }
        Ok(())
    }

    fn all_sent(&self) -> bool {
        self.packets.len() >= usize::from(self.request.packets)
    }

    /// When the last reply that is still missing would be too late; `None` when none is missing.
    fn end(&self) -> Option<Instant> {
        let missing = self.packets.iter().filter(|packet| packet.took.is_none() && !packet.refused);
        missing.map(|packet| packet.sent + self.request.patience).max()
    }

    fn send(&mut self, deadline: &Deadline) -> Result<(), Trouble> {
        let sequence = u16::try_from(self.packets.len()).unwrap_or(u16::MAX);
        let payload = payload(self.seed, sequence, self.request.size);
        loop {
            let sent = Instant::now();
            match self.socket.send(sequence, &payload) {
                Ok(()) => {
                    self.packets.push(Packet { sent, took: None, refused: false });
                    self.note(deadline, '>', &format!("echo request {sequence}"));
                    break;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => {
                    deadline.wait(self.socket.as_fd(), PollFlags::POLLOUT).map_err(|error| {
                        anyhow!(error)
                            .context(format!("no room to send to {}", self.echoes.address))
                    })?;
                }
                // The kernel hands the error of an earlier packet to whoever calls next; then this one was not tried.
                Err(_) if self.take_complaints(deadline) && !deadline.passed() => {}
                Err(error) => {
                    self.refused(error)?;
                    break;
                }
            }
        }
        if self.all_sent() {
            deadline.enter(Phase::FirstByte);
        }
        Ok(())
    }

    /// No packet can leave.
    pub(super) fn unsent(&mut self, error: Errno) -> Result<(), Trouble> {
        while !self.all_sent() {
            self.refused(error)?;
        }
        Ok(())
    }

    /// Sorts the error of a system call: that the host cannot be reached is the target's, all else is ours.
    fn refused(&mut self, error: Errno) -> Result<(), Trouble> {
        if matches!(error, Errno::EHOSTUNREACH | Errno::EHOSTDOWN) {
            self.packets.push(Packet { sent: Instant::now(), took: None, refused: true });
            self.complain(Complaint::own());
            return Ok(());
        }
        let what = if error == Errno::ENETUNREACH {
            // Answered at once, without a packet: it is this machine that has no route.
            "no route to"
        } else if matches!(error, Errno::EPERM | Errno::EACCES) {
            "this machine does not permit to ping"
        } else {
            "cannot ping"
        };
        Err(anyhow!("{what} {}: {}", self.echoes.address, error.desc()).into())
    }

    /// Takes everything that has arrived.
    fn take(&mut self, deadline: &Deadline) {
        self.take_complaints(deadline);
        for _ in 0..BATCH {
            // The socket's buffer is borrowed by what arrived, so the verdict is made before anything is counted.
            let (request, seed) = (self.request, self.seed);
            let target = self.echoes.address;
            let identifier = self.socket.identifier();
            let arrival = match self.socket.receive() {
                Taken::Nothing => return,
                Taken::Noise => continue,
                Taken::One(arrival) => arrival,
            };
            let echo = arrival.echo;
            let ours = arrival.source == Some(target)
                && echo.identifier == identifier
                && echo.payload == payload(seed, echo.sequence, request.size);
            let (sequence, at) = (echo.sequence, arrival.at);
            let verdict = if ours { self.count(sequence, at) } else { Verdict::Foreign };
            match verdict {
                Verdict::Counted => {}
                Verdict::Duplicate => self.echoes.duplicates += 1,
                Verdict::Late => self.echoes.late += 1,
                Verdict::Foreign => self.echoes.foreign += 1,
            }
            self.note(deadline, '<', &format!("echo reply {sequence}, {verdict:?}"));
        }
    }

    fn count(&mut self, sequence: u16, at: Instant) -> Verdict {
        let Some(packet) = self.packets.get_mut(usize::from(sequence)) else {
            return Verdict::Foreign;
        };
        // A stamp from before the packet left is that of a clock which was set meanwhile.
        let took = at.checked_duration_since(packet.sent).unwrap_or_else(|| packet.sent.elapsed());
        if packet.took.is_some() {
            return Verdict::Duplicate;
        }
        if took > self.request.patience {
            return Verdict::Late;
        }
        packet.took = Some(took);
        Verdict::Counted
    }

    /// Takes the ICMP errors that have arrived, and says whether there were any.
    fn take_complaints(&mut self, deadline: &Deadline) -> bool {
        let mut any = false;
        loop {
            let (sequence, complaint) = match self.socket.complaint() {
                Taken::Nothing => return any,
                Taken::Noise => {
                    any = true;
                    continue;
                }
                Taken::One(one) => one,
            };
            any = true;
            self.note(deadline, '<', &format!("{complaint}, about {sequence}"));
            if let Some(packet) = self.packets.get_mut(usize::from(sequence)) {
                packet.refused = true;
                self.complain(complaint);
            }
        }
    }

    fn complain(&mut self, complaint: Complaint) {
        if !self.echoes.complaints.contains(&complaint) {
            self.echoes.complaints.push(complaint);
        }
    }

    fn note(&self, deadline: &Deadline, direction: char, text: &str) {
        deadline.note(direction, format!("{}: {text}", self.echoes.address).as_bytes());
    }

    pub(super) fn finished(self) -> Echoes {
        let round_trips = self.packets.iter().map(|packet| packet.took).collect();
        Echoes { round_trips, ..self.echoes }
    }
}

/// What a reply was.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    Counted,
    Duplicate,
    Late,
    Foreign,
}

/// The payload of a packet. It differs from run to run and from packet to packet, so that no stale or guessed reply passes.
fn payload(seed: u64, sequence: u16, size: usize) -> Vec<u8> {
    let mut state = seed ^ u64::from(sequence);
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        // One step of a linear congruential generator (Knuth's MMIX constants): cheap, and every byte changes.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend((state >> 8).to_be_bytes());
    }
    bytes.truncate(size);
    bytes
}
