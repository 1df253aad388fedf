//! The head of a reply: its status line and its header lines.
//!
//! It is read leniently, line by line: one header that breaks the grammar does not make an answer of a server no answer.

/// What a server said before the body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    bytes: Vec<u8>,
}

impl Head {
    /// The head in these bytes; what follows its empty line is for the caller to cut off.
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }

    /// The first line, whatever it is.
    pub fn status_line(&self) -> &[u8] {
        self.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end()
    }

    /// The status, where the first line is a status line of HTTP/1.
    pub fn status(&self) -> Option<u16> {
        let line = self.status_line().strip_prefix(b"HTTP/1.")?;
        let (version, rest) = line.split_at_checked(line.iter().position(|byte| *byte == b' ')?)?;
        let word = rest.split(|byte| *byte == b' ').find(|word| !word.is_empty())?;
        let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
        if !digits(version) || !digits(word) || word.len() != 3 {
            return None;
        }
        let status = std::str::from_utf8(word).ok()?.parse().ok()?;
        (status >= 100).then_some(status)
    }

    /// The lines of the headers, as they came.
    pub fn headers(&self) -> &[u8] {
        let first = self.bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        self.bytes.get(first.unwrap_or(self.bytes.len())..).unwrap_or_default()
    }

    /// The value of the last header of that name, which is written in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let lines = self.headers().split(|byte| *byte == b'\n');
        let mut values = lines.filter_map(|line| {
            let (own, value) = line.split_at_checked(line.iter().position(|it| *it == b':')?)?;
            let same = own.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
            same.then(|| value.get(1..).unwrap_or_default().trim_ascii())
        });
        values.next_back()
    }

    /// Whether another head must follow: 100 and its kind, but not the switch to another protocol.
    pub(super) fn is_interim(&self) -> bool {
        self.status().is_some_and(|status| status < 200 && status != 101)
    }
}

/// Where the head ends that these bytes begin with; nothing before `from` is looked at again.
pub(super) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    let tail = bytes.get(from..)?;
    let ends = tail.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    ends.into_iter().find_map(|at| match tail.get(at..)? {
        [b'\n', ..] => Some(from + at + 1),
        [b'\r', b'\n', ..] => Some(from + at + 2),
        _ => None,
    })
}

/// Whether these bytes can be the begin of an HTTP reply.
pub(super) fn may_begin(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"HTTP/";
    let length = bytes.len().min(NAME.len());
    bytes.get(..length) == NAME.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_line_of_http_1_has_a_status() {
        let cases: &[(&[u8], Option<u16>)] = &[
            (b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n", Some(200)),
            (b"HTTP/1.1 404\r\n", Some(404)),
            (b"HTTP/1.1  503  Busy \n", Some(503)),
            (b"HTTP/1.1 999 x", Some(999)),
            (b"HTTP/1.1 200\x1b[2J\r\n", None),
            (b"HTTP/1.1 099 x", None),
            (b"HTTP/1.1 2000 x", None),
            (b"HTTP/1.1 -20 x", None),
            (b"HTTP/1.1", None),
            (b"HTTP/1. 200 OK", None),
            (b"HTTP/2 200", None),
            (b"ICY 200 OK", None),
            (b"SSH-2.0-x", None),
            (b"\r\nHTTP/1.1 200 OK", None),
            (b"", None),
        ];
        for (bytes, status) in cases {
            assert_eq!(Head::new(bytes).status(), *status, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn headers_are_found_between_lines_that_are_none() {
        let head = Head::new(b"HTTP/1.1 301 x\r\nbroken line\r\nLOCATION :  /a b \r\n: x\r\n\r\n");
        assert_eq!(head.header("Location"), Some(&b"/a b"[..]));
        assert_eq!(head.header("Date"), None);
        assert_eq!(head.status_line(), b"HTTP/1.1 301 x");
    }

    #[test]
    fn a_head_ends_at_its_empty_line_however_it_arrives() {
        for (bytes, at) in
            [(&b"a\r\nb\r\n\r\nc"[..], Some(8)), (b"a\n\nb", Some(3)), (b"a\r\nb\r\n", None)]
        {
            assert_eq!(end(bytes, 0), at);
            let mut seen = 0;
            let piecewise = (1..=bytes.len()).find_map(|length| {
                let found = end(&bytes[..length], seen);
                seen = length;
                found
            });
            assert_eq!(piecewise, at);
        }
    }
}
