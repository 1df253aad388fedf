//! The bytes between ureq and the stream. They grow with what comes, so that a usual check touches a few pages only.

use ureq::unversioned::transport::Buffers;

/// Bytes of a request's head; ureq writes a longer one in parts.
const OUTPUT: usize = 4 * 1024;
/// The least room for one read.
const ROOM: usize = 8 * 1024;

/// Bytes that were received and not yet used, and those to send.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    input: Vec<u8>,
    // Invariant: used <= filled <= input.len()
    used: usize,
    filled: usize,
    /// Bytes that the last use took.
    taken: usize,
    /// Whether input may be used as it lies here; before, ureq has to ask for each head.
    open: bool,
    output: Vec<u8>,
}

impl Buffer {
    /// Whether the last use of the input took any of it.
    pub(super) fn advanced(&self) -> bool {
        self.taken > 0
    }

    /// Lets input be used as it lies here.
    pub(super) fn open(&mut self) {
        self.open = true;
    }

    /// The first bytes of what is to be sent.
    pub(super) fn written(&self, amount: usize) -> &[u8] {
        self.output.get(..amount).unwrap_or_default()
    }
}

impl Buffers for Buffer {
    fn output(&mut self) -> &mut [u8] {
        self.output.resize(OUTPUT, 0);
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.used..self.filled).unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.input.drain(..self.used);
        self.filled -= self.used;
        self.used = 0;
        self.input.resize(self.filled + ROOM, 0);
        self.input.get_mut(self.filled..).unwrap_or_default()
    }

    fn input_appended(&mut self, amount: usize) {
        self.filled = (self.filled + amount).min(self.input.len());
    }

    fn input_consume(&mut self, amount: usize) {
        self.taken = amount;
        self.used = (self.used + amount).min(self.filled);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.output.resize(OUTPUT, 0);
        self.input.resize(self.filled + ROOM, 0);
        (self.input.get_mut(self.filled..).unwrap_or_default(), &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.open && self.taken > 0 && self.used < self.filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_stays_and_what_comes_is_added() {
        let mut buffer = Buffer::default();
        buffer.open();
        for part in [&b"abc"[..], b"def"] {
            buffer.input_append_buf()[..part.len()].copy_from_slice(part);
            buffer.input_appended(part.len());
            buffer.input_consume(1);
        }
        assert_eq!((buffer.input(), buffer.can_use_input()), (&b"cdef"[..], true));
        buffer.input_consume(0);
        assert!(!buffer.can_use_input());
    }
}
