//! ureq's transport over a channel of ours, so that every wait is under the deadline.
//!
//! It reads the whole head before ureq sees it, and keeps it: the words of the status line are shown, and a head that ureq
//! refuses is still an answer.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::buffer::Buffer;
use super::head::{self, Head};
use crate::deadline::{Deadline, Phase};
use crate::probe::{Channel, Peer};

/// Bytes within which a head must end.
pub(super) const HEAD_LIMIT: usize = 256 * 1024;

/// What went over the wire, and when.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// The last head that came, be it an interim one or no HTTP at all.
    pub(super) head: Option<(Head, Duration)>,
    /// When the request had been sent.
    pub(super) sent: Duration,
    /// When the first byte came.
    pub(super) first_byte: Option<Duration>,
    /// Bytes that came.
    pub(super) received: u64,
}

/// Traffic that the transport writes and the probe reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Traffic>>);

impl Ledger {
    pub(super) fn open(&self) -> MutexGuard<'_, Traffic> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Head,
    /// An interim head was handed over, and another one must follow.
    Interim,
    Body,
}

/// The transport.
#[derive(Debug)]
pub(super) struct Wire {
    channel: Channel,
    deadline: Deadline,
    ledger: Ledger,
    buffer: Buffer,
    stage: Stage,
    searched: usize,
}

impl Wire {
    pub(super) fn new(channel: Channel, ledger: &Ledger) -> Self {
        Self {
            deadline: channel.deadline().clone(),
            channel,
            ledger: ledger.clone(),
            buffer: Buffer::default(),
            stage: Stage::Head,
            searched: 0,
        }
    }

    /// One read. A peer that never stops sending never makes us wait, so the limit is looked at here, too.
    fn fill(&mut self) -> io::Result<usize> {
        if self.deadline.passed() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let count = self.channel.read(self.buffer.input_append_buf())?;
        self.buffer.input_appended(count);
        let mut traffic = self.ledger.open();
        if traffic.received == 0 && count > 0 {
            traffic.first_byte = Some(self.deadline.elapsed());
            self.deadline.enter(Phase::Body);
        }
        traffic.received += count as u64;
        Ok(count)
    }

    /// Waits for a whole head, the end of the stream, or what can be no HTTP.
    fn await_head(&mut self) -> Result<bool, Error> {
        loop {
            if self.note_head() {
                return Ok(true);
            }
            let length = self.buffer.input().len();
            if length > HEAD_LIMIT {
                return Err(Error::LargeResponseHeader(length, HEAD_LIMIT));
            }
            if self.fill()? == 0 {
                let input = self.buffer.input();
                if !input.is_empty() {
                    self.note(Head::new(input));
                }
                return Ok(false);
            }
        }
    }

    /// Notes the head that the input begins with, and says whether there is one.
    fn note_head(&mut self) -> bool {
        if self.stage == Stage::Interim && !self.buffer.advanced() {
            return false;
        }
        let input = self.buffer.input();
        let end = if head::may_begin(input) {
            head::end(input, self.searched)
        } else {
            Some(input.len())
        };
        self.searched = input.len();
        let Some(head) = end.and_then(|end| input.get(..end)).map(Head::new) else {
            return false;
        };
        self.searched = 0;
        if head.is_interim() {
            self.stage = Stage::Interim;
        } else {
            self.stage = Stage::Body;
            self.buffer.open();
        }
        self.note(head);
        true
    }

    fn note(&self, head: Head) {
        self.ledger.open().head = Some((head, self.deadline.elapsed()));
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffer
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        self.deadline.enter(Phase::Send);
        self.channel.write_all(self.buffer.written(amount))?;
        self.channel.flush()?;
        self.ledger.open().sent = self.deadline.elapsed();
        self.deadline.enter(Phase::FirstByte);
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        match self.stage {
            Stage::Head | Stage::Interim => self.await_head(),
            Stage::Body => Ok(self.fill()? > 0),
        }
    }

    fn is_open(&mut self) -> bool {
        // One connection carries one request.
        false
    }
}

/// Hands over a connection that was made before.
#[derive(Debug)]
pub(super) struct Ready(Mutex<Option<Wire>>);

impl Ready {
    pub(super) fn new(wire: Wire) -> Self {
        Self(Mutex::new(Some(wire)))
    }
}

impl Connector for Ready {
    type Out = Wire;

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<Wire>, Error> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).take())
    }
}

/// Looks up nothing: the connection is there.
#[derive(Debug)]
pub(super) struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}
