//! A session with an SMTP server: its greeting, and what is asked for beyond.

use std::time::Duration;

use super::speech::is_reply;
use super::tcp::{self, Family};
use super::{Channel, Peer, Speech, Trouble, tls};
use crate::deadline::{Deadline, Phase};

/// The most that is kept of a reply.
const MOST: usize = 4096;
/// Bytes of a reply that tell its status: the code, and what separates it from the text.
const STATUS: usize = 4;
const QUIT: &[u8] = b"QUIT\r\n";

/// What is said to the server.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// When TLS begins.
    pub tls: Security,
    /// How much of the greeting is needed.
    pub greeting: Extent,
    /// The name in EHLO; without it there is none, unless something else needs it.
    pub name: Option<String>,
    /// Sender of a MAIL command.
    pub from: Option<String>,
    /// Further commands, without their ends of line.
    pub commands: Vec<String>,
}

/// When TLS begins.
#[derive(Clone, Debug, Default)]
pub enum Security {
    /// Never.
    #[default]
    None,
    /// Before the greeting.
    Implicit(tls::Options),
    /// After STARTTLS.
    StartTls(tls::Options),
}

/// How much of the greeting is needed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Extent {
    /// Its status. The text is read for a second.
    #[default]
    Status,
    /// Its text, too.
    Text,
}

/// What the server said.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Address and port that were used.
    pub target: String,
    /// Time from the start of the connection attempt to the first byte of the greeting.
    pub after: Duration,
    /// The greeting.
    pub greeting: Reply,
    /// How STARTTLS went; always done where it was not asked for.
    pub starttls: StartTls,
    /// Replies to the commands, in their order.
    pub replies: Vec<Reply>,
    /// The server's certificate, under TLS.
    pub certificate: Option<tls::Certificate>,
}

/// How STARTTLS went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StartTls {
    /// As it should.
    Done,
    /// The server does not offer it.
    Unknown,
    /// The server offers it and refuses.
    Refused,
}

/// A reply. Invariant: what is no reply has no code.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reply {
    /// Its status.
    pub code: Option<u16>,
    /// All its lines.
    pub text: Vec<u8>,
}

impl Reply {
    /// Source: RFC 5321 4.2: three digits, then a hyphen, a blank or the end of the line.
    fn parse(text: &[u8]) -> Self {
        let digits = text.get(..3).filter(|it| it.iter().all(u8::is_ascii_digit));
        let separated = matches!(text.get(3), Some(b' ' | b'-' | b'\r' | b'\n'));
        let code = digits.and_then(|it| std::str::from_utf8(it).ok()?.parse().ok());
        let code = code.filter(|code| separated && (200..=599).contains(code));
        Self { code, text: text.to_vec() }
    }

    /// The first line.
    pub fn first_line(&self) -> &[u8] {
        self.text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end()
    }

    /// Whether a line names an extension, as replies to EHLO do.
    fn offers(&self, extension: &[u8]) -> bool {
        let mut lines = self.text.split(|byte| *byte == b'\n');
        lines.any(|line| {
            line.get(STATUS..).is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(extension))
        })
    }
}

impl Session {
    /// Has the session.
    ///
    /// # Errors
    /// The server did not do its part, or what kept us from trying.
    pub fn hold(
        &self,
        (host, port): (&str, u16),
        family: Family,
        deadline: &Deadline,
    ) -> Result<Seen, Trouble> {
        let mut channel = Channel::Plain(tcp::open(host, port, family, deadline)?);
        if let Security::Implicit(options) = &self.tls {
            channel = channel.secured(options)?;
        }
        let (greeting, after) = self.greeting(&mut channel)?;
        let mut seen = Seen {
            target: channel.target(),
            after,
            greeting,
            starttls: StartTls::Done,
            replies: Vec::new(),
            certificate: channel.certificate()?,
        };
        if seen.greeting.code == Some(220) {
            channel = self.go_on(channel, &mut seen)?;
        }
        // What is no SMTP server would take the word for an attack.
        channel.leave(if seen.greeting.code.is_some() { QUIT } else { b"" });
        Ok(seen)
    }

