//! `check_smtp220`: does an SMTP server greet with status 220.

use regex::bytes::{Regex, RegexBuilder};

use super::{Check, Settings, Target, Times, Validity, Vantage};
use crate::deadline::Deadline;
use crate::plugin::{Report, Status, visible};
use crate::policy::{Policy, Service};
use crate::probe::smtp::{Extent, Reply, Security, Seen, Session, StartTls};
use crate::probe::{Trouble, tls};

/// The status that is documented.
const READY: u16 = 220;
/// The port of SMTP over TLS (RFC 8314).
const TLS_PORT: u16 = 465;

/// Options of `check_smtp220`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Smtp220 {
    #[command(flatten)]
    target: Target,
    /// TCP port [default: 25, with --ssl 465]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Text to expect in the first line of the greeting [default: status 220]
    #[arg(short, long, value_name = "TEXT")]
    expect: Option<String>,
    /// Begin TLS by STARTTLS
    #[arg(short = 'S', long, conflicts_with = "ssl")]
    starttls: bool,
    /// Speak TLS from the beginning
    #[arg(long, alias = "tls")]
    ssl: bool,
    /// Server name to send in the TLS handshake
    #[arg(long, value_name = "NAME")]
    sni: Option<String>,
    /// Days the certificate must be valid; implies -S, unless --ssl
    #[arg(short = 'D', long, value_name = "WARNING[,CRITICAL]", value_parser = Validity::parse)]
    certificate: Option<Validity>,
    /// Name to say in EHLO [default: this machine's]
    #[arg(short = 'F', long, value_name = "NAME")]
    fqdn: Option<String>,
    /// Command to send; may be repeated
    #[arg(short = 'C', long, action = clap::ArgAction::Append)]
    command: Vec<String>,
    /// Expression that the reply to the command of the same number must match; may be repeated
    #[arg(short = 'R', long, value_name = "REGEX", action = clap::ArgAction::Append, value_parser = expression)]
    response: Vec<Regex>,
    /// Sender of a MAIL command
    #[arg(short, long, value_name = "ADDRESS")]
    from: Option<String>,
    #[command(flatten)]
    times: Times,
}

/// Reads an expression whose `^` and `$` stand for the ends of a line, as the C peer has it.
fn expression(text: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(text).unicode(false).multi_line(true).build();
    regex.map_err(|error| error.to_string())
}

fn service() -> anyhow::Result<&'static Service> {
    Policy::documented().service("smtp")
}

impl Check for Smtp220 {
    const NAME: &'static str = "smtp220";
    const TITLE: &'static str = "SMTP";
    const ABOUT: &'static str = "Tests whether an SMTP server greets with status 220";
    const VANTAGE: Vantage = Vantage::Server;
    type Seen = Seen;

    fn service(&self) -> anyhow::Result<Option<&'static Service>> {
        service().map(Some)
    }

    fn times(&self) -> Option<&Times> {
        Some(&self.times)
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Seen, Trouble> {
        let usual = if self.ssl { TLS_PORT } else { service()?.port };
        let at = (self.target.host(), self.port.unwrap_or(usual));
        self.session()?.hold(at, self.target.family(), deadline)
    }

    fn judge(&self, seen: &Seen, settings: &Settings) -> anyhow::Result<Report> {
        let report = self.judge_greeting(seen, settings)?;
        let report = match seen.starttls {
            StartTls::Done => report,
            StartTls::Unknown => report.stated(Status::Warning, "TLS not supported by server"),
            StartTls::Refused => report.stated(Status::Warning, "Server does not support STARTTLS"),
        };
        let report = match (self.certificate, &seen.certificate) {
            (Some(validity), Some(certificate)) => validity.report(report, certificate),
            _ => report,
        };
        let pairs = self.command.iter().zip(&self.response).zip(&seen.replies);
        Ok(pairs.fold(report, |report, ((command, expected), reply)| {
            judge_reply(report, command, expected, reply)
        }))
    }
}

impl Smtp220 {
    fn session(&self) -> anyhow::Result<Session> {
        let options = tls::Options { name: self.sni.clone(), ..tls::Options::default() };
        let tls = if self.ssl {
            Security::Implicit(options)
        } else if self.starttls || self.certificate.is_some() {
            Security::StartTls(options)
        } else {
            Security::None
        };
        let greets = self.fqdn.is_some() || self.from.is_some() || !self.command.is_empty();
        let name = match (&self.fqdn, &tls) {
            (Some(name), _) => Some(name.clone()),
            (None, Security::None | Security::Implicit(_)) if !greets => None,
            (None, _) => Some(own_name()?),
        };
        let greeting =
            if self.expect.is_some() || name.is_some() { Extent::Text } else { Extent::Status };
        let (from, commands) = (self.from.clone(), self.command.clone());
        Ok(Session { tls, greeting, name, from, commands })
    }

    fn judge_greeting(&self, seen: &Seen, settings: &Settings) -> anyhow::Result<Report> {
        let time = self.times.answer(seen.after, self.service()?, settings);
        let greeting = visible(seen.greeting.first_line());
        let line = String::from_utf8_lossy(seen.greeting.first_line());
        let status = match (seen.greeting.code, &self.expect) {
            (None, _) => Status::Critical,
            (Some(_), Some(text)) if line.contains(text.as_str()) => Status::Ok,
            (Some(_), Some(_)) => Status::Warning,
            (Some(READY), None) => Status::Ok,
            (Some(_), None) => *service()?.imperfect.of(settings.plan),
        };
        let text = format!("{:.3} sec. response time on {}", seen.after.as_secs_f64(), seen.target);
        let report = Report::default();
        if status != Status::Ok {
            let invalid = format!("Invalid SMTP response received from host on {}", seen.target);
            return Ok(report.stated(status, format!("{invalid}: {greeting}")).measured("", time));
        }
        let text =
            if seen.greeting.code == Some(READY) { text } else { format!("{text} [{greeting}]") };
        let shown = if self.certificate.is_some() && time.status() == Status::Ok {
            String::new()
        } else {
            text
        };
        Ok(report.measured(shown, time).detail(greeting))
    }
}

/// Adds the finding about a reply, where it is not as expected.
fn judge_reply(report: Report, command: &str, expected: &Regex, reply: &Reply) -> Report {
    let text = String::from_utf8_lossy(&reply.text).replace('\r', "");
    if expected.is_match(text.as_bytes()) {
        return report;
    }
    let reply = visible(reply.first_line());
    report.stated(Status::Warning, format!("Invalid response '{reply}' to command '{command}'"))
}

/// The name of this machine.
fn own_name() -> anyhow::Result<String> {
    const FILE: &str = "/proc/sys/kernel/hostname";
    let name = std::fs::read_to_string(FILE)
        .map_err(|error| anyhow::Error::new(error).context(format!("cannot read {FILE}")))?;
    Ok(name.trim().to_owned())
}
