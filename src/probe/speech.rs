//! What a server says on its own, collected byte by byte: it may come late, in drips, without an end, or not at all.

use std::time::Duration;

use super::{Fault, Peer, Trouble};
use crate::deadline::Phase;

/// How long the rest of an answer may last that has been judged already.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a server has said so far.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    /// The bytes.
    pub text: Vec<u8>,
    /// When the first one came, from the start of the connection attempt.
    pub began: Duration,
    /// Whether the server has closed.
    pub over: bool,
}

impl Speech {
    /// Listens until there is `enough`, the server closes, or `most` bytes are there; what lies behind is dropped.
    ///
    /// # Errors
    /// The server closed or was silent before its first byte, or the connection broke: the fault of the target, or ours.
    pub fn listen(
        &mut self,
        channel: &mut impl Peer,
        most: usize,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<(), Trouble> {
        let mut buffer = [0; 1024];
        while !self.over && self.text.len() < most && !enough(&self.text) {
            let bytes = channel.receive(&mut buffer)?;
            if self.text.is_empty() {
                let deadline = channel.deadline();
                if bytes.is_empty() {
                    let (phase, target) = (deadline.phase(), channel.target());
                    return Err(Fault::Ended { phase, target }.into());
                }
                self.began = channel.connection().age();
                deadline.enter(Phase::Body);
            }
            self.over = bytes.is_empty();
            self.text.extend(bytes.iter().take(most.saturating_sub(self.text.len())));
        }
        Ok(())
    }

    /// Listens as [`Speech::listen`] does, for a second at most: the answer has come already, and how it goes on judges nothing.
    pub fn complete(
        &mut self,
        channel: &mut impl Peer,
        most: usize,
        enough: impl Fn(&[u8]) -> bool,
    ) {
        let limit = channel.deadline().clone();
        channel.limit(limit.at_most(PATIENCE));
        // A server that stops in the middle of its answer has answered.
        let _ = self.listen(channel, most, enough);
        channel.limit(limit);
    }

    /// The first line, without what ends it.
    pub fn first_line(&self) -> &[u8] {
        self.text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end()
    }
}

/// Whether there is a whole line.
pub(super) fn is_line(text: &[u8]) -> bool {
    text.contains(&b'\n')
}

/// Whether there is a whole reply of SMTP or FTP: its last line has no hyphen behind the code.
///
/// Source: RFC 5321 4.2.1, RFC 959 4.2. A first line that is no reply is all there is.
pub(super) fn is_reply(text: &[u8]) -> bool {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').filter(|line| is_line(line));
    let first = lines.clone().next();
    let numbered = |line: &&[u8]| line.iter().take(3).all(u8::is_ascii_digit);
    match first {
        None => false,
        Some(line) if !numbered(&line) => true,
        Some(_) => lines.any(|line| numbered(&line) && line.get(3) != Some(&b'-')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_ends_with_the_line_that_has_no_hyphen() {
        for (text, whole) in [
            ("", false),
            ("220 hel", false),
            ("220 hello\r\n", true),
            ("220\r\n", true),
            ("220-a\r\n", false),
            ("220-a\r\n b\r\n", false),
            ("220-a\r\n220 b", false),
            ("220-a\r\n220 b\r\n", true),
            ("nonsense", false),
            ("nonsense\r\n", true),
        ] {
            assert_eq!(is_reply(text.as_bytes()), whole, "{text:?}");
        }
    }
}
