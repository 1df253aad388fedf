//! `check_dns`: does a name server answer, and does the name resolve.

use super::{Check, Settings, Times, Vantage};
use crate::deadline::Deadline;
use crate::plugin::{Report, Status};
use crate::policy::{Policy, Service};
use crate::probe::Trouble;
use crate::probe::dns::{Kind, Question, Reply, ResponseCode, ask, configured_server};
use crate::probe::tcp::Family;

mod expected;

use expected::Expected;

/// Options of `check_dns`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Dns {
    /// Name to look up; for an address, the name that belongs to it
    #[arg(
        short = 'H',
        long,
        value_name = "NAME",
        required_unless_present = "name",
        conflicts_with = "name"
    )]
    hostname: Option<String>,
    /// The same as -H
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Name server to ask [default: the first of /etc/resolv.conf]
    #[arg(short, long, value_name = "HOST")]
    server: Option<String>,
    /// Port of the name server [default: 53]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Type of the records: A, AAAA, MX, TXT, CNAME, NS, PTR, SOA, SRV, ANY, ... [default: A, else AAAA; for an address PTR]
    #[arg(short, long, value_name = "TYPE", value_parser = Kind::parse)]
    querytype: Option<Kind>,
    /// Address, network (CIDR) or other data that is expected; may be repeated. Data that no -a names is WARNING under core2duo,
    /// else CRITICAL
    #[arg(short = 'a', long, value_name = "DATA", value_parser = Expected::parse, conflicts_with = "expect_nxdomain")]
    expected_address: Vec<Expected>,
    /// Expect data for every -a
    #[arg(short = 'L', long, requires = "expected_address")]
    all: bool,
    /// Expect that the name does not exist
    #[arg(short = 'n', long)]
    expect_nxdomain: bool,
    /// Expect that the server is an authority for the name; then it need not resolve names of others
    #[arg(short = 'A', long)]
    expect_authority: bool,
    /// Ask the server over IPv4 alone
    #[arg(short = '4', long = "use-ipv4", overrides_with = "ipv6")]
    ipv4: bool,
    /// Ask the server over IPv6 alone
    #[arg(short = '6', long = "use-ipv6", overrides_with = "ipv4")]
    ipv6: bool,
    #[command(flatten)]
    times: Times,
}

fn service() -> anyhow::Result<&'static Service> {
    Policy::documented().service("dns")
}

impl Check for Dns {
    const NAME: &'static str = "dns";
    const TITLE: &'static str = "DNS";
    const ABOUT: &'static str = "Tests whether a name server answers, and whether a name resolves";
    const VANTAGE: Vantage = Vantage::Server;
    const SEPARATOR: &'static str = ": ";
    type Seen = Reply;

