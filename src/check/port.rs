//! `check_port`: does a port answer, and how fast.

use std::time::Duration;

use super::{Check, Settings, Target, Vantage, fault_status};
use crate::deadline::Deadline;
use crate::plugin::{Metric, Range, Report, Thresholds, Unit, seconds};
use crate::probe::{Fault, Trouble, tcp};

fn range(text: &str) -> Result<Range, String> {
    Range::parse(text, seconds)
}

/// Options of `check_port`.
#[derive(Debug, clap::Args)]
pub struct Port {
    #[command(flatten)]
    target: Target,
    /// TCP port
    #[arg(short, long)]
    port: u16,
    /// Seconds that alert WARNING
    #[arg(short, long, value_name = "RANGE", value_parser = range, allow_hyphen_values = true)]
    warning: Option<Range>,
    /// Seconds that alert CRITICAL
    #[arg(short, long, value_name = "RANGE", value_parser = range, allow_hyphen_values = true)]
    critical: Option<Range>,
}

/// An accepted connection.
#[derive(Debug)]
pub struct Answer {
    target: String,
    after: Duration,
}

impl Check for Port {
    const NAME: &'static str = "port";
    const TITLE: &'static str = "TCP";
    const ABOUT: &'static str = "Tests whether a TCP port answers, and how fast";
    const VANTAGE: Vantage = Vantage::Server;
    type Seen = Answer;

    fn timeout(&self) -> u32 {
        10
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Answer, Trouble> {
        let connection = tcp::open(self.target.host(), self.port, self.target.family(), deadline)?;
        Ok(Answer { target: connection.target(), after: deadline.elapsed() })
    }

    fn judge(&self, seen: &Answer, settings: &Settings) -> anyhow::Result<Report> {
        let text =
            format!("{:.3} second response time on {}", seen.after.as_secs_f64(), seen.target);
        Ok(Report::default().measured(text, self.time(seen.after, settings)))
    }

    fn judge_fault(
        &self,
        fault: &Fault,
        elapsed: Duration,
        settings: &Settings,
    ) -> anyhow::Result<Report> {
        let report = Report::default().stated(fault_status(fault, settings), fault.to_string());
        Ok(report.shown(self.time(elapsed, settings)))
    }
}

impl Port {
    fn time(&self, after: Duration, settings: &Settings) -> Metric {
        let thresholds = Thresholds::default().overridden(self.warning, self.critical);
        let metric = Metric::new("time", after.as_secs_f64(), Unit::Seconds).judged_by(thresholds);
        metric.min(0.0).max(settings.timeout.as_secs_f64())
    }
}
