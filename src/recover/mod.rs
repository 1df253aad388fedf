//! `recover_service`: the command that an engine's recovery notification calls, again and again, while a problem is HARD.
//!
//! The engine is the clock, this program decides. Every doubt ends in "do nothing, say why". This version reads the call and
//! applies the guards that its arguments decide alone; it has no part that acts, and says so instead of acting.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use crate::deadline::Deadline;
use crate::plugin::{self, Outcome, Report, Status, Transcript};

mod call;
mod guard;
mod ledger;
mod machine;
mod moment;
mod options;
pub mod process;
mod record;
pub mod server;
pub mod target;
mod told;

pub use call::{Call, Fault};
pub use guard::{GUARDS, Guard, Refusal};
pub use ledger::Ledger;
pub use machine::{Agent, Machine, Own, Power, Witnesses};
pub use moment::Moment;
pub use options::Options;
pub use record::{Event, Record, Stage};
pub use told::{Act, Job, State, Told};

const NAME: &str = "RECOVER";
const SEPARATOR: &str = " - ";
/// Nothing here waits for anything; the limit is a backstop.
const LIMIT: Duration = Duration::from_secs(10);

/// The whole of `main`.
pub fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the main, the one place that reads the clock"
    )]
    let now = SystemTime::now();
    let outcome = plugin::caught(|| match plugin::parse::<Options>(&argv) {
        Err(outcome) => outcome,
        Ok(options) => plugin::guarded(LIMIT, Transcript::Dropped, |deadline| {
            Outcome::Judged(decide(&options, now, &deadline))
        }),
    });
    plugin::exit(NAME, SEPARATOR, &outcome)
}

/// What is done about a call: 0 acted or nothing to do, 1 refused, 2 people are needed, 3 could not tell.
fn decide(options: &Options, now: SystemTime, deadline: &Deadline) -> Report {
    if let Some(act) = &options.act {
        return target::run(act, options.service.as_deref(), now, deadline);
    }
    let call = match Call::read(options) {
        Ok(call) => call,
        Err(refusal) => return refused(&refusal),
    };
    let verdicts: Vec<_> =
        GUARDS.iter().map(|guard| (guard.name, (guard.refuses)(&call, now))).collect();
    let mut report = match verdicts.iter().find_map(|(name, reason)| Some((*name, reason.clone()?)))
    {
        Some((guard, reason)) => refused(&Refusal { guard, reason }),
        None => refused(&Refusal {
            guard: "no act",
            reason: format!("this version has no part that acts on {}", call.fault),
        }),
    };
    if options.dry_run {
        for (name, reason) in verdicts {
            report = report.detail(format!("{name}: {}", reason.as_deref().unwrap_or("passes")));
        }
    }
    report
}

fn refused(refusal: &Refusal) -> Report {
    Report::default()
        .stated(Status::Warning, format!("refused ({}): {}", refusal.guard, refusal.reason))
}
