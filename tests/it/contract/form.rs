//! What every output looks like.

use super::plugin::Plugin;
use crate::run::Ran;

const STATES: [&str; 4] = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];

/// Output that may be longer because lines were asked for.
pub(crate) const LONGEST: usize = 8191;

/// Asserts everything that holds for the output of a run, whatever its state.
pub(crate) fn assert_form(plugin: &Plugin, args: &[String], ran: &Ran) {
    let of = format!("check_{} {args:?}: {ran:?}", plugin.name);
    assert_eq!(ran.stderr, "", "{of}");
    assert!(ran.stdout.ends_with('\n'), "{of}");
    assert!(ran.stdout.bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control()), "{of}");
    let (text, data) = ran.first().split_once(" | ").unwrap_or((ran.first(), ""));
    assert_eq!(ran.stdout.matches('|').count(), usize::from(!data.is_empty()), "{of}");
    let state = text
        .strip_prefix(&format!("{} ", plugin.title))
        .unwrap_or_else(|| panic!("no title: {of}"));
    let (state, text) =
        state.split_once(plugin.separator).unwrap_or_else(|| panic!("no separator: {of}"));
    let code = usize::try_from(ran.code).expect("a code");
    assert_eq!(STATES.get(code), Some(&state), "{of}");
    assert!(!text.is_empty() && text.chars().count() < 120, "{of}");
    let limit = if args.iter().any(|it| it.starts_with("-v")) { LONGEST } else { 1023 };
    assert!(ran.stdout.len() <= limit, "{of}");
    for item in items(data) {
        assert!(is_metric(&item), "{item:?} of {of}");
    }
}

/// Items of performance data; a blank within quotes belongs to the label.
pub(crate) fn items(data: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    for character in data.chars() {
        quoted ^= character == '\'';
        match items.last_mut() {
            Some(item) if quoted || character != ' ' => item.push(character),
            _ => items.push(String::new()),
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// Label, value with unit, and up to four fields that are numbers, ranges or empty.
fn is_metric(item: &str) -> bool {
    let Some((label, rest)) = item.rsplit_once('=') else { return false };
    let quoted = label.len() > 2 && label.starts_with('\'') && label.ends_with('\'');
    let mut fields = rest.split(';');
    let value = fields.next().unwrap_or_default();
    let number = value.trim_end_matches(|it: char| it.is_ascii_alphabetic() || it == '%');
    let units = ["", "s", "ms", "us", "%", "B", "c"];
    let fields: Vec<&str> = fields.collect();
    let thresholds = fields.iter().take(2).all(|it| it.is_empty() || is_range(it));
    let limits = fields.iter().skip(2).all(|it| it.is_empty() || is_number(it));
    (quoted || !label.contains([' ', '\'', '"', '=']) && !label.is_empty())
        && is_number(number)
        && units.contains(&value.get(number.len()..).unwrap_or("?"))
        && fields.len() <= 4
        && thresholds
        && limits
}

/// `-?[0-9]+(\.[0-9]+)?`
pub(crate) fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    digits(whole) && digits(fraction)
}

fn is_range(text: &str) -> bool {
    let text = text.strip_prefix('@').unwrap_or(text);
    text.split(':').all(|it| it.is_empty() || it == "~" || is_number(it))
        && text.matches(':').count() <= 1
}

/// Text with all numbers made equal, for results whose measured values differ.
pub(crate) fn measured_alike(text: &str) -> String {
    let mut alike = String::new();
    for character in text.chars() {
        let number = character.is_ascii_digit() || character == '.';
        if !number || !alike.ends_with('#') {
            alike.push(if number { '#' } else { character });
        }
    }
    alike
}

#[test]
fn the_form_is_looked_at_closely() {
    for item in
        ["time=0.000123s;10.0;20;0;11", "'a b'=1", "/=5B;1:2;@~:3;0;9", "pl=20%;;60", "x=-1"]
    {
        assert!(is_metric(item), "{item}");
    }
    for item in [
        "time=1e5s",
        "time=U",
        "time=",
        "=1",
        "a b=1",
        "x=1;2;3;4;5;6",
        "x=1;a",
        "x=.5",
        "x=5.",
        "x=1;;;1:2",
        "x=1q",
    ] {
        assert!(!is_metric(item), "{item}");
    }
    assert_eq!(items("'a b'=1 c=2 "), ["'a b'=1", "c=2"]);
    assert_eq!(measured_alike("0.123 s, 17 of 20"), "# s, # of #");
}
