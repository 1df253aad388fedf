//! A window in sixteen letters: agents carry fixed command names alone, so that a window goes to a server letter by letter.
//!
//! A checksum ends it, so that a lost, doubled or foreign letter stores nothing.

use anyhow::{Context, Result, ensure};

use super::Window;
use crate::policy::Policy;

/// The letters.
pub const LETTERS: &str = "0123456789abcdef";
/// How the acts on a server begin that take one.
pub const ACT: &str = "suspension-";

/// What a server can be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Letter {
    /// A window begins: what came before it is forgotten.
    Begin,
    /// One of the letters.
    One(char),
    /// The window is complete, and to be stored.
    End,
    /// Every stored window is to be forgotten.
    Clear,
}

impl Letter {
    /// Everything that can be sent.
    pub fn all() -> impl Iterator<Item = Self> {
        let letters = LETTERS.chars().map(Self::One);
        [Self::Begin, Self::End, Self::Clear].into_iter().chain(letters)
    }

    /// Its name in commands.
    pub fn name(self) -> String {
        match self {
            Self::Begin => "begin".to_owned(),
            Self::One(letter) => letter.to_string(),
            Self::End => "end".to_owned(),
            Self::Clear => "clear".to_owned(),
        }
    }

    /// The one that an act is about.
    pub fn of(act: &str) -> Option<Self> {
        let name = act.strip_prefix(ACT)?;
        Self::all().find(|letter| letter.name() == name)
    }
}

/// Letters of a window: its first minute since 1970, how many minutes, and the checksum of both.
pub const LENGTH: usize = FIRST + MINUTES + SUM;
const FIRST: usize = 8;
const MINUTES: usize = 4;
const SUM: usize = 8;
/// Seconds of a minute; a window that does not begin or end with one is made wider.
const MINUTE: u64 = 60;

/// The letters of a window.
///
/// # Errors
/// It is empty, or longer than windows may be.
pub fn spell(window: Window) -> Result<String> {
    let first = u32::try_from(window.from / MINUTE).context("the window begins too late")?;
    let minutes = window.until.div_ceil(MINUTE).saturating_sub(first.into());
    bounds(minutes)?;
    let body = format!("{first:08x}{minutes:04x}");
    let sum = crc32fast::hash(body.as_bytes());
    Ok(format!("{body}{sum:08x}"))
}

/// The window of so many letters.
///
/// # Errors
/// They are no window, or not all of it.
pub fn read(letters: &str) -> Result<Window> {
    let part = |from: usize, length: usize| {
        letters.get(from..from + length).context("letters are missing")
    };
    ensure!(letters.len() == LENGTH, "{} letters, of {LENGTH}", letters.len());
    let (body, sum) = (part(0, FIRST + MINUTES)?, part(FIRST + MINUTES, SUM)?);
    ensure!(
        format!("{:08x}", crc32fast::hash(body.as_bytes())) == sum,
        "the checksum does not fit"
    );
    let first = u64::from_str_radix(part(0, FIRST)?, 16).context("no number")?;
    let minutes = u64::from_str_radix(part(FIRST, MINUTES)?, 16).context("no number")?;
    bounds(minutes)?;
    Ok(Window { from: first * MINUTE, until: (first + minutes) * MINUTE })
}

/// A slip must not switch recovery off for years.
fn bounds(minutes: u64) -> Result<()> {
    let days = Policy::documented().suspension.longest_days;
    ensure!(minutes > 0, "the window is empty");
    ensure!(minutes <= u64::from(days) * 24 * MINUTE, "the window is longer than {days} days");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { from: 1_785_592_800, until: 1_785_718_800 };

    #[test]
    fn a_window_is_read_as_it_was_spelled() {
        let letters = spell(WINDOW).unwrap();
        assert_eq!(letters.len(), LENGTH);
        assert!(letters.chars().all(|letter| LETTERS.contains(letter)));
        assert_eq!(read(&letters).unwrap(), WINDOW);
        let odd = Window { from: WINDOW.from + 59, until: WINDOW.until + 1 };
        let wider = Window { until: WINDOW.until + 60, ..WINDOW };
        assert_eq!(read(&spell(odd).unwrap()).unwrap(), wider);
    }

    #[test]
    fn a_letter_that_is_lost_doubled_or_changed_is_no_window() {
        let letters = spell(WINDOW).unwrap();
        for at in 0..LENGTH {
            let (before, after) = letters.split_at(at);
            assert!(read(&format!("{before}{}", &after[1..])).is_err(), "{at} lost");
            assert!(read(&format!("{before}{}{after}", &after[..1])).is_err(), "{at} doubled");
            for other in LETTERS.chars().filter(|other| !after.starts_with(*other)) {
                assert!(read(&format!("{before}{other}{}", &after[1..])).is_err(), "{at} {other}");
            }
            for gap in 1..LENGTH - at {
                let mut swapped = letters.clone().into_bytes();
                swapped.swap(at, at + gap);
                let swapped = String::from_utf8(swapped).unwrap();
                assert!(swapped == letters || read(&swapped).is_err(), "{at} and {gap}");
            }
        }
        assert!(read("").is_err() && read(&"é".repeat(10)).is_err());
    }

    #[test]
    fn every_letter_is_told_by_its_act() {
        let all: Vec<Letter> = Letter::all().collect();
        assert_eq!(all.len(), 19);
        for letter in all {
            assert_eq!(Letter::of(&format!("suspension-{}", letter.name())), Some(letter));
        }
        assert_eq!(Letter::of("suspension-g"), None);
        assert_eq!(Letter::of("begin"), None);
    }

    #[test]
    fn a_window_has_an_end() {
        let of = |seconds| spell(Window { until: WINDOW.from + seconds, ..WINDOW });
        assert!(of(0).is_err() && of(31 * 86_400 + 60).is_err());
        assert!(of(60).is_ok() && of(31 * 86_400).is_ok());
        assert!(spell(Window { from: u64::MAX, until: u64::MAX }).is_err());
    }
}
