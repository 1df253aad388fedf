//! A question over TCP, where the answer does not fit into a datagram: each message stands behind its length (RFC 1035, 4.2.2).

use std::io::Read;
use std::net::SocketAddr;

use hickory_resolver::proto::op::Message;

use super::query::{Extension, Query};
use crate::deadline::{Deadline, Phase};
use crate::probe::Peer;
use crate::probe::tcp::{Family, open};
use crate::probe::{Fault, Trouble};

/// Asks over a connection of its own.
///
/// # Errors
/// The server does not take connections or does not answer, or what kept us from asking.
pub(super) fn exchange(
    address: SocketAddr,
    query: &Query,
    extension: Extension,
    deadline: &Deadline,
) -> Result<Message, Trouble> {
    let host = address.ip().to_string();
    let mut connection = open(&host, address.port(), Family::Any, deadline)?.unnoted();
    let target = connection.target();
    let bytes = query.bytes(extension);
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    deadline.enter(Phase::Send);
    deadline.note('>', format!("{} over TCP", query.words(extension)).as_bytes());
    connection.send(&[&length[..], bytes].concat())?;
    deadline.enter(Phase::FirstByte);
    let mut length = [0; 2];
    let failed = |error| Trouble::from_io(error, deadline, &target);
    connection.read_exact(&mut length).map_err(failed)?;
    deadline.enter(Phase::Body);
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    connection.read_exact(&mut answer).map_err(failed)?;
    deadline.note('<', format!("answer of {} bytes over TCP", answer.len()).as_bytes());
    let answer = query.answered_by(&answer).filter(|answer| !answer.metadata.truncation);
    answer
        .ok_or_else(|| Fault::Garbled(format!("{target} answered something else over TCP")).into())
}
