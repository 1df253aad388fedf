//! How a call ends, as a plugin's state and line.

use crate::plugin::{Report, Status};
use crate::policy::Pace;
use crate::recover::Refusal;

/// How a call ends.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Something was done, and helped or goes on.
    Acted(String),
    /// There is nothing to do, or not yet.
    Nothing(String),
    /// A guard refuses.
    Refused(Refusal),
    /// What was done failed; what follows from that comes with a later call.
    Failed(String),
    /// Nothing is left that could be done: people are needed.
    People(String),
    /// It could not be told whether anything should be done; so nothing was.
    Unsure(String),
}

impl Verdict {
    /// A refusal by a guard of that name.
    pub(super) fn refused(guard: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused(Refusal { guard, reason: reason.into() })
    }

    /// The plugin's state and line, which tells a drill from the real thing.
    pub(super) fn report_at(self, pace: Pace) -> Report {
        let report = self.report();
        if pace.is_documented() {
            return report;
        }
        let text = format!("{} (drill, pace {})", report.text(), pace.number());
        Report::default().stated(report.status(), text)
    }

    /// The plugin's state and line.
    pub(super) fn report(self) -> Report {
        let (status, text) = match self {
            Self::Acted(text) => (Status::Ok, text),
            Self::Nothing(text) => (Status::Ok, format!("nothing to do: {text}")),
            Self::Refused(refusal) => {
                (Status::Warning, format!("refused ({}): {}", refusal.guard, refusal.reason))
            }
            Self::Failed(text) => (Status::Critical, text),
            Self::People(text) => (Status::Critical, format!("people are needed: {text}")),
            Self::Unsure(text) => (Status::Unknown, format!("nothing was done: {text}")),
        };
        Report::default().stated(status, text)
    }
}
