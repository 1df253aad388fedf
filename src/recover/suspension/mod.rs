//! Windows in which a customer works on his server, and recovery holds still: the monitoring server's own record of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{Book, Entry};
use crate::deadline::Deadline;

pub mod spelling;

/// The record's name among the ledgers; one that begins with a dash is no host's.
const NAME: &str = "-suspensions";

/// A time in which nothing is done.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its first second since 1970.
    pub from: u64,
    /// The second in which it is over.
    pub until: u64,
}

impl Window {
    /// Whether a moment is inside.
    pub fn holds(self, now: u64) -> bool {
        (self.from..self.until).contains(&now)
    }
}

/// A line of the record.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Its number: 1, 2, 3 without a gap.
    pub seq: u64,
    /// When, in seconds since 1970.
    pub at: u64,
    /// The host, by its name in the inventory.
    pub host: String,
    /// The window that it is about.
    pub window: Window,
    /// What happened.
    pub event: Happened,
    /// Who asked.
    pub who: String,
    /// Why.
    pub why: String,
    /// Whether a documented time was passed over.
    pub overridden: bool,
    /// Places that have it.
    pub places: Vec<String>,
}

/// What can happen to a window.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Happened {
    /// It was asked for: from now on it holds.
    Asked,
    /// Every place has it.
    Stored,
    /// Some places do not have it.
    Partly,
    /// It was ended early, or will not begin.
    Ended,
}

impl Entry for Note {
    fn seq(&mut self) -> &mut u64 {
        &mut self.seq
    }

    /// A window is a few lines, and asked for by people: nothing has to be forgotten.
    fn kept(_records: &[Self], _length: u64) -> Option<Vec<Self>> {
        None
    }
}

/// Where the record is.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(format!("{NAME}.jsonl"))
}

/// Takes the record.
///
/// # Errors
/// As those of any ledger.
pub fn open(folder: &Path, wait: Duration) -> Result<Book<Note>> {
    Book::open(folder, NAME, &Deadline::within(wait))
}

/// What the record says, whoever holds it. One that was never made says nothing.
///
/// # Errors
/// It can not be looked at, or is damaged.
pub fn look(folder: &Path) -> Result<Vec<Note>> {
    let path = path(folder);
    let exists = path.try_exists();
    let exists =
        exists.map_err(|error| anyhow::anyhow!("cannot look at {}: {error}", path.display()))?;
    if exists { Book::look(&path) } else { Ok(Vec::new()) }
}

/// The windows of a record that were not ended early, each by the line that asked for it.
pub fn standing<'a>(notes: &'a [Note], host: &'a str) -> Vec<&'a Note> {
    let mut standing: Vec<&Note> = Vec::new();
    for note in notes.iter().filter(|note| note.host == host) {
        match note.event {
            Happened::Asked => standing.push(note),
            Happened::Ended => standing.retain(|it| it.window != note.window),
            Happened::Stored | Happened::Partly => {}
        }
    }
    standing
}

/// Places that have a standing window, as far as is known.
pub fn placed(notes: &[Note], asked: &Note) -> Vec<String> {
    let same = |note: &&Note| note.host == asked.host && note.window == asked.window;
    let mut own = notes.iter().rev().filter(same);
    own.find(|note| note.event != Happened::Asked).map(|it| it.places.clone()).unwrap_or_default()
}

/// What the record says about a moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Hold {
    /// A window holds, or nobody can tell: why.
    Held(String),
    /// None does; the second in which the last one ended, if there was one.
    Free(Option<u64>),
}

/// Whether a host is suspended now.
pub fn hold(folder: &Path, host: &str, now: u64) -> Hold {
    match look(folder) {
        Ok(notes) => hold_by(&notes, host, now),
        Err(error) => Hold::Held(format!("the record of suspensions: {error:#}")),
    }
}

fn hold_by(notes: &[Note], host: &str, now: u64) -> Hold {
    if let Some(note) = standing(notes, host).into_iter().find(|note| note.window.holds(now)) {
        let left = note.window.until - now;
        return Hold::Held(format!("suspended for {left} s more, by {}: {}", note.who, note.why));
    }
    let own = notes.iter().filter(|note| note.host == host);
    let ends = own.map(|note| match note.event {
        Happened::Ended if note.window.holds(note.at) => note.at,
        // One that never began has no end.
        Happened::Ended => 0,
        Happened::Asked | Happened::Stored | Happened::Partly => {
            let ended = |it: &Note| {
                it.event == Happened::Ended && it.window == note.window && it.host == host
            };
            if notes.iter().any(ended) { 0 } else { note.window.until }
        }
    });
    Hold::Free(ends.filter(|end| (1..=now).contains(end)).max())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(host: &str, event: Happened, at: u64, (from, until): (u64, u64)) -> Note {
        Note {
            seq: 0,
            at,
            host: host.to_owned(),
            window: Window { from, until },
            event,
            who: "ann".to_owned(),
            why: "a disk".to_owned(),
            overridden: false,
            places: Vec::new(),
        }
    }

    #[test]
    fn a_window_holds_from_its_first_second_to_its_last() {
        let notes = [note("web1", Happened::Asked, 50, (100, 200))];
        let at = |now| hold_by(&notes, "web1", now);
        assert_eq!(at(99), Hold::Free(None));
        assert_eq!(at(100), Hold::Held("suspended for 100 s more, by ann: a disk".to_owned()));
        assert!(matches!(at(199), Hold::Held(_)));
        assert_eq!(at(200), Hold::Free(Some(200)));
        assert_eq!(hold_by(&notes, "web2", 150), Hold::Free(None));
    }

    #[test]
    fn what_was_ended_holds_no_more_and_another_window_goes_on() {
        let mut notes = vec![
            note("web1", Happened::Asked, 50, (100, 200)),
            note("web1", Happened::Partly, 51, (100, 200)),
            note("web1", Happened::Asked, 52, (300, 400)),
            note("web1", Happened::Ended, 150, (100, 200)),
        ];
        assert_eq!(hold_by(&notes, "web1", 160), Hold::Free(Some(150)));
        assert!(matches!(hold_by(&notes, "web1", 300), Hold::Held(_)));
        notes.push(note("web1", Happened::Ended, 160, (300, 400)));
        assert_eq!(hold_by(&notes, "web1", 350), Hold::Free(Some(150)), "it never began");
        notes.push(note("web1", Happened::Asked, 170, (100, 200)));
        assert!(matches!(hold_by(&notes, "web1", 180), Hold::Held(_)), "asked for once more");
    }

    #[test]
    fn a_record_that_can_not_be_understood_holds() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(hold(folder.path(), "web1", 1), Hold::Free(None));
        let mut book = open(folder.path(), Duration::from_secs(5)).unwrap();
        book.append(note("web1", Happened::Asked, 50, (100, 200))).unwrap();
        drop(book);
        assert!(matches!(hold(folder.path(), "web1", 150), Hold::Held(_)));
        std::fs::write(path(folder.path()), "damaged\n").unwrap();
        assert!(matches!(hold(folder.path(), "web2", 1), Hold::Held(_)));
    }
}
