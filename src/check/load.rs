//! `check_load`: how much work is waiting for the processors.

use std::path::PathBuf;

use super::{Check, Settings, Vantage};
use crate::deadline::Deadline;
use crate::plugin::{Metric, Range, Report, Thresholds, Unit};
use crate::policy::Policy;
use crate::probe::Trouble;
use crate::probe::load;
use crate::probe::root::Root;

/// What the averages are called; the documented one is in the middle.
const LABELS: [&str; 3] = ["load1", "load5", "load15"];

/// One range for each average.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ranges([Range; 3]);

impl Ranges {
    fn parse(text: &str) -> Result<Self, String> {
        let ranges: Vec<Range> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        match ranges[..] {
            [all] => Ok(Self([all; 3])),
            [one, five, fifteen] => Ok(Self([one, five, fifteen])),
            // The C plugin reads `1,5` as `1,5,5`, where it may well mean one and a half.
            _ => Err(format!("{text:?}: expected one range, or three for 1, 5 and 15 minutes")),
        }
    }
}

/// Options of `check_load`.
#[derive(Debug, clap::Args)]
pub struct Load {
    /// Load averages that alert WARNING, one for all or three [default: documented load5 per processor]
    #[arg(short, long, value_name = "L1,L5,L15", value_parser = Ranges::parse, allow_hyphen_values = true)]
    warning: Option<Ranges>,
    /// Load averages that alert CRITICAL, one for all or three [default: documented load5 per processor]
    #[arg(short, long, value_name = "L1,L5,L15", value_parser = Ranges::parse, allow_hyphen_values = true)]
    critical: Option<Ranges>,
    /// Judge the averages divided by the number of processors that are online
    #[arg(short = 'r', long)]
    percpu: bool,
    /// Read DIR/proc and DIR/sys instead of /proc and /sys
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// Load averages, with the number of processors where it is needed.
#[derive(Debug)]
pub struct Averages {
    loads: [f64; 3],
    processors: Option<u32>,
}

impl Check for Load {
    const NAME: &'static str = "load";
    const TITLE: &'static str = "LOAD";
    const ABOUT: &'static str = "Tests the load averages, by the documented plan per processor";
    const VANTAGE: Vantage = Vantage::Host;
    type Seen = Averages;

    fn timeout(&self) -> u32 {
        Policy::documented().timeouts.host_check
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Averages, Trouble> {
        let counted = self.percpu || self.warning.is_none() || self.critical.is_none();
        Root::new(self.root.as_deref()).look(deadline, move |root| {
            let loads = load::averages(root)?;
            let processors = if counted { Some(load::processors(root)?) } else { None };
            Ok(Averages { loads, processors })
        })
    }

    fn judge(&self, seen: &Averages, settings: &Settings) -> anyhow::Result<Report> {
        let documented = Policy::documented().thresholds("load", "load5", settings.plan)?;
        let processors = f64::from(seen.processors.unwrap_or(1));
        let total = format!("total load average: {}", decimals(seen.loads));
        let mut report = Report::default();
        if self.percpu {
            let scaled = seen.loads.map(|load| share(load, processors));
            let text = format!("scaled load average: {} - {total}", decimals(scaled));
            for (number, label) in LABELS.into_iter().enumerate() {
                let judged = metric(&format!("scaled_{label}"), scaled[number]);
                let judged = judged.judged_by(self.thresholds(number, documented));
                report = report.shown(metric(label, seen.loads[number])).measured("", judged);
            }
            report = report.headline(text);
        } else {
            // A documented bound is for one processor, the values are for all of them.
            let documented = documented.map(|bound| bound * processors);
            for (number, label) in LABELS.into_iter().enumerate() {
                let judged = metric(label, seen.loads[number]);
                report = report.measured("", judged.judged_by(self.thresholds(number, documented)));
            }
            report = report.headline(total);
        }
        let counted = seen.processors.filter(|_| settings.verbose > 0);
        Ok(report.verbose(counted.map(|count| format!("processors online: {count}"))))
    }
}

impl Load {
    /// Thresholds of one average: what was given, else the documented ones of the average that has some.
    fn thresholds(&self, number: usize, documented: Thresholds) -> Thresholds {
        let own = if LABELS[number] == "load5" { documented } else { Thresholds::default() };
        let of = |ranges: Option<Ranges>| ranges.map(|Ranges(ranges)| ranges[number]);
        own.overridden(of(self.warning), of(self.critical))
    }
}

/// A load divided by processors, to nine decimals: 2.1 for 3 is 0.7 and not a trifle more, which would be above 0.7.
fn share(load: f64, processors: f64) -> f64 {
    (load / processors * 1e9).round() / 1e9
}

fn metric(label: &str, value: f64) -> Metric {
    Metric::new(label, value, Unit::Number).min(0.0)
}

fn decimals(loads: [f64; 3]) -> String {
    loads.map(|load| format!("{load:.2}")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_holds_for_all_averages_and_three_for_one_each() {
        let range = |text: &str| text.parse::<Range>().unwrap();
        assert_eq!(Ranges::parse("5"), Ok(Ranges([range("5"); 3])));
        assert_eq!(
            Ranges::parse("5,~:4,@3:4"),
            Ok(Ranges([range("5"), range("~:4"), range("@3:4")]))
        );
        for text in ["", "1,5", "1,2,3,4", "1,,3", "1,2,x", ",", "5, 4, 3"] {
            assert!(Ranges::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_share_meets_its_decimal_threshold() {
        assert_eq!(share(2.1, 3.0).to_string(), "0.7");
        assert_eq!(share(0.07, 7.0).to_string(), "0.01");
    }
}
