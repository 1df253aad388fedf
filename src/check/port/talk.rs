//! What is said to a port that no documented service answers on, in the words of `check_tcp`.

use std::time::Duration;

use crate::check::Validity;
use crate::plugin::{Status, seconds};
use crate::probe::dialogue::{Expected, Number};
use crate::probe::tls;

/// Options of sending, expecting and leaving.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Talk {
    /// Text to send
    #[arg(
        short,
        long,
        value_name = "TEXT",
        conflicts_with = "service",
        allow_hyphen_values = true
    )]
    send: Option<String>,
    /// Text to expect anywhere in the answer; may be repeated, then one of them is enough
    #[arg(short, long, value_name = "TEXT", action = clap::ArgAction::Append, allow_hyphen_values = true)]
    expect: Vec<String>,
    /// Every expected text must be there
    #[arg(short = 'A', long)]
    all: bool,
    /// Text to send before closing; CR LF is added, unless -E
    #[arg(
        short,
        long,
        value_name = "TEXT",
        conflicts_with = "service",
        allow_hyphen_values = true
    )]
    quit: Option<String>,
    /// Read \n, \r, \t and \\ in -s and -q
    #[arg(short = 'E', long)]
    escape: bool,
    /// Stop reading after that many bytes
    #[arg(short, long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    maxbytes: Option<u32>,
    /// Seconds between sending and reading; they do not count as response time
    #[arg(short, long, value_name = "SECONDS", conflicts_with = "service", value_parser = pause)]
    delay: Option<Duration>,
    /// Do not show what the server said
    #[arg(short, long)]
    jail: bool,
    /// State when an expected text is missing [default: warning]
    #[arg(short = 'M', long, value_name = "STATE")]
    mismatch: Option<Status>,
    /// State when the connection is refused [default: critical]
    #[arg(short, long, value_name = "STATE")]
    refuse: Option<Status>,
}

/// Options of TLS.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Security {
    /// Speak TLS from the beginning
    #[arg(short = 'S', long)]
    ssl: bool,
    /// Server name to send in the TLS handshake
    #[arg(long, value_name = "NAME")]
    sni: Option<String>,
    /// Days the certificate must be valid; implies -S
    #[arg(short = 'D', long, value_name = "WARNING[,CRITICAL]", value_parser = Validity::parse)]
    certificate: Option<Validity>,
}

fn pause(text: &str) -> Result<Duration, String> {
    let duration =
        |seconds| Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    seconds(text).and_then(duration)
}

impl Talk {
    /// What is sent first.
    pub(super) fn ask(&self) -> Vec<u8> {
        let text = self.send.as_deref().unwrap_or_default();
        if self.escape { unescaped(text) } else { text.as_bytes().to_vec() }
    }

    /// What is sent before closing.
    pub(super) fn farewell(&self) -> Option<Vec<u8>> {
        let text = self.quit.as_deref()?;
        Some(if self.escape { unescaped(text) } else { [text.as_bytes(), b"\r\n"].concat() })
    }

    /// What is expected, if anything.
    pub(super) fn expected(&self) -> Option<Expected> {
        let number = if self.all { Number::All } else { Number::Any };
        let most = self.maxbytes.and_then(|most| usize::try_from(most).ok());
        (!self.expect.is_empty()).then(|| Expected { texts: self.expect.clone(), number, most })
    }

    /// The time between sending and listening.
    pub(super) fn delay(&self) -> Duration {
        self.delay.unwrap_or_default()
    }

    /// State of an answer without the expected text.
    pub(super) fn mismatch(&self) -> Status {
        self.mismatch.unwrap_or(Status::Warning)
    }

    /// State of a refused connection.
    pub(super) fn refused(&self) -> Status {
        self.refuse.unwrap_or(Status::Critical)
    }

    /// Whether the server's words are shown.
    pub(super) fn shows_words(&self) -> bool {
        !self.jail
    }
}

impl Security {
    /// The TLS options, where TLS is asked for.
    pub(super) fn tls(&self) -> Option<tls::Options> {
        let wanted = self.ssl || self.certificate.is_some();
        wanted.then(|| tls::Options { name: self.sni.clone(), ..tls::Options::default() })
    }

    /// How long the certificate must be valid.
    pub(super) fn validity(&self) -> Option<Validity> {
        self.certificate
    }
}

/// A text with its escapes read as `check_tcp` reads them: an unknown one stands for its second character.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                None => b'\\',
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(other) => other,
            },
            other => other,
        });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_the_peer_reads_them() {
        for (text, bytes) in [
            ("a", "a"),
            (r"a\r\nb\t", "a\r\nb\t"),
            (r"\\n", "\\n"),
            (r"\x", "x"),
            ("end\\", "end\\"),
            ("\u{e9}", "\u{e9}"),
        ] {
            assert_eq!(unescaped(text), bytes.as_bytes(), "{text:?}");
        }
    }
}
