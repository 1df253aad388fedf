//! Thresholds on the time to an answer, and the value that they judge.

use std::time::Duration;

use super::Settings;
use crate::plugin::{Metric, Range, Unit, seconds};
use crate::policy::Service;

fn range(text: &str) -> Result<Range, String> {
    Range::parse(text, seconds)
}

/// Options on the time to the answer.
#[derive(Clone, Debug, clap::Args)]
pub struct Times {
    /// Seconds to the answer that alert WARNING
    #[arg(short, long, value_name = "RANGE", value_parser = range, allow_hyphen_values = true)]
    warning: Option<Range>,
    /// Seconds to the answer that alert CRITICAL
    #[arg(short, long, value_name = "RANGE", value_parser = range, allow_hyphen_values = true)]
    critical: Option<Range>,
}

impl Times {
    /// The time to an answer as the C peers' `time=…s`, judged by what was given or else documented for the service.
    pub fn answer(
        &self,
        after: Duration,
        service: Option<&Service>,
        settings: &Settings,
    ) -> Metric {
        let documented = service.map(|it| it.answer_time(settings.plan)).unwrap_or_default();
        let thresholds = documented.overridden(self.warning, self.critical);
        let metric = Metric::new("time", after.as_secs_f64(), Unit::Seconds).judged_by(thresholds);
        metric.min(0.0).max(settings.timeout.as_secs_f64())
    }
}
