//! What makes a value WARNING or CRITICAL.

use std::fmt;

use super::{Range, Status};

/// A documented lower bound of a state. "6 s or more" is not what `-w 6` means, so it is a kind of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This value or more.
    From(f64),
    /// More than this value.
    Above(f64),
}

impl Bound {
    /// Whether a value has reached the bound.
    pub fn alerts(self, value: f64) -> bool {
        match self {
            Self::From(bound) => value >= bound,
            Self::Above(bound) => value > bound,
        }
    }

    /// The number itself.
    pub fn number(self) -> f64 {
        match self {
            Self::From(number) | Self::Above(number) => number,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(number) => write!(f, ">= {number}"),
            Self::Above(number) => write!(f, "> {number}"),
        }
    }
}

/// One threshold: documented, or given by `-w` or `-c`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// A bound of the policy, or of an option that means "or more" as its C peer does.
    Documented(Bound),
    /// A range of the command line.
    Given(Range),
}

impl Threshold {
    /// Whether a value alerts.
    pub fn alerts(self, value: f64) -> bool {
        match self {
            Self::Documented(bound) => bound.alerts(value),
            Self::Given(range) => range.alerts(value),
        }
    }

    /// The number that performance data show, where one number says it.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Documented(bound) => Some(bound.number()),
            Self::Given(range) => range.upper(),
        }
    }

    /// The same threshold in another unit.
    #[must_use]
    pub fn map(self, scale: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Documented(Bound::From(number)) => Self::Documented(Bound::From(scale(number))),
            Self::Documented(Bound::Above(number)) => Self::Documented(Bound::Above(scale(number))),
            Self::Given(range) => Self::Given(range.map(scale)),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Documented(bound) => bound.fmt(f),
            Self::Given(range) => range.fmt(f),
        }
    }
}

/// The thresholds of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// Alerts WARNING.
    pub warning: Option<Threshold>,
    /// Alerts CRITICAL.
    pub critical: Option<Threshold>,
}

impl Thresholds {
    /// State of a value. What is not a number could not be measured: UNKNOWN.
    pub fn judge(&self, value: f64) -> Status {
        let alerts = |threshold: Option<Threshold>| threshold.is_some_and(|it| it.alerts(value));
        if value.is_nan() {
            Status::Unknown
        } else if alerts(self.critical) {
            Status::Critical
        } else if alerts(self.warning) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// These thresholds, replaced one by one by what the command line gave.
    #[must_use]
    pub fn overridden(self, warning: Option<Range>, critical: Option<Range>) -> Self {
        Self {
            warning: warning.map(Threshold::Given).or(self.warning),
            critical: critical.map(Threshold::Given).or(self.critical),
        }
    }

    /// The same thresholds in another unit.
    #[must_use]
    pub fn map(self, scale: impl Fn(f64) -> f64) -> Self {
        Self {
            warning: self.warning.map(|it| it.map(&scale)),
            critical: self.critical.map(|it| it.map(&scale)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documented(warning: Bound, critical: Bound) -> Thresholds {
        Thresholds {
            warning: Some(Threshold::Documented(warning)),
            critical: Some(Threshold::Documented(critical)),
        }
    }

    #[test]
    fn a_bound_knows_whether_it_is_inclusive() {
        let thresholds = documented(Bound::Above(5.0), Bound::From(10.0));
        let cases = [
            (5.0, Status::Ok),
            (5.0_f64.next_up(), Status::Warning),
            (10.0_f64.next_down(), Status::Warning),
        ];
        for (value, status) in cases.into_iter().chain([(10.0, Status::Critical)]) {
            assert_eq!(thresholds.judge(value), status, "{value}");
        }
    }

    #[test]
    fn what_was_not_measured_is_unknown_whatever_the_thresholds() {
        assert_eq!(Thresholds::default().judge(f64::NAN), Status::Unknown);
        assert_eq!(documented(Bound::From(1.0), Bound::From(2.0)).judge(f64::NAN), Status::Unknown);
    }

    #[test]
    fn options_override_one_by_one() {
        let own =
            documented(Bound::From(6.0), Bound::From(11.0)).overridden("6".parse().ok(), None);
        assert_eq!(own.judge(6.0), Status::Ok);
        assert_eq!(own.judge(11.0), Status::Critical);
    }
}
