//! Windows in which this server is left alone, whoever asks: those that an administrator wrote down, and those that were
//! spelled from the monitoring server. They can only hold recovery; nothing is ever done because of one.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::here::{self, Here, Verdict};
use super::{job, settings};
use crate::deadline::Deadline;
use crate::recover::ledger::{lock, make_folder};
use crate::recover::suspension::Window;
use crate::recover::suspension::spelling::{self, Letter};
use crate::recover::{Moment, Refusal, Suspension};

/// What an administrator wrote.
const OWN: &str = "suspended.json";
/// What was spelled.
const SPELLED: &str = "suspensions.json";
/// Bytes of it that are read.
const LARGEST: u64 = 64 * 1024;
/// Windows that are kept; more are no use, and a caller must not fill the disk.
const MOST: usize = 100;
/// Time to wait for another letter.
const LOCK: Duration = Duration::from_secs(2);
/// Seconds for which a window is kept when it is over.
const KEPT: u64 = 86_400;

/// An administrator's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    windows: Vec<OwnWindow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnWindow {
    from: Timestamp,
    until: Timestamp,
    #[serde(default)]
    why: String,
}

/// What was spelled, and what of the next window.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct State {
    windows: Vec<Window>,
    letters: String,
}

/// Refuses inside a window, and where nobody can tell.
pub(super) fn guard(now: &Moment) -> Result<(), Refusal> {
    let here = Here::at(std::time::UNIX_EPOCH);
    let refused = |reason| Err(Refusal { guard: "suspension", reason });
    match held(Path::new(settings::FOLDER), &here.recovery(), now.time) {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => refused(reason),
        Err(error) => refused(format!("{error:#}")),
    }
}

fn held(settings: &Path, recovery: &Path, now: u64) -> Result<Option<String>> {
    let own = settings.join(OWN);
    let bytes = settings::bytes(&own).map_err(anyhow::Error::msg)?;
    if let Some(bytes) = bytes {
        let own: Own =
            serde_json::from_slice(&bytes).with_context(|| format!("{}", own.display()))?;
        let now = i64::try_from(now).context("a time out of bounds")?;
        if let Some(never) = own.windows.iter().find(|it| it.from >= it.until) {
            bail!("a window ends at {} and begins only then or later", never.until);
        }
        let mut windows = own.windows.iter();
        let holds = |it: &&OwnWindow| (it.from.as_second()..it.until.as_second()).contains(&now);
        if let Some(window) = windows.find(holds) {
            return Ok(Some(format!("suspended until {}: {}", window.until, window.why)));
        }
    }
    let spelled = read(recovery)?;
    let window = spelled.windows.iter().find(|it| it.holds(now));
    Ok(window.map(|it| format!("suspended for {} s more", it.until - now)))
}

/// What the server tells about it.
pub(super) fn told(recovery: &Path) -> Result<Suspension> {
    let State { windows, letters } = read(recovery)?;
    Ok(Suspension { windows, letters: letters.len() })
}

/// Takes a letter.
pub(super) fn spelled(here: &Here, act: &str, deadline: &Deadline) -> Verdict {
    let taken = Letter::of(act).context("no letter").and_then(|letter| {
        let now = here.now()?.time;
        job::in_time(deadline)?;
        take(&here.recovery(), letter, now)
    });
    match taken {
        Ok(text) => Verdict::Good(text),
        Err(error) => {
            Verdict::Refused(Refusal { guard: "suspension", reason: format!("{error:#}") })
        }
    }
}

fn take(recovery: &Path, letter: Letter, now: u64) -> Result<String> {
    make_folder(recovery)?;
    let _lock = lock(&recovery.join("suspensions.lock"), &Deadline::within(LOCK))?;
    if letter == Letter::Clear {
        return write(recovery, &State::default()).map(|()| "no suspension any more".to_owned());
    }
    let mut state = read(recovery)?;
    match letter {
        Letter::Begin => state.letters.clear(),
        Letter::One(one) => {
            ensure!(state.letters.len() < spelling::LENGTH, "too many letters");
            state.letters.push(one);
        }
        Letter::End => {
            let window = spelling::read(&state.letters)?;
            state.letters.clear();
            state.windows.retain(|it| it.until.saturating_add(KEPT) > now && *it != window);
            ensure!(state.windows.len() < MOST, "{MOST} windows are stored already");
            state.windows.push(window);
            state.windows.sort_unstable();
            write(recovery, &state)?;
            let text = format!("suspended from {} until {}", window.from, window.until);
            here::log(&text);
            return Ok(text);
        }
        Letter::Clear => {}
    }
    write(recovery, &state)?;
    Ok(format!("{} letters of {}", state.letters.len(), spelling::LENGTH))
}

