//! One line of text from a peer that may send anything, or nothing.

use std::io::{ErrorKind, Read};

use super::Trouble;
use crate::deadline::{Deadline, Phase};

/// Reads up to and including the first line feed, at most `limit` bytes; what the peer sends beyond is dropped. Fewer bytes
/// without a line feed come back when the peer closes, or is silent after its first byte until the limit.
///
/// # Errors
/// The peer closed or was silent before its first byte, or the connection broke.
pub fn read_line(
    peer: &mut impl Read,
    limit: usize,
    deadline: &Deadline,
    target: &str,
) -> Result<Vec<u8>, Trouble> {
    let mut line = Vec::new();
    let mut buffer = [0; 512];
    while line.len() < limit {
        let room = buffer.len().min(limit - line.len());
        let count = match peer.read(buffer.get_mut(..room).unwrap_or_default()) {
            Ok(0) if line.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if !line.is_empty() && error.kind() == ErrorKind::TimedOut => Ok(0),
            other => other,
        };
        let count = match count {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => return Err(Trouble::from_io(error, deadline, target)),
        };
        if line.is_empty() {
            deadline.enter(Phase::Body);
        }
        let received = buffer.get(..count).unwrap_or_default();
        line.extend(received.iter().copied().take_while(|byte| *byte != b'\n'));
        if received.contains(&b'\n') {
            break;
        }
    }
    Ok(line)
}