    fn greeting(&self, channel: &mut Channel) -> Result<(Reply, Duration), Trouble> {
        channel.deadline().enter(Phase::Greeting);
        let mut heard = Speech::default();
        heard.listen(channel, MOST, |text| !text.is_empty())?;
        let read = heard.listen(channel, MOST, |text| match self.greeting {
            Extent::Status => text.len() >= STATUS || text.contains(&b'\n'),
            Extent::Text => is_reply(text),
        });
        match read {
            Err(error @ Trouble::Ours(_)) => return Err(error),
            // It has spoken: what it said is judged, however it went on.
            Ok(()) | Err(Trouble::Target(_)) => heard.complete(channel, MOST, is_reply),
        }
        Ok((Reply::parse(&heard.text), heard.began))
    }

    /// Whether anything is to be said at all.
    fn says_more(&self) -> bool {
        let named = self.name.is_some() || self.from.is_some();
        named || !self.commands.is_empty() || matches!(self.tls, Security::StartTls(_))
    }

    /// All that follows a good greeting.
    fn go_on(&self, mut channel: Channel, seen: &mut Seen) -> Result<Channel, Trouble> {
        if !self.says_more() {
            return Ok(channel);
        }
        let extensions = self.hello(&mut channel)?;
        if let Security::StartTls(options) = &self.tls {
            if !extensions.offers(b"STARTTLS") {
                seen.starttls = StartTls::Unknown;
                return Ok(channel);
            }
            if ask(&mut channel, "STARTTLS")?.code != Some(220) {
                seen.starttls = StartTls::Refused;
                return Ok(channel);
            }
            channel = channel.secured(options)?;
            seen.certificate = channel.certificate()?;
            // What was said before is void (RFC 3207 4.2).
            self.hello(&mut channel)?;
        }
        if let Some(from) = &self.from {
            ask(&mut channel, &format!("MAIL FROM:<{from}>"))?;
        }
        for command in &self.commands {
            seen.replies.push(ask(&mut channel, command)?);
        }
        Ok(channel)
    }

    /// EHLO, and HELO for a server that does not know it.
    fn hello(&self, channel: &mut Channel) -> Result<Reply, Trouble> {
        let name = self.name.as_deref().unwrap_or("localhost");
        let reply = ask(channel, &format!("EHLO {name}"))?;
        match reply.code {
            Some(500..=599) => ask(channel, &format!("HELO {name}")),
            _ => Ok(reply),
        }
    }
}

fn ask(channel: &mut Channel, command: &str) -> Result<Reply, Trouble> {
    channel.deadline().enter(Phase::Send);
    channel.send(format!("{command}\r\n").as_bytes())?;
    channel.deadline().enter(Phase::FirstByte);
    let mut heard = Speech::default();
    heard.listen(channel, MOST, is_reply)?;
    Ok(Reply::parse(&heard.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_with_a_code_is_a_reply() {
        for (text, code) in [
            ("220 hello\r\n", Some(220)),
            ("220-hello\r\n220 b\r\n", Some(220)),
            ("220\r\n", Some(220)),
            ("554 no\r\n", Some(554)),
            ("421-", Some(421)),
            ("220", None),
            ("22", None),
            ("2200 x\r\n", None),
            ("220x\r\n", None),
            ("000 x\r\n", None),
            ("999 x\r\n", None),
            ("wrong\r\n", None),
            (" 220 x", None),
        ] {
            assert_eq!(Reply::parse(text.as_bytes()).code, code, "{text:?}");
        }
    }

    #[test]
    fn an_extension_is_a_line_of_its_own() {
        let reply = |text: &str| Reply::parse(text.as_bytes());
        assert!(reply("250-a\r\n250-STARTTLS\r\n250 b\r\n").offers(b"STARTTLS"));
        assert!(reply("250 starttls\r\n").offers(b"STARTTLS"));
        assert!(!reply("250 NOSTARTTLS\r\n").offers(b"STARTTLS"));
    }
}
