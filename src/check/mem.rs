//! `check_mem`: how much of the memory is in use.

use std::path::PathBuf;

use anyhow::Context;

use super::{Check, Settings, Vantage};
use crate::deadline::Deadline;
use crate::plugin::{Metric, Report, Thresholds, Unit};
use crate::policy::Policy;
use crate::probe::Trouble;
use crate::probe::mem::{self, Memory, Place};
use crate::probe::root::Root;
use amount::Amount;

mod amount;

/// Options of `check_mem`.
#[derive(Debug, clap::Args)]
pub struct Mem {
    /// Memory in use that alerts WARNING: 80, 80% or 3G (a plain number above 100 counts bytes)
    #[arg(short, long, value_name = "RANGE", value_parser = Amount::parse, allow_hyphen_values = true)]
    warning: Option<Amount>,
    /// Memory in use that alerts CRITICAL
    #[arg(short, long, value_name = "RANGE", value_parser = Amount::parse, allow_hyphen_values = true)]
    critical: Option<Amount>,
    /// Read DIR/proc and DIR/sys instead of /proc and /sys
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Check for Mem {
    const NAME: &'static str = "mem";
    const TITLE: &'static str = "MEM";
    const ABOUT: &'static str = "Tests how much memory is in use, of the machine or of the control group that is nearer to its limit";
    const VANTAGE: Vantage = Vantage::Host;
    type Seen = Memory;

    fn timeout(&self) -> u32 {
        Policy::documented().timeouts.host_check
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Memory, Trouble> {
        Root::new(self.root.as_deref()).look(deadline, mem::read)
    }

    fn judge(&self, seen: &Memory, settings: &Settings) -> anyhow::Result<Report> {
        let place = fullest(&seen.places).context("no memory was found")?;
        let total = float(place.total);
        let bytes =
            |label: &str, value: u64| Metric::new(label, float(value), Unit::Bytes).min(0.0);
        let used =
            bytes("used", place.used).max(total).judged_by(self.thresholds(total, settings)?);
        let (swapped, swap) = seen.swap;
        let report = Report::default()
            .measured(text(place), used)
            .shown(bytes("cached", seen.cached))
            .shown(bytes("buffers", seen.buffers))
            .shown(bytes("free", seen.free))
            .shown(bytes("swap", swapped).max(float(swap)));
        let lines = if settings.verbose > 0 { details(seen) } else { Vec::new() };
        Ok(report.verbose(lines))
    }
}

impl Mem {
    /// Thresholds in bytes. Bytes are judged and not per cent, so that a bound is met exactly.
    fn thresholds(&self, total: f64, settings: &Settings) -> anyhow::Result<Thresholds> {
        let documented = Policy::documented().thresholds("mem", "used", settings.plan)?;
        let own = |amount: Option<Amount>| amount.map(|it| it.of(total));
        let documented = documented.map(|percent| percent * total / 100.0);
        Ok(documented.overridden(own(self.warning), own(self.critical)))
    }
}

/// What is nearest to its limit. Where two are equal, the first: the machine before control groups.
fn fullest(places: &[Place]) -> Option<&Place> {
    places.iter().reduce(|worst, place| if percent(place) > percent(worst) { place } else { worst })
}

fn text(place: &Place) -> String {
    let (unit, name) = unit(place.total);
    let (used, total) = (float(place.used) / unit, float(place.total) / unit);
    let text = format!("{:.1}% used ({used:.1} of {total:.1} {name})", percent(place));
    match &place.cgroup {
        None => text,
        Some(path) => format!("{text}, limit of cgroup {path}"),
    }
}

/// The lines of `-v`.
fn details(seen: &Memory) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for place in &seen.places {
        let which = if place.cgroup.is_none() { "machine: " } else { "" };
        lines.push(format!("{which}{}", text(place)));
    }
    if seen.estimated {
        lines.push("the kernel does not tell MemAvailable: MemFree + Buffers + Cached - Shmem is taken for it".to_owned());
    }
    if seen.arc > 0 {
        lines.push(format!(
            "the ZFS cache would give back {} bytes, which count as available",
            seen.arc
        ));
    }
    lines
}

/// The greatest unit of which there is at least one.
fn unit(bytes: u64) -> (f64, &'static str) {
    let units = [(1_u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let found = units.into_iter().find(|(size, _)| *size <= bytes);
    found.map_or((1.0, "B"), |(size, name)| (float(size), name))
}

fn percent(place: &Place) -> f64 {
    float(place.used) / float(place.total) * 100.0
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 8 PiB, more memory than machines have")]
fn float(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(cgroup: Option<&str>, used: u64, total: u64) -> Place {
        Place { cgroup: cgroup.map(str::to_owned), used, total }
    }

    #[test]
    fn what_is_nearest_to_its_limit_counts() {
        let machine = place(None, 50, 100);
        let group = |used, total| place(Some("/a"), used, total);
        for (other, count) in [(group(5, 10), &machine), (group(4, 10), &machine)] {
            assert_eq!(fullest(&[machine.clone(), other]), Some(count));
        }
        assert_eq!(fullest(&[machine, group(6, 10)]), Some(&group(6, 10)));
        assert_eq!(fullest(&[]), None);
    }

    #[test]
    fn the_text_says_what_is_full() {
        assert_eq!(text(&place(None, 1_300 << 20, 3_100 << 20)), "41.9% used (1.3 of 3.0 GiB)");
        assert_eq!(
            text(&place(Some("/a"), 1, 1000)),
            "0.1% used (1.0 of 1000.0 B), limit of cgroup /a"
        );
    }
}
