//! What was seen, one thing after the other, and how a person reads it.

use std::fmt::Write;
use std::io::IsTerminal;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Who did something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum What {
    /// What a host is there for.
    Story,
    /// The drill itself broke something, or did what a person would.
    Drill,
    /// The engine has a result that is another one than before.
    Check,
    /// A mail has arrived.
    Alert,
    /// Recovery has begun something.
    Act,
    /// It knows that it was done.
    Done,
    /// It knows that it failed.
    Failed,
    /// A guard has held something back, with its name.
    Refusal,
    /// Recovery asks for people.
    People,
    /// Recovery waits for a later result.
    Wait,
    /// A host's own script or unit was called.
    Script,
    /// A host boots.
    Boot,
    /// A power switch was used.
    Power,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Story => "story",
            Self::Drill => "drill",
            Self::Check => "check",
            Self::Alert => "ALERT",
            Self::Act => "ACT",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refusal => "refused",
            Self::People => "PEOPLE",
            Self::Wait => "waits",
            Self::Script => "script",
            Self::Boot => "BOOT",
            Self::Power => "POWER",
        }
    }

    /// Colours by their numbers in the terminal's own palette.
    fn colour(self) -> &'static str {
        match self {
            Self::Story | Self::Drill => "1",
            Self::Check | Self::Wait | Self::Script => "2",
            Self::Alert | Self::Failed | Self::People => "31",
            Self::Act | Self::Power => "33",
            Self::Done => "32",
            Self::Refusal => "36",
            Self::Boot => "35",
        }
    }
}

/// One thing that was seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) host: String,
    pub(crate) what: What,
    pub(crate) text: String,
}

/// Everything seen so far; each thing is shown as it comes.
pub(crate) struct Timeline {
    begun: Instant,
    all: Mutex<Vec<Seen>>,
    paper: Paper,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        let paper = Paper::find();
        println!(
            "{}",
            paper.cut(&format!("{:>7} {:<12} {:<7} what was seen", "min:s", "host", "what"), 0)
        );
        Self { begun: Instant::now(), all: Mutex::default(), paper }
    }

    /// Notes and shows.
    pub(crate) fn add(&self, host: &str, what: What, text: impl Into<String>) {
        let at = self.begun.elapsed();
        let seen = Seen { at, host: host.to_owned(), what, text: text.into() };
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        println!("{}", self.paper.line(&seen));
        all.push(seen);
    }

    /// What was seen of a host.
    pub(crate) fn of(&self, host: &str) -> Vec<Seen> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|seen| seen.host == host).cloned().collect()
    }

    /// Since its beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// What is written on: a terminal of some width, or a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paper {
    width: usize,
    colours: bool,
}

/// Columns where nobody says how many there are.
const COLUMNS: usize = 100;
/// Columns before the text.
const BEFORE: usize = 7 + 1 + 12 + 1 + 7 + 1;

impl Paper {
    pub(crate) fn find() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        let width = if terminal { columns().unwrap_or(COLUMNS) } else { usize::MAX };
        Self { width, colours: terminal && wanted && !dumb }
    }

    fn line(self, seen: &Seen) -> String {
        let seconds = seen.at.as_secs();
        let mut line = format!("{:>4}:{:02} {:<12} ", seconds / 60, seconds % 60, seen.host);
        let word = format!("{:<7}", seen.what.word());
        line.push_str(&self.coloured(&word, seen.what.colour()));
        let _ = write!(line, " {}", self.cut(&seen.text, BEFORE));
        line
    }

    /// A text as long as the line has room after so many columns.
    pub(crate) fn cut(self, text: &str, before: usize) -> String {
        let room = self.width.saturating_sub(before);
        if text.chars().count() <= room {
            return text.to_owned();
        }
        text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
    }

    /// A text in a colour, where there are colours.
    pub(crate) fn coloured(self, text: &str, colour: &str) -> String {
        if self.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The terminal knows its own size.
fn columns() -> Option<usize> {
    let output = Command::new("stty").arg("size").stdin(Stdio::inherit()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.split_whitespace().nth(1)?.parse().ok()
}