fn write(recovery: &Path, state: &State) -> Result<()> {
    let text = serde_json::to_string(state).context("cannot write a suspension")?;
    here::write_whole(&recovery.join(SPELLED), &text)
}

fn read(recovery: &Path) -> Result<State> {
    let path = recovery.join(SPELLED);
    let file = match fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { from: 1_785_592_800, until: 1_785_718_800 };
    const BEFORE: u64 = WINDOW.from - 1;

    fn send(folder: &Path, letters: &str) -> Result<String> {
        take(folder, Letter::Begin, BEFORE)?;
        for letter in letters.chars() {
            take(folder, Letter::One(letter), BEFORE)?;
        }
        take(folder, Letter::End, BEFORE)
    }

    #[test]
    fn a_window_that_was_spelled_holds_until_it_is_over_or_cleared() {
        let (etc, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let recovery = folder.path().join("recovery");
        let holds = |now| held(etc.path(), &recovery, now).unwrap().is_some();
        assert!(!holds(WINDOW.from));
        let letters = spelling::spell(WINDOW).unwrap();
        send(&recovery, &letters).unwrap();
        send(&recovery, &letters).unwrap();
        assert_eq!(told(&recovery).unwrap(), Suspension { windows: vec![WINDOW], letters: 0 });
        assert!(!holds(BEFORE) && holds(WINDOW.from) && holds(WINDOW.until - 1));
        assert!(!holds(WINDOW.until));
        take(&recovery, Letter::Clear, BEFORE).unwrap();
        assert!(!holds(WINDOW.from));
    }

    #[test]
    fn a_letter_too_few_too_many_or_wrong_stores_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let letters = spelling::spell(WINDOW).unwrap();
        assert!(send(folder.path(), &letters[1..]).is_err());
        assert_eq!(told(folder.path()).unwrap().letters, spelling::LENGTH - 1, "it tells how many");
        assert!(send(folder.path(), &format!("{letters}0")).is_err());
        let wrong = if letters.ends_with('0') { "1" } else { "0" };
        assert!(send(folder.path(), &format!("{}{wrong}", &letters[..19])).is_err());
        assert_eq!(told(folder.path()).unwrap().windows, []);
        assert!(send(folder.path(), &letters).is_ok());
    }

    #[test]
    fn the_administrators_file_holds_too_and_whatever_can_not_be_read() {
        let (etc, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let own = |text: &str| fs::write(etc.path().join(OWN), text).unwrap();
        let at = |time: &str| {
            let time: Timestamp = time.parse().unwrap();
            held(etc.path(), folder.path(), time.as_second().try_into().unwrap())
        };
        own(
            r#"{"windows":[{"from":"2026-08-01T23:00:00+09:00","until":"2026-08-03T10:00:00+09:00","why":"a disk"}]}"#,
        );
        assert_eq!(at("2026-08-01T13:59:59Z").unwrap(), None);
        let reason = at("2026-08-01T14:00:00Z").unwrap().unwrap();
        assert_eq!(reason, "suspended until 2026-08-03T01:00:00Z: a disk");
        assert_eq!(at("2026-08-03T01:00:00Z").unwrap(), None);
        for text in ["", "[]", "{}", r#"{"windows":[{"from":"2026-08-01"}]}"#] {
            own(text);
            assert!(at("2020-01-01T00:00:00Z").is_err(), "{text:?}");
        }
        own(r#"{"windows":[]}"#);
        assert_eq!(at("2020-01-01T00:00:00Z").unwrap(), None);
        fs::write(folder.path().join(SPELLED), "{").unwrap();
        assert!(at("2020-01-01T00:00:00Z").is_err() && told(folder.path()).is_err());
        assert!(take(folder.path(), Letter::Begin, 0).is_err());
        take(folder.path(), Letter::Clear, 0).unwrap();
        assert_eq!(at("2020-01-01T00:00:00Z").unwrap(), None);
    }

    #[test]
    fn windows_that_are_over_are_forgotten_and_their_number_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let windows = (0..100).map(|it| Window { from: it * 60, until: it * 60 + 60 }).collect();
        write(folder.path(), &State { windows, letters: spelling::spell(WINDOW).unwrap() })
            .unwrap();
        assert!(take(folder.path(), Letter::End, 10).is_err());
        take(folder.path(), Letter::End, BEFORE).unwrap();
        assert_eq!(told(folder.path()).unwrap().windows, [WINDOW]);
    }
}
