//! Numbers as people write them on a command line: plain decimals, no exponent, no infinity.

/// Reads a decimal such as `10`, `-2.5` or `.5`.
///
/// # Errors
/// Anything else, with what was expected. `inf`, `nan` and exponents are refused: no threshold means them.
pub fn decimal(text: &str) -> Result<f64, String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let digits = unsigned.bytes().any(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(value) if plain && digits => Ok(value),
        _ => Err(format!("{text:?} is not a number")),
    }
}

/// Reads a decimal with an optional unit, given as pairs of suffix and factor; longer suffixes come first.
///
/// # Errors
/// As [`decimal`].
pub fn scaled(text: &str, units: &[(&str, f64)]) -> Result<f64, String> {
    let found =
        units.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)));
    let (number, factor) = found.unwrap_or((text, &1.0));
    decimal(number).map(|value| value * factor).map_err(|_| format!("{text:?} is not a number"))
}

/// Reads seconds: `5`, `0.5`, `5s`, `500ms`, `200us`.
///
/// # Errors
/// As [`decimal`].
pub fn seconds(text: &str) -> Result<f64, String> {
    scaled(text, &[("us", 1e-6), ("ms", 1e-3), ("s", 1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_are_numbers() {
        for (text, value) in [("10", 10.0), ("-2.5", -2.5), (".5", 0.5), ("+1", 1.0), ("5.", 5.0)] {
            assert_eq!(decimal(text), Ok(value), "{text}");
        }
        for text in
            ["", "-", ".", "1e3", "inf", "nan", "infinity", "10x", "1,5", "0x10", " 1", "--1"]
        {
            assert!(decimal(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn units_scale_to_seconds() {
        for (text, value) in [("5", 5.0), ("5s", 5.0), ("500ms", 0.5), ("200us", 0.0002)] {
            assert!((seconds(text).unwrap() - value).abs() < 1e-12, "{text}");
        }
        assert!(seconds("5m").is_err());
    }
}
