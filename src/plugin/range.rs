//! Ranges in the notation of the Monitoring Plugins guidelines: `[@][start:][end]`.

use std::fmt;
use std::str::FromStr;

use super::number::decimal;

/// Values that alert: those outside `start..=end`, or with `@` those inside.
///
/// | text | alerts |
/// | --- | --- |
/// | `10` | below 0 or above 10 |
/// | `10:` | below 10 |
/// | `~:10` | above 10 |
/// | `10:20` | below 10 or above 20 |
/// | `@10:20` | from 10 to 20, ends included |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    // Invariant: start <= end, neither is NaN.
    start: f64,
    end: f64,
    inside: bool,
}

impl Range {
    /// Reads a range whose numbers are written in a unit.
    ///
    /// # Errors
    /// Text that is no range, with the reason.
    pub fn parse(text: &str, number: impl Fn(&str) -> Result<f64, String>) -> Result<Self, String> {
        let (inside, body) = text.strip_prefix('@').map_or((false, text), |body| (true, body));
        let bound =
            |side: &str, missing: f64| if side.is_empty() { Ok(missing) } else { number(side) };
        let (start, end) = match body.split_once(':') {
            None if body.is_empty() => return Err("a range is empty".to_owned()),
            None => (0.0, number(body)?),
            Some(("", "")) => return Err(format!("range {text:?} has no number")),
            Some(("~", end)) => (f64::NEG_INFINITY, bound(end, f64::INFINITY)?),
            Some((start, end)) => (bound(start, 0.0)?, bound(end, f64::INFINITY)?),
        };
        if start > end {
            return Err(format!("range {text:?} starts above its end"));
        }
        Ok(Self { start, end, inside })
    }

    /// Whether a value alerts. NaN is for the caller to refuse.
    pub fn alerts(self, value: f64) -> bool {
        (self.start..=self.end).contains(&value) == self.inside
    }

    /// The one number above which values alert, where the range is no more than that.
    pub fn upper(self) -> Option<f64> {
        let plain = !self.inside && self.end.is_finite();
        (plain && (self.start == 0.0 || self.start == f64::NEG_INFINITY)).then_some(self.end)
    }

    /// The range of the opposite value: of what is in use for a range of what is free. `opposite` falls where its argument rises.
    #[must_use]
    pub fn reflected(self, opposite: impl Fn(f64) -> f64) -> Self {
        let bound = |value: f64| if value.is_finite() { opposite(value) } else { -value };
        Self { start: bound(self.end), end: bound(self.start), inside: self.inside }
    }

    /// The same range with its numbers scaled, for instance from per cent to bytes.
    #[must_use]
    pub fn map(self, scale: impl Fn(f64) -> f64) -> Self {
        let bound = |value: f64| if value.is_finite() { scale(value) } else { value };
        Self { start: bound(self.start), end: bound(self.end), inside: self.inside }
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text, decimal)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.inside {
            f.write_str("@")?;
        }
        if self.start == f64::NEG_INFINITY {
            f.write_str("~:")?;
        } else if self.start != 0.0 || self.end.is_infinite() {
            write!(f, "{}:", self.start)?;
        }
        if self.end.is_finite() { write!(f, "{}", self.end) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of: text, values that alert, values that do not.
    const TABLE: &[(&str, &[f64], &[f64])] = &[
        ("10", &[-0.001, 10.001], &[0.0, 10.0]),
        ("10:", &[9.999, -1.0], &[10.0, 1e9]),
        ("~:10", &[10.001], &[-1e9, 10.0]),
        ("10:20", &[9.999, 20.001], &[10.0, 20.0]),
        ("@10:20", &[10.0, 15.0, 20.0], &[9.999, 20.001]),
        ("@~:0", &[0.0, -5.0], &[0.001]),
        ("-10:10", &[-10.001, 10.001], &[-10.0, 10.0]),
        ("~:", &[], &[-1e9, 0.0, 1e9]),
        ("0", &[0.001, -0.001], &[0.0]),
        ("0.5", &[0.51], &[0.5]),
    ];

    #[test]
    fn the_guidelines_table_holds_and_is_printed_back() {
        for (text, alerting, quiet) in TABLE {
            let range: Range = text.parse().unwrap();
            assert!(alerting.iter().all(|value| range.alerts(*value)), "{text}");
            assert!(!quiet.iter().any(|value| range.alerts(*value)), "{text}");
            assert_eq!(range.to_string(), *text);
        }
    }

    #[test]
    fn what_the_c_plugins_misread_is_refused() {
        for text in [
            "", ":", "~", "@", "@@1:2", "20:10", "-1", "1:2:3", "abc", "10x", "1,5", "inf", "nan",
            "~10", "5:~",
        ] {
            assert!(text.parse::<Range>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_an_upper_limit_is_a_plain_number() {
        for (text, number) in [
            ("10", Some(10.0)),
            ("0:10", Some(10.0)),
            ("~:10", Some(10.0)),
            ("10:", None),
            ("5:10", None),
        ] {
            assert_eq!(text.parse::<Range>().unwrap().upper(), number, "{text}");
        }
        assert_eq!("@10".parse::<Range>().unwrap().upper(), None);
    }

    #[test]
    fn a_range_of_what_is_free_is_one_of_what_is_in_use() {
        for (free, used) in
            [("10:", "~:90"), ("10:20", "80:90"), ("@5:20", "@80:95"), ("~:30", "70:")]
        {
            let range: Range = free.parse().unwrap();
            assert_eq!(range.reflected(|number| 100.0 - number).to_string(), used);
        }
    }
}
