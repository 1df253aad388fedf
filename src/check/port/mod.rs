//! `check_port`: does a port answer, and how fast.

use std::time::Duration;

use anyhow::bail;

use super::{Check, Settings, Target, Times, Vantage, fault_status};
use crate::deadline::Deadline;
use crate::plugin::{Report, Status, visible};
use crate::policy::Service;
use crate::probe::dialogue::{Answer, Dialogue, Wanted};
use crate::probe::{Farewell, Fault, Trouble};

mod service;
mod talk;

use service::{Manners, Tls};
use talk::{Security, Talk};

/// Options of `check_port`.
#[derive(Debug, clap::Args)]
pub struct Port {
    #[command(flatten)]
    target: Target,
    /// Documented service: its port, its protocol, its thresholds (ftp, pop, imap, mysql, postgresql)
    #[arg(long, value_parser = service::named)]
    service: Option<&'static Service>,
    /// TCP port [default: the service's]
    #[arg(short, long, required_unless_present = "service", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// What judges a service
    #[arg(long, value_enum, default_value_t)]
    layer: Layer,
    #[command(flatten)]
    times: Times,
    #[command(flatten)]
    talk: Talk,
    #[command(flatten)]
    security: Security,
}

/// The layer of the network model that is judged.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
enum Layer {
    /// The connection alone
    #[value(name = "4")]
    Transport,
    /// The service's answer
    #[default]
    #[value(name = "7")]
    Application,
}

impl Check for Port {
    const NAME: &'static str = service::CHECK;
    const TITLE: &'static str = "TCP";
    const ABOUT: &'static str = "Tests whether a TCP port answers, and how fast";
    const VANTAGE: Vantage = Vantage::Server;
    type Seen = Answer;

    fn title(&self) -> String {
        let manners = self.service.and_then(|service| Manners::of(service).ok());
        manners.map_or(Self::TITLE, |manners| manners.title).to_owned()
    }

    fn service(&self) -> anyhow::Result<Option<&'static Service>> {
        Ok(self.service)
    }

    fn times(&self) -> Option<&Times> {
        Some(&self.times)
    }

    fn fault_status(&self, fault: &Fault, settings: &Settings) -> Status {
        if matches!(fault, Fault::Refused(_)) {
            self.talk.refused()
        } else {
            fault_status(fault, settings)
        }
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Answer, Trouble> {
        let Some(port) = self.port.or(self.service.map(|service| service.port)) else {
            return Err(anyhow::anyhow!("no port is given").into());
        };
        self.dialogue()?.hold((self.target.host(), port), self.target.family(), deadline)
    }

    fn judge(&self, seen: &Answer, settings: &Settings) -> anyhow::Result<Report> {
        let words = self.words(seen)?;
        let time = self.times.answer(seen.after, self.service, settings);
        if !seen.found {
            let text = if words.is_empty() {
                format!("Unexpected response from host/socket on {}", seen.target)
            } else {
                format!("Unexpected response from host/socket: {words}")
            };
            return Ok(Report::default().stated(self.talk.mismatch(), text).measured("", time));
        }
        let mut text =
            format!("{:.3} second response time on {}", seen.after.as_secs_f64(), seen.target);
        if !words.is_empty() {
            text = format!("{text} [{words}]");
        }
        let report = match (self.security.validity(), &seen.certificate) {
            (Some(validity), Some(certificate)) => {
                validity.report(Report::default(), certificate).detail(text.clone())
            }
            _ => Report::default(),
        };
        // A certificate that is asked for is what the first line tells, as long as nothing is worse.
        let shown = if self.security.validity().is_some() && time.status() == Status::Ok {
            String::new()
        } else {
            text
        };
        Ok(report.measured(shown, time))
    }
}

impl Port {
    fn dialogue(&self) -> anyhow::Result<Dialogue> {
        let (tls, expected) = (self.security.tls(), self.talk.expected());
        if self.layer == Layer::Transport {
            if tls.is_some() || expected.is_some() {
                bail!("--layer 4 judges the connection alone: it goes neither with -S nor with -e");
            }
            return Ok(Dialogue::default());
        }
        let Some(service) = self.service else {
            return Ok(Dialogue {
                tls,
                ask: self.talk.ask(),
                delay: self.talk.delay(),
                wanted: expected.map_or(Wanted::Connection, Wanted::Text),
                farewell: self.talk.farewell().map_or(Farewell::Close, Farewell::Words),
            });
        };
        let manners = Manners::of(service)?;
        if manners.tls == Tls::Inside && (tls.is_some() || expected.is_some()) {
            bail!("--service {} goes neither with -S nor with -e", service.name);
        }
        Ok(Dialogue {
            tls,
            ask: manners.ask.to_vec(),
            delay: Duration::ZERO,
            wanted: expected.map_or(Wanted::Answer(manners.form), Wanted::Text),
            farewell: manners.farewell(),
        })
    }

    /// What the server said, fit to be shown; empty where it said nothing or is not to be shown.
    fn words(&self, seen: &Answer) -> anyhow::Result<String> {
        if !self.talk.shows_words() {
            return Ok(String::new());
        }
        let words = match self.service {
            Some(service) if self.talk.expected().is_none() => {
                Manners::of(service)?.words(&seen.heard)
            }
            _ => seen.heard.text.trim_ascii_end().to_vec(),
        };
        Ok(visible(&words))
    }
}
