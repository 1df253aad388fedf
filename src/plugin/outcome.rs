//! Every way in which a plugin can end, and the one line and exit code of each.

use std::any::Any;
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clap::error::ErrorKind;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::{Report, Status, stdout};
use crate::deadline::Deadline;

/// How long a finished result waits for a reader of standard output.
const READER: Duration = Duration::from_millis(300);

/// How a run ended. All but a judged report are UNKNOWN: something kept us from looking.
#[derive(Debug)]
pub enum Outcome {
    /// The check looked and judged.
    Judged(Report),
    /// Help or version was asked for.
    Help(String),
    /// A text was asked for that is no result of a check: OK, or the reason why there is none.
    Shown(anyhow::Result<String>),
    /// The command line is wrong.
    Usage(String),
    /// Something kept the check from looking.
    Failed(anyhow::Error),
    /// The program has a bug.
    Panicked(String),
    /// A signal asked for the end.
    Terminated(Signal),
}

impl Outcome {
    /// The state that the exit code tells.
    pub fn status(&self) -> Status {
        match self {
            Self::Judged(report) => report.status(),
            Self::Shown(Ok(_)) => Status::Ok,
            Self::Shown(Err(_))
            | Self::Help(_)
            | Self::Usage(_)
            | Self::Failed(_)
            | Self::Panicked(_)
            | Self::Terminated(_) => Status::Unknown,
        }
    }

    /// The run as a report: what kept it from looking is its one finding.
    pub fn report(self) -> Report {
        match self {
            Self::Judged(report) => report,
            Self::Shown(_)
            | Self::Help(_)
            | Self::Usage(_)
            | Self::Failed(_)
            | Self::Panicked(_)
            | Self::Terminated(_) => Report::default().stated(Status::Unknown, self.reason()),
        }
    }

    /// The outcome in a view that counts one state alone: any other is OK, and the text says what it was. Help and version stay
    /// what they are: nobody but a person asks for them.
    #[must_use]
    pub fn counting_only(self, only: Status) -> Self {
        if matches!(self, Self::Help(_)) {
            return self;
        }
        Self::Judged(self.report().counting_only(only))
    }

    /// The lines to print, ending in a newline.
    pub fn render(&self, name: &str, separator: &str) -> String {
        match self {
            Self::Judged(report) => report.render(name, separator),
            Self::Help(text) | Self::Shown(Ok(text)) => format!("{}\n", text.trim_end()),
            Self::Shown(Err(_))
            | Self::Usage(_)
            | Self::Failed(_)
            | Self::Panicked(_)
            | Self::Terminated(_) => {
                Report::default().stated(Status::Unknown, self.reason()).render(name, separator)
            }
        }
    }

    /// Why nothing was judged.
    fn reason(&self) -> String {
        match self {
            Self::Judged(report) => report.text(),
            Self::Help(text) | Self::Shown(Ok(text)) => text.clone(),
            Self::Usage(text) => format!("{text} (see --help)"),
            Self::Failed(error) | Self::Shown(Err(error)) => format!("{error:#}"),
            Self::Panicked(text) => format!("internal error: {text}"),
            Self::Terminated(signal) => format!("ended by {signal}"),
        }
    }
}

/// Reads a command line.
///
/// # Errors
/// The outcome to end with: help, version or a usage error. Help and version are given even where other arguments are wrong.
pub fn parse<O: clap::Parser>(argv: &[OsString]) -> Result<O, Outcome> {
    O::try_parse_from(argv).map_err(|error| {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            return Outcome::Help(error.to_string());
        }
        wanted::<O>(argv).unwrap_or_else(|| Outcome::Usage(first_paragraph(&error.to_string())))
    })
}

/// Help or version, where a wrong command line asks for it too.
fn wanted<O: clap::Parser>(argv: &[OsString]) -> Option<Outcome> {
    let asked =
        |long: &str, short: &str| argv.iter().skip(1).any(|word| word == long || word == short);
    let mut command = O::command();
    if asked("--help", "-h") {
        Some(Outcome::Help(command.render_help().to_string()))
    } else if asked("--version", "-V") {
        Some(Outcome::Help(command.render_version()))
    } else {
        None
    }
}