    fn service(&self) -> anyhow::Result<Option<&'static Service>> {
        service().map(Some)
    }

    fn times(&self) -> Option<&Times> {
        Some(&self.times)
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Reply, Trouble> {
        let wrong = |why: String| Trouble::Ours(anyhow::anyhow!(why));
        let question = Question::new(self.name(), self.querytype).map_err(wrong)?;
        let server = match &self.server {
            Some(server) => server.clone(),
            None => configured_server()?.to_string(),
        };
        let family = match (self.ipv4, self.ipv6) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            (false, false) => Family::Any,
        };
        let at = (server.as_str(), self.port.unwrap_or(service()?.port));
        let first = ask(at, family, &question, deadline)?;
        // Nobody said which addresses are meant, and the name may have those of IPv6 alone.
        let other = if self.querytype.is_none() { question.other_addresses() } else { None };
        match other {
            Some(other) if first.is_empty() => {
                let second = ask(at, family, &other, deadline)?;
                Ok(Reply { after: first.after + second.after, ..second })
            }
            _ => Ok(first),
        }
    }

    fn judge(&self, seen: &Reply, settings: &Settings) -> anyhow::Result<Report> {
        let time = self.times.answer(seen.after, self.service()?, settings);
        let took = format!("{:.3} seconds response time", seen.after.as_secs_f64());
        let name = self.name();
        if let Some(fault) = self.fault(seen) {
            return Ok(Report::default().stated(Status::Critical, fault).measured("", time));
        }
        if seen.code == ResponseCode::NXDomain {
            let text = format!("{took}. {name} returns NXDOMAIN");
            return Ok(Report::default().measured(text, time));
        }
        let imperfect = *service()?.imperfect.of(settings.plan);
        let values: Vec<&str> = seen.values.iter().map(|value| value.text.as_str()).collect();
        let values = values.join(",");
        let hints = self.hints(seen);
        let remark =
            if hints.is_empty() { String::new() } else { format!(" ({})", hints.join("; ")) };
        let text = format!("{took}. {name} returns {values}{remark}");
        let hinted = if hints.is_empty() { Status::Ok } else { imperfect };
        // A plan that knows no imperfect answer has no room for one that the operator rules out himself.
        let wrong = if imperfect == Status::Ok { Status::Critical } else { imperfect };
        let report = match self.unexpected(seen) {
            Some(unexpected) => Report::default().stated(wrong, unexpected),
            None => Report::default().headline(text),
        };
        Ok(report.stated(hinted, hints.join("; ")).measured(took, time))
    }
}

impl Dns {
    fn name(&self) -> &str {
        self.hostname.as_deref().or(self.name.as_deref()).unwrap_or_default()
    }

    /// What makes an answer as bad as none.
    fn fault(&self, seen: &Reply) -> Option<String> {
        let (name, server) = (self.name(), &seen.server);
        let values = || expected::list(seen.values.iter().map(|value| &value.text));
        if self.expect_authority && !seen.authoritative {
            return Some(format!("server {server} is not authoritative for {name}"));
        }
        if seen.code == ResponseCode::NXDomain {
            return (!self.expect_nxdomain)
                .then(|| format!("Domain '{name}' was not found by the server"));
        }
        if seen.code == ResponseCode::Refused {
            return Some(format!("Query was refused by DNS server at {server}"));
        }
        if seen.code == ResponseCode::ServFail {
            return Some(format!("DNS failure for {name} at {server}"));
        }
        if seen.code != ResponseCode::NoError {
            return Some(format!("{server} answered for {name}: {}", seen.code));
        }
        if self.expect_nxdomain {
            return Some(format!("Domain '{name}' was found by the server: '{}'", values()));
        }
        if !seen.values.is_empty() {
            return None;
        }
        let kind = self.querytype.map_or("address".to_owned(), |kind| format!("{kind} record"));
        let truncated = seen.truncated.as_ref().map(|why| format!(" in a truncated answer: {why}"));
        Some(format!("{name} has no {kind}{}", truncated.unwrap_or_default()))
    }

    /// What the answer warns of, where the name resolved all the same.
    fn hints(&self, seen: &Reply) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(why) = &seen.truncated {
            hints.push(format!("the answer is truncated, and over TCP {why}"));
        }
        if !seen.recursive && !self.expect_authority {
            hints.push(format!("recursion is not available at {}", seen.server));
        }
        hints
    }

    /// Names the data that no `-a` names; under `-L` also a missing one.
    fn unexpected(&self, seen: &Reply) -> Option<String> {
        let expected = &self.expected_address;
        let known = seen.values.iter().all(|value| expected.iter().any(|it| it.admits(value)));
        let whole = expected.iter().all(|it| seen.values.iter().any(|value| it.admits(value)));
        if expected.is_empty() || (known && (whole || !self.all)) {
            return None;
        }
        let wanted = expected::list(expected.iter().map(Expected::text));
        let found = expected::list(seen.values.iter().map(|value| &value.text));
        Some(format!("expected '{wanted}' but got '{found}'"))
    }
}
