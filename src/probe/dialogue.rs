//! A short talk with a TCP server: connect, say something, listen for something, take leave.

use std::time::Duration;

use super::speech::{is_line, is_reply};
use super::tcp::{self, Family};
use super::{Channel, Farewell, Peer, Speech, Trouble, mysql, tls};
use crate::deadline::{Deadline, Phase};

/// The most that is kept of a greeting.
const MOST: usize = 4096;
/// The most that is kept where a text is looked for and no other limit is given.
const MOST_SEARCHED: usize = 1024 * 1024;
/// How long a server that has begun to speak may pause before it counts as done, as in the C peer.
const PAUSE: Duration = Duration::from_secs(2);

/// What is said and what is waited for.
#[derive(Clone, Debug, Default)]
pub struct Dialogue {
    /// TLS from the beginning.
    pub tls: Option<tls::Options>,
    /// What is sent first.
    pub ask: Vec<u8>,
    /// Time between sending and listening; it does not count.
    pub delay: Duration,
    /// What is waited for.
    pub wanted: Wanted,
    /// How the server is left.
    pub farewell: Farewell,
}

/// What is waited for.
#[derive(Clone, Debug, Default)]
pub enum Wanted {
    /// That the connection is accepted.
    #[default]
    Connection,
    /// The first byte of an answer.
    Answer(Form),
    /// A text.
    Text(Expected),
}

/// Where an answer ends. It is waited for only to be shown and to be left politely.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// With its line.
    Line,
    /// With the last line of a reply of FTP.
    Reply,
    /// With its packet, in the `MySQL` protocol.
    Packet,
    /// With its first byte, unless that announces an error message: the answer of a `PostgreSQL` server to an `SSLRequest`.
    Byte,
}

/// Texts that are looked for anywhere in what the server says.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The texts.
    pub texts: Vec<String>,
    /// Whether all of them must be found.
    pub number: Number,
    /// Bytes after which nothing more is waited for.
    pub most: Option<usize>,
}

/// How many of several texts must be found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Number {
    /// One of them.
    #[default]
    Any,
    /// Every one.
    All,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Address and port that were used.
    pub target: String,
    /// Time from the start of the connection attempt to what was wanted.
    pub after: Duration,
    /// What the server said.
    pub heard: Speech,
    /// Whether the text that was looked for is there; true where none was.
    pub found: bool,
    /// The server's certificate, under TLS.
    pub certificate: Option<tls::Certificate>,
}

impl Dialogue {
    /// Has the talk.
    ///
    /// # Errors
    /// The server did not do its part, or what kept us from trying.
    pub fn hold(
        &self,
        (host, port): (&str, u16),
        family: Family,
        deadline: &Deadline,
    ) -> Result<Answer, Trouble> {
        let mut channel = Channel::Plain(tcp::open(host, port, family, deadline)?);
        if let Some(options) = &self.tls {
            channel = channel.secured(options)?;
        }
        let certificate = channel.certificate()?;
        if !self.ask.is_empty() {
            deadline.enter(Phase::Send);
            channel.send(&self.ask)?;
        }
        if !self.delay.is_zero() {
            deadline.pause(self.delay).map_err(|error| {
                anyhow::Error::new(error).context("the time limit does not leave room for -d")
            })?;
        }
        let (heard, after) = self.listen(&mut channel)?;
        let found = match &self.wanted {
            Wanted::Text(expected) => expected.found_in(&heard.text),
            Wanted::Connection | Wanted::Answer(_) => true,
        };
        let (target, after) = (channel.target(), after.saturating_sub(self.delay));
        self.farewell.say(channel, &heard);
        Ok(Answer { target, after, heard, found, certificate })
    }

    /// Listens for what is wanted, and gives the time at which it was there.
    fn listen(&self, channel: &mut Channel) -> Result<(Speech, Duration), Trouble> {
        let mut heard = Speech::default();
        let phase = if self.ask.is_empty() { Phase::Greeting } else { Phase::FirstByte };
        match &self.wanted {
            Wanted::Connection => {
                let after = channel.connection().age();
                Ok((heard, after))
            }
            Wanted::Answer(form) => {
                channel.deadline().enter(phase);
                heard.listen(channel, MOST, |text| !text.is_empty())?;
                heard.complete(channel, MOST, |text| form.is_whole(text));
                let after = heard.began;
                Ok((heard, after))
            }
            Wanted::Text(expected) => {
                channel.deadline().enter(phase);
                expected.listen(channel, &mut heard)?;
                let after = channel.connection().age();
                Ok((heard, after))
            }
        }
    }
}

impl Form {
    fn is_whole(self, text: &[u8]) -> bool {
        match self {
            Self::Line => is_line(text),
            Self::Reply => is_reply(text),
            Self::Packet => mysql::is_packet(text),
            // ErrorResponse begins with E and its length; servers before 7.4 end it with a line feed or a zero byte.
            Self::Byte => {
                text.first() != Some(&b'E')
                    || text.iter().skip(5).any(|byte| matches!(byte, 0 | b'\n'))
            }
        }
    }
}

impl Expected {
    /// Listens until the texts are found, the server pauses, or there are too many bytes.
    fn listen(&self, channel: &mut Channel, heard: &mut Speech) -> Result<(), Trouble> {
        let most = self.most.unwrap_or(MOST_SEARCHED);
        heard.listen(channel, most, |text| !text.is_empty())?;
        let limit = channel.deadline().clone();
        while !heard.over && heard.text.len() < most && !self.found_in(&heard.text) {
            let (length, pause) = (heard.text.len(), limit.at_most(PAUSE));
            channel.limit(pause.clone());
            match heard.listen(channel, most, |text| text.len() > length) {
                // The server is done, although the text is not there.
                Err(Trouble::Target(_)) if !limit.passed() && pause.passed() => break,
                other => other?,
            }
        }
        channel.limit(limit);
        Ok(())
    }

    fn found_in(&self, heard: &[u8]) -> bool {
        let found = |text: &String| {
            text.is_empty() || heard.windows(text.len()).any(|part| part == text.as_bytes())
        };
        match self.number {
            Number::Any => self.texts.iter().any(found),
            Number::All => self.texts.iter().all(found),
        }
    }
}