/// Clap names missing arguments on further lines of its first paragraph, and adds usage and tips behind it.
fn first_paragraph(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let text = words.join(" ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

/// Runs a body under a time limit; a panic and a signal become outcomes.
pub fn guarded(
    budget: Duration,
    transcript: Transcript,
    body: impl FnOnce(Deadline) -> Outcome,
) -> Outcome {
    let signals = match signals() {
        Ok(signals) => Arc::new(signals),
        Err(error) => {
            return Outcome::Failed(anyhow::Error::new(error).context("cannot watch for signals"));
        }
    };
    let deadline = Deadline::within(budget).ended_by(Arc::clone(&signals));
    let deadline = if transcript == Transcript::Kept { deadline.transcribed() } else { deadline };
    let outcome = caught(|| body(deadline));
    match signals.read_signal() {
        Ok(Some(info)) => i32::try_from(info.ssi_signo)
            .ok()
            .and_then(|number| Signal::try_from(number).ok())
            .map_or(outcome, Outcome::Terminated),
        Ok(None) | Err(_) => outcome,
    }
}

/// Whether a transcript of the wire is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transcript {
    /// For `-vvv`.
    Kept,
    /// Else.
    Dropped,
}

/// Runs a body; a panic becomes an outcome.
pub fn caught(body: impl FnOnce() -> Outcome) -> Outcome {
    static MESSAGE: OnceLock<Mutex<Option<String>>> = OnceLock::new();
    let message = MESSAGE.get_or_init(Mutex::default);
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|it| format!(" at {}:{}", it.file(), it.line()))
            .unwrap_or_default();
        let text = format!("{}{place}", panic_text(info.payload()));
        *message.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }));
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let kept = message.lock().unwrap_or_else(PoisonError::into_inner).take();
        Outcome::Panicked(kept.unwrap_or_else(|| panic_text(payload.as_ref())))
    })
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

/// Signals that ask for the end arrive as a descriptor, so that every wait sees them.
fn signals() -> nix::Result<SignalFd> {
    let set: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect();
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// Prints a text and gives the exit code of a state. A text that can not be delivered is UNKNOWN.
pub fn print(text: &str, status: Status) -> ExitCode {
    let written = stdout::write(text, READER);
    let status = if written.is_ok() { status } else { Status::Unknown };
    ExitCode::from(status.code())
}

/// Prints an outcome and gives its exit code. A result that can not be delivered is UNKNOWN.
pub fn exit(name: &str, separator: &str, outcome: &Outcome) -> ExitCode {
    print(&outcome.render(name, separator), outcome.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser, Debug)]
    #[command(name = "check_test", version)]
    struct Options {
        #[arg(short, long)]
        count: u8,
    }

    fn ending(argv: &[&str]) -> String {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        match parse::<Options>(&argv) {
            Ok(options) => format!("{options:?}"),
            Err(outcome) => {
                assert_eq!(outcome.status(), Status::Unknown);
                outcome.render("TEST", " - ")
            }
        }
    }

    #[test]
    fn a_wrong_command_line_is_unknown_and_says_what_is_wrong() {
        assert_eq!(ending(&["x", "-c", "7"]), "Options { count: 7 }");
        let missing = "TEST UNKNOWN - the following required arguments were not provided: --count <COUNT> (see --help)\n";
        assert_eq!(ending(&["x"]), missing);
        assert_eq!(
            ending(&["x", "--bogus"]),
            "TEST UNKNOWN - unexpected argument '--bogus' found (see --help)\n"
        );
    }

    #[test]
    fn help_and_version_are_given_even_beside_a_wrong_argument() {
        assert!(ending(&["x", "--bogus", "-h"]).contains("Usage: "));
        assert_eq!(
            ending(&["x", "--bogus", "-V"]),
            format!("check_test {}\n", env!("CARGO_PKG_VERSION"))
        );
    }

    #[test]
    fn a_panic_is_unknown_with_its_text() {
        let outcome = caught(|| panic!("tables | turned"));
        let line = outcome.render("TEST", " - ");
        assert!(
            line.starts_with("TEST UNKNOWN - internal error: tables   turned at src"),
            "{line}"
        );
    }
}
