//! Thresholds on free room, as the C peer has them: the options name what has to be free, the documented bounds what may be in use.

use crate::plugin::{Range, Status, Threshold, Thresholds, decimal};
use crate::probe::disk::Space;

/// What the numbers of a limit count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Measure {
    /// Per cent.
    Percent,
    /// The unit of `-u`.
    Units,
}

/// A limit of the command line on what is free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limit {
    range: Range,
    measure: Measure,
}

impl Limit {
    /// Reads free room: `N` or `N%` alerts below N; all other ranges are read as such.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let measure = if text.contains('%') { Measure::Percent } else { Measure::Units };
        let bare = !text.contains([':', '@', '~']) && !text.is_empty();
        let written = if bare { format!("{text}:") } else { text.to_owned() };
        let range = Range::parse(&written, |number| match measure {
            Measure::Units => decimal(number),
            Measure::Percent => percent(number),
        })?;
        if bare && text.starts_with('-') {
            return Err(format!("{text:?} is less than nothing"));
        }
        Ok(Self { range, measure })
    }

    /// Reads free inodes, which are counted in per cent with or without the sign.
    pub(super) fn parse_inodes(text: &str) -> Result<Self, String> {
        let signed: Vec<String> = text
            .split(':')
            .map(|side| match side.trim_start_matches('@') {
                "" | "~" => side.to_owned(),
                number if number.ends_with('%') => side.to_owned(),
                _ => format!("{side}%"),
            })
            .collect();
        Self::parse(&signed.join(":"))
    }

    fn alerts(self, space: &Space, unit: f64) -> bool {
        self.range.alerts(match self.measure {
            Measure::Percent => space.free_percent(),
            Measure::Units => space.available() / unit,
        })
    }

    /// The limit as a range of bytes in use, for the performance data.
    fn in_use(self, space: &Space, unit: f64) -> Threshold {
        let usable = space.usable();
        self.mirrored(
            usable,
            match self.measure {
                Measure::Percent => usable / 100.0,
                Measure::Units => unit,
            },
        )
    }

    /// What is free turned into what is in use of `whole`. The numbers of the limit count in `scale`.
    fn mirrored(self, whole: f64, scale: f64) -> Threshold {
        Threshold::Given(self.range.reflected(|free| (whole - free * scale).max(0.0)))
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number = decimal(text.strip_suffix('%').ok_or("per cent and units do not mix")?)?;
    if (0.0..=100.0).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{text:?} is not between 0% and 100%"))
    }
}

/// What judges one file system: limits of the command line, or else the documented bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    pub(super) warning: Option<Limit>,
    pub(super) critical: Option<Limit>,
    pub(super) inode_warning: Option<Limit>,
    pub(super) inode_critical: Option<Limit>,
}

/// Limits with what else they need: the documented bounds on the use in per cent, and bytes of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yardstick {
    pub(super) limits: Limits,
    pub(super) documented: Thresholds,
    pub(super) unit: f64,
}

impl Yardstick {
    /// State of the room on a file system; UNKNOWN where there is nothing to fill.
    pub(super) fn room(&self, space: &Space) -> Status {
        let used = space.use_percent();
        let alerts = |limit: Option<Limit>, documented: Option<Threshold>| match limit {
            Some(limit) => limit.alerts(space, self.unit),
            None => documented.is_some_and(|bound| bound.alerts(used)),
        };
        if used.is_nan() {
            Status::Unknown
        } else if alerts(self.limits.critical, self.documented.critical) {
            Status::Critical
        } else if alerts(self.limits.warning, self.documented.warning) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// State of the inodes; only limits of the command line judge them.
    pub(super) fn inodes(&self, space: &Space) -> Status {
        let Some(free) = space.inodes_free_percent() else { return Status::Ok };
        let alerts = |limit: Option<Limit>| limit.is_some_and(|limit| limit.range.alerts(free));
        if alerts(self.limits.inode_critical) {
            Status::Critical
        } else if alerts(self.limits.inode_warning) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// The thresholds as bytes in use, for the performance data.
    pub(super) fn bytes(&self, space: &Space) -> Thresholds {
        let usable = space.usable();
        let bytes = |limit: Option<Limit>, documented: Option<Threshold>| match limit {
            Some(limit) => Some(limit.in_use(space, self.unit)),
            None => documented.map(|it| it.map(|percent| usable * percent / 100.0)),
        };
        Thresholds {
            warning: bytes(self.limits.warning, self.documented.warning),
            critical: bytes(self.limits.critical, self.documented.critical),
        }
    }

    /// The thresholds as inodes in use, for the performance data.
    pub(super) fn inodes_used(&self, all: f64) -> Thresholds {
        let used = |limit: Option<Limit>| limit.map(|it| it.mirrored(all, all / 100.0));
        Thresholds {
            warning: used(self.limits.inode_warning),
            critical: used(self.limits.inode_critical),
        }
    }
}
