//! Storing windows on a server through its agent, letter by letter, each with its answer.

use anyhow::{Context, Result, bail, ensure};

use super::agent::{Asked, Want};
use crate::recover::Suspension;
use crate::recover::suspension::Window;
use crate::recover::suspension::spelling::{self, Letter};

/// How often a window is spelled anew when a letter was lost.
const TRIES: usize = 3;

/// What became of a window on a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stored {
    /// It is stored now.
    Now,
    /// It was there.
    Before,
}

/// Stores a window on a server, unless it is there. `ask` asks the server, as [`super::agent::ask`] does.
///
/// # Errors
/// The server does not answer, can not store windows, or its answers do not fit the letters.
pub fn store(window: Window, ask: &mut dyn FnMut(Want) -> Asked) -> Result<Stored> {
    let letters = spelling::spell(window)?;
    // As it is read there: whole minutes.
    let window = spelling::read(&letters)?;
    if known(ask(Want::Result))?.windows.contains(&window) {
        return Ok(Stored::Before);
    }
    let mut last = None;
    for _ in 0..TRIES {
        match spell(&letters, ask) {
            Ok(windows) if windows.contains(&window) => return Ok(Stored::Now),
            Ok(_) => bail!("the server stored something, but not this window"),
            Err(Slip::Lost(why)) => last = Some(why),
            Err(Slip::Failed(error)) => return Err(error),
        }
    }
    bail!("{TRIES} times a letter was lost: {}", last.unwrap_or_default())
}

/// Lets a server forget every window, then stores these.
///
/// # Errors
/// As [`store`].
pub fn replace(windows: &[Window], ask: &mut dyn FnMut(Want) -> Asked) -> Result<()> {
    let left = known(ask(Want::Suspension(Letter::Clear)))?;
    ensure!(left.windows.is_empty(), "the server keeps its windows");
    windows.iter().try_for_each(|window| store(*window, ask).map(drop))
}

/// Why a window was not stored.
enum Slip {
    /// The count of letters does not fit: another try may help.
    Lost(String),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Slip {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

fn spell(letters: &str, ask: &mut dyn FnMut(Want) -> Asked) -> Result<Vec<Window>, Slip> {
    let mut send = |letter, expected| {
        let held = known(ask(Want::Suspension(letter)))?.letters;
        if held == expected {
            return Ok(());
        }
        Err(Slip::Lost(format!("the server holds {held} letters, not {expected}")))
    };
    send(Letter::Begin, 0)?;
    for (letter, count) in letters.chars().zip(1..) {
        send(Letter::One(letter), count)?;
    }
    Ok(known(ask(Want::Suspension(Letter::End)))?.windows)
}

/// What a server tells about its suspensions.
fn known(asked: Asked) -> Result<Box<Suspension>> {
    match asked {
        Asked::Told { line, told, .. } => told.suspension.with_context(|| {
            format!(
                "the server can not tell its suspensions (is its recover_service older?): {line}"
            )
        }),
        Asked::Silent(why) => bail!("the server does not answer: {why}"),
        Asked::Refused(why) => bail!("the server's agent does not answer: {why}"),
        Asked::Unclear(why) => bail!("{why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::Told;

    const WINDOW: Window = Window { from: 1_785_592_800, until: 1_785_718_800 };

    /// A server as the real one takes letters; `loses` says which of the questions do not arrive.
    #[derive(Default)]
    struct Fake {
        windows: Vec<Window>,
        letters: String,
        asked: usize,
        loses: Vec<usize>,
    }

    impl Fake {
        fn answer(&mut self, want: Want) -> Asked {
            self.asked += 1;
            if !self.loses.contains(&self.asked) {
                self.take(want);
            }
            let suspension =
                Suspension { windows: self.windows.clone(), letters: self.letters.len() };
            let told = Told { suspension: Some(Box::new(suspension)), ..Told::default() };
            Asked::Told { code: 0, line: String::new(), told }
        }

        fn take(&mut self, want: Want) {
            match want {
                Want::Suspension(Letter::Begin) => self.letters.clear(),
                Want::Suspension(Letter::One(letter)) => self.letters.push(letter),
                Want::Suspension(Letter::Clear) => self.windows.clear(),
                Want::Suspension(Letter::End) => {
                    self.windows.extend(spelling::read(&self.letters).ok());
                }
                Want::Restart(_) | Want::Reboot | Want::Result | Want::Answers => {}
            }
        }
    }

    #[test]
    fn a_window_is_stored_once() {
        let mut fake = Fake::default();
        assert_eq!(store(WINDOW, &mut |want| fake.answer(want)).unwrap(), Stored::Now);
        assert_eq!(store(WINDOW, &mut |want| fake.answer(want)).unwrap(), Stored::Before);
        assert_eq!(fake.windows, [WINDOW]);
        let other = Window { until: WINDOW.until + 60, ..WINDOW };
        replace(&[other], &mut |want| fake.answer(want)).unwrap();
        assert_eq!(fake.windows, [other]);
    }

    #[test]
    fn a_lost_letter_is_noticed_and_spelled_again() {
        for lost in 2..=22 {
            let mut fake = Fake { loses: vec![lost], ..Fake::default() };
            let stored = store(WINDOW, &mut |want| fake.answer(want));
            // A begin that is lost is none where nothing was begun.
            assert_eq!(stored.unwrap(), Stored::Now, "{lost}");
            assert_eq!(fake.windows, [WINDOW]);
        }
        let mut fake = Fake { loses: (3..200).collect(), ..Fake::default() };
        let error = store(WINDOW, &mut |want| fake.answer(want)).unwrap_err().to_string();
        assert!(error.contains("3 times a letter was lost"), "{error}");
    }

    #[test]
    fn a_server_that_says_nothing_or_nothing_about_it_has_not_stored_it() {
        for asked in [
            Asked::Silent("a".to_owned()),
            Asked::Refused("b".to_owned()),
            Asked::Unclear("c".to_owned()),
        ] {
            assert!(store(WINDOW, &mut |_| asked.clone()).is_err());
        }
        let mut fake = Fake::default();
        let mut older = |want: Want<'_>| match fake.answer(want) {
            Asked::Told { code, line, told } => {
                Asked::Told { code, line, told: Told { suspension: None, ..told } }
            }
            silent @ (Asked::Silent(_) | Asked::Refused(_) | Asked::Unclear(_)) => silent,
        };
        let error = store(WINDOW, &mut older).unwrap_err().to_string();
        assert!(error.contains("older"), "{error}");
    }
}
