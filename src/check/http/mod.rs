//! `check_http_layer7`: does a web server answer, how, and how fast.
//!
//! The answer is the status line with its headers; by its time and status the policy judges. The page is read behind it, for
//! its size and for what the options expect of it. A page that drips or floods is cut off and told, and does not change what
//! was found of the answer.

mod asking;
mod contents;
mod follow;
mod judge;
mod place;
mod secure;
mod value;
mod visit;

use std::time::Duration;

use crate::deadline::{Deadline, Phase};
use crate::plugin::{Metric, Report};
use crate::policy::Service;
use crate::probe::http::{Scheme, Url};
use crate::probe::tcp::{self, Attempt, Connection};
use crate::probe::{Fault, Trouble, tls};

use super::{Check, Settings, Times, Vantage, fault_status};
use asking::Asking;
use contents::Contents;
use follow::{Follow, Stop};
use place::{Layer, Place};
use secure::Secure;
use value::Second;
use visit::Visit;

/// Options of `check_http_layer7`.
#[derive(Debug, clap::Args)]
pub struct Http {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    secure: Secure,
    #[command(flatten)]
    contents: Contents,
    #[command(flatten)]
    follow: Follow,
    /// Add the times of connecting, TLS, sending, waiting and reading to the performance data
    #[arg(short = 'E', long)]
    extended_perfdata: bool,
}

/// What was seen.
#[derive(Debug)]
pub enum Seen {
    /// The port accepted a connection; no more was asked.
    Accepted {
        /// Address and port.
        target: String,
        /// When.
        after: Duration,
        /// What the second port did instead of accepting one, too.
        second: Option<Fault>,
    },
    /// A certificate; no more was asked.
    Shown(tls::Certificate),
    /// An answer.
    Answered(Box<Visit>),
}

impl Check for Http {
    const NAME: &'static str = place::CHECK;
    const TITLE: &'static str = "HTTP";
    const ABOUT: &'static str = "Tests whether a web server answers, how, and how fast";
    const VANTAGE: Vantage = Vantage::Server;
    const SEPARATOR: &'static str = ": ";
    type Seen = Seen;

    fn service(&self) -> anyhow::Result<Option<&'static Service>> {
        Ok(Some(self.place.service))
    }

    fn times(&self) -> Option<&Times> {
        Some(&self.place.times)
    }

    fn probe(&self, settings: &Settings, deadline: &Deadline) -> Result<Seen, Trouble> {
        let first = self.first_stop()?;
        let expected = self.contents.compiled()?;
        self.asking.verified(&first.url)?;
        self.secure.options(&first.url.host)?;
        let family = self.place.family();
        let connection = tcp::open(&first.address, first.url.port, family, deadline)?;
        if self.secure.certificate.is_some() && !self.secure.continue_after_certificate {
            let options = self.secure.options(&first.url.host)?;
            return Ok(Seen::Shown(tls::start(connection, &options)?.certificate()?));
        }
        let connected = deadline.elapsed();
        let second = self.second_attempt(&connection, settings, deadline)?;
        if self.place.layer == Layer::Connection {
            let second = finished(second, deadline)?;
            let target = connection.target();
            return Ok(Seen::Accepted { target, after: connected, second });
        }
        let mut visit = self.visit(connection, first, deadline)?;
        visit.second = finished(second, deadline)?;
        self.read(&mut visit, &expected, settings, deadline);
        Ok(Seen::Answered(Box::new(visit)))
    }

    fn judge(&self, seen: &Seen, settings: &Settings) -> anyhow::Result<Report> {
        let report = Report::default();
        match seen {
            Seen::Accepted { target, after, second } => {
                let text = format!("{:.3} second response time on {target}", after.as_secs_f64());
                let report = report.measured(text, self.time(*after, settings));
                Ok(match second {
                    None => report,
                    Some(fault) => report.stated(fault_status(fault, settings), fault.to_string()),
                })
            }
            Seen::Shown(certificate) => Ok(match self.secure.certificate {
                None => report,
                Some(validity) => validity.report(report, certificate),
            }),
            Seen::Answered(visit) => self.judge_answer(visit, settings),
        }
    }
}

impl Http {
    /// The place that the options name.
    fn first_stop(&self) -> anyhow::Result<Stop> {
        let secure = self.place.is_https() || self.secure.is_asked();
        let scheme = if secure { Scheme::Https } else { Scheme::Http };
        let stray = self.secure.stray_word();
        if let (Some(word), Some(_)) = (stray, self.place.name(None)) {
            anyhow::bail!("{word:?} is no TLS version: 1, 1.1, 1.2 or 1.3, or with +");
        }
        let name = self.place.name(stray).map(|(name, _)| name);
        let address = self.place.address().or(name);
        let (Some(host), Some(address)) = (name.or(address), address) else {
            anyhow::bail!("a host is required: -H, -I or both");
        };
        let url = Url {
            scheme,
            host: host.to_owned(),
            port: self.place.port(scheme),
            path: self.asking.url.clone(),
        };
        Ok(Stop { url, address: address.to_owned() })
    }

    /// Asks the second port for a connection, too, so that it can accept while the first one answers.
    fn second_attempt(
        &self,
        first: &Connection,
        settings: &Settings,
        deadline: &Deadline,
    ) -> Result<Option<Result<Attempt, Fault>>, Trouble> {
        let port = match self.place.with_port {
            Some(Second::None) => None,
            Some(Second::Port(port)) => Some(port),
            None => *self.place.service.with_port.of(settings.plan),
        };
        let mut address = first.address();
        let Some(port) = port.filter(|port| *port != address.port()) else {
            return Ok(None);
        };
        address.set_port(port);
        match tcp::begin(address, deadline) {
            Ok(attempt) => Ok(Some(Ok(attempt))),
            Err(Trouble::Target(fault)) => Ok(Some(Err(fault))),
            Err(ours) => Err(ours),
        }
    }

    /// The time to the answer with its documented thresholds.
    fn time(&self, after: Duration, settings: &Settings) -> Metric {
        self.place.times.answer(after, Some(self.place.service), settings)
    }
}

/// What the second port did instead of accepting a connection.
fn finished(
    attempt: Option<Result<Attempt, Fault>>,
    deadline: &Deadline,
) -> Result<Option<Fault>, Trouble> {
    let attempt = match attempt {
        None => return Ok(None),
        Some(Err(fault)) => return Ok(Some(fault)),
        Some(Ok(attempt)) => attempt,
    };
    deadline.enter(Phase::Connect);
    match attempt.finish(deadline) {
        Ok(_) => Ok(None),
        Err(Trouble::Target(fault)) => Ok(Some(fault)),
        Err(ours) => Err(ours),
    }
}
