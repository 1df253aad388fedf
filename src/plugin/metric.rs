//! Performance data: what graphs are drawn from.

use std::fmt;

use super::foreign::visible_label;
use super::{Status, Threshold, Thresholds};

/// Unit of a value, with the decimals that are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Seconds, six decimals.
    Seconds,
    /// Milliseconds, three decimals.
    Milliseconds,
    /// Per cent, up to two decimals.
    Percent,
    /// Bytes, whole.
    Bytes,
    /// A number without a unit, three decimals.
    Number,
    /// A whole number without a unit.
    Count,
}

impl Unit {
    fn suffix(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Percent => "%",
            Self::Bytes => "B",
            Self::Number | Self::Count => "",
        }
    }

    /// A value as text, rounded for print only; never an exponent.
    fn print(self, value: f64) -> String {
        match self {
            Self::Seconds => format!("{value:.6}"),
            Self::Milliseconds | Self::Number => format!("{value:.3}"),
            Self::Bytes | Self::Count => format!("{value:.0}"),
            Self::Percent => {
                let text = format!("{value:.2}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
        }
    }
}

/// A measured value with the thresholds that judge it.
#[derive(Clone, Debug)]
pub struct Metric {
    label: String,
    value: f64,
    unit: Unit,
    thresholds: Thresholds,
    min: Option<f64>,
    max: Option<f64>,
}

impl Metric {
    /// A value that nothing judges yet. The label may be text from outside.
    pub fn new(label: impl AsRef<[u8]>, value: f64, unit: Unit) -> Self {
        let label = visible_label(label.as_ref());
        Self { label, value, unit, thresholds: Thresholds::default(), min: None, max: None }
    }

    /// With thresholds, in the value's unit.
    #[must_use]
    pub fn judged_by(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// With the least value that is possible.
    #[must_use]
    pub fn min(self, min: f64) -> Self {
        Self { min: Some(min), ..self }
    }

    /// With the greatest value that is possible.
    #[must_use]
    pub fn max(self, max: f64) -> Self {
        Self { max: Some(max), ..self }
    }

    /// State of the exact value.
    pub fn status(&self) -> Status {
        self.thresholds.judge(self.value)
    }

    /// Whether there is anything to print: a value that was not measured is left out.
    pub fn is_measured(&self) -> bool {
        self.value.is_finite()
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threshold = |it: Option<Threshold>| match it {
            None => String::new(),
            Some(it) => {
                it.number().map_or_else(|| it.to_string(), |number| self.unit.print(number))
            }
        };
        let limit = |it: Option<f64>| it.map(|number| self.unit.print(number)).unwrap_or_default();
        let (value, suffix) = (self.unit.print(self.value), self.unit.suffix());
        let fields = [
            threshold(self.thresholds.warning),
            threshold(self.thresholds.critical),
            limit(self.min),
            limit(self.max),
        ];
        let text = format!("{}={value}{suffix};{}", self.label, fields.join(";"));
        f.write_str(text.trim_end_matches(';'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Bound;

    #[test]
    fn values_are_printed_without_exponent_and_in_the_units_decimals() {
        let cases = [
            (Metric::new("time", 0.000_052, Unit::Seconds), "time=0.000052s"),
            (Metric::new("size", 1e15, Unit::Bytes), "size=1000000000000000B"),
            (Metric::new("pl", 20.0, Unit::Percent), "pl=20%"),
            (Metric::new("rta", 99.999_9, Unit::Milliseconds), "rta=100.000ms"),
            (Metric::new("a b", 1.0, Unit::Count).min(0.0), "'a b'=1;;;0"),
        ];
        for (metric, text) in cases {
            assert_eq!(metric.to_string(), text);
        }
    }

    #[test]
    fn a_documented_bound_is_a_plain_number() {
        let documented = |number| Some(Threshold::Documented(Bound::From(number)));
        let thresholds = Thresholds { warning: documented(6.0), critical: documented(11.0) };
        let metric = Metric::new("time", 6.0, Unit::Seconds).judged_by(thresholds).min(0.0);
        assert_eq!(metric.to_string(), "time=6.000000s;6.000000;11.000000;0.000000");
        assert_eq!(metric.status(), Status::Warning);
    }

    #[test]
    fn the_exact_value_is_judged_and_not_the_printed_one() {
        let range = Thresholds::default().overridden("100".parse().ok(), None);
        let metric = Metric::new("rta", 100.000_01, Unit::Milliseconds).judged_by(range);
        assert_eq!(
            (metric.to_string().as_str(), metric.status()),
            ("rta=100.000ms;100.000", Status::Warning)
        );
    }
}
