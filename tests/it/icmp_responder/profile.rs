//! How one address answers echo requests.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// What stands in place of an echo reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: the request was answered.
    None,
    /// The reply carries an identifier of somebody else.
    ForeignIdentifier,
    /// The reply carries a sequence number that was never sent (the request's, with the upper bit
    /// turned).
    ForeignSequence,
    /// One byte of the payload arrives inverted, with a right checksum.
    CorruptedPayload,
    /// The payload arrives without its last half.
    ShortenedPayload,
    /// The checksum is wrong, which a kernel does not pass on to ping sockets.
    WrongChecksum,
    /// "Destination unreachable": the network (IPv6: no route).
    NetworkUnreachable,
    /// "Destination unreachable": the host (IPv6: address).
    HostUnreachable,
    /// "Destination unreachable": the port.
    PortUnreachable,
    /// "Destination unreachable": prohibited by an administrator.
    Prohibited,
    /// "Time exceeded" on the way.
    TimeExceeded,
}

/// How an address answers: every request after the round trip it is due, unless told otherwise.
///
/// Requests are counted from 0 since the profile was given to the address.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    round_trips: Vec<Duration>,
    lost: BTreeSet<usize>,
    period: usize,
    copies: usize,
    fault: Fault,
    source: Option<IpAddr>,
    also: Vec<Profile>,
}

/// One packet that is due for a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Due {
    pub(crate) after: Duration,
    pub(crate) fault: Fault,
    pub(crate) source: Option<IpAddr>,
}

impl Profile {
    /// Every packet takes this many milliseconds.
    pub(crate) fn rtt(milliseconds: f64) -> Self {
        Self::rtts(&[milliseconds])
    }

    /// The packets take these milliseconds in turn. A late reply is one whose time is beyond the
    /// deadline of the asker.
    pub(crate) fn rtts(milliseconds: &[f64]) -> Self {
        let round_trips =
            milliseconds.iter().map(|ms| Duration::from_secs_f64(ms / 1000.0)).collect();
        Self {
            round_trips,
            lost: BTreeSet::new(),
            period: 1,
            copies: 1,
            fault: Fault::None,
            source: None,
            also: Vec::new(),
        }
    }

    /// The address exists and never answers.
    pub(crate) fn dead() -> Self {
        Self::rtt(0.0).drop(&[0], 1)
    }

    /// Of each `period` requests those with these numbers get no answer: `drop(&[0, 3], 5)` loses
    /// 40 %.
    #[must_use]
    pub(crate) fn drop(mut self, numbers: &[usize], period: usize) -> Self {
        assert!(
            numbers.iter().all(|number| *number < period),
            "{numbers:?} must be below the period {period}"
        );
        self.lost = numbers.iter().copied().collect();
        self.period = period;
        self
    }

    /// Each answer is sent this many times.
    #[must_use]
    pub(crate) fn copies(mut self, copies: usize) -> Self {
        self.copies = copies;
        self
    }

    /// Each answer has this fault.
    #[must_use]
    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// The answers come from this address, which nobody needs to have.
    #[must_use]
    pub(crate) fn from(mut self, source: &str) -> Self {
        self.source = Some(source.parse().expect("the source is an IP address"));
        self
    }

    /// Each request is also answered as that profile says, for example a foreign reply before the
    /// right one.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.also.push(other);
        self
    }

    /// What is sent for the request with this number.
    pub(crate) fn due(&self, number: usize) -> Vec<Due> {
        let copies = if self.lost.contains(&(number % self.period)) { 0 } else { self.copies };
        let after = self.round_trips[number % self.round_trips.len()];
        let own = Due { after, fault: self.fault, source: self.source };
        std::iter::repeat_n(own, copies)
            .chain(self.also.iter().flat_map(|other| other.due(number)))
            .collect()
    }
}
