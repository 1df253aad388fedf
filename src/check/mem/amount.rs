//! A range of memory, in per cent of the whole or in bytes.

use std::cell::Cell;

use crate::plugin::{Range, decimal, scaled};

const UNITS: [(&str, f64); 13] = {
    const K: f64 = 1024.0;
    [
        ("KIB", K),
        ("MIB", K * K),
        ("GIB", K * K * K),
        ("TIB", K * K * K * K),
        ("KB", K),
        ("MB", K * K),
        ("GB", K * K * K),
        ("TB", K * K * K * K),
        ("K", K),
        ("M", K * K),
        ("G", K * K * K),
        ("T", K * K * K * K),
        ("B", 1.0),
    ]
};

/// A range as `-w` and `-c` take it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    Percent(Range),
    Bytes(Range),
}

impl Amount {
    /// Reads `80%`, `3G`, `10:90%`. A plain number up to 100 is per cent, as in `check_mem.pl`; beyond, it counts bytes. So none
    /// is read as a limit that can not be reached.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains('%') {
            let percent = |side: &str| decimal(side.strip_suffix('%').unwrap_or(side));
            return Range::parse(text, percent).map(Self::Percent);
        }
        let most = Cell::new(0.0_f64);
        let range = Range::parse(text, |side| {
            let bytes = scaled(&side.to_ascii_uppercase(), &UNITS)
                .map_err(|_| format!("{side:?} is no amount of memory"))?;
            most.set(most.get().max(bytes));
            Ok(bytes)
        })?;
        let plain = !text.contains(|it: char| it.is_ascii_alphabetic());
        Ok(if plain && most.get() <= 100.0 { Self::Percent(range) } else { Self::Bytes(range) })
    }

    /// The range in bytes.
    pub(super) fn of(self, total: f64) -> Range {
        match self {
            Self::Percent(range) => range.map(|percent| percent * total / 100.0),
            Self::Bytes(range) => range,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_decide_what_a_number_counts() {
        let cases = [
            ("80", "800"),
            ("80%", "800"),
            ("100", "1000"),
            ("10:90%", "100:900"),
            ("10%:90%", "100:900"),
            ("~:50", "~:500"),
            ("@0:5%", "@50"),
            ("101", "101"),
            ("10:3000000000", "10:3000000000"),
            ("80B", "80"),
            ("1k", "1024"),
            ("1.5M", "1572864"),
            ("1M:2GiB", "1048576:2147483648"),
            ("1T", "1099511627776"),
        ];
        for (text, bytes) in cases {
            assert_eq!(Amount::parse(text).unwrap().of(1000.0).to_string(), bytes, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", ":", "%", "80%%", "10x", "1,5", "20:10%", "-1", "10M:90%", "G", "1e3", "nan%",
            "inf", "3P",
        ] {
            assert!(Amount::parse(text).is_err(), "{text:?}");
        }
    }
}
