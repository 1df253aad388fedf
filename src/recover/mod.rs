//! `recover_service`: the command that an engine's recovery notification calls, again and again, while a problem is HARD.
//!
//! The engine is the clock, this program decides. Every doubt ends in "do nothing, say why".

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::deadline::Deadline;
use crate::plugin::{self, Outcome, Report, Transcript};
use crate::policy::Policy;

mod brake;
mod call;
mod compact;
mod conclusion;
mod decide;
mod guard;
mod history;
mod ledger;
mod machine;
mod moment;
mod options;
pub mod process;
mod record;
pub mod server;
mod simulate;
pub mod suspension;
pub mod target;
mod told;

pub use brake::{BRAKES, Brake};
pub use call::{Call, Fault};
pub use decide::{Decision, Due, Situation, decide, due};
pub use guard::{GUARDS, Guard, Refusal};
pub use history::History;
pub use ledger::{Book, Ledger};
pub use machine::{Agent, Machine, Own, Power, Witnesses};
pub use moment::Moment;
pub use options::Options;
pub use record::{Entry, Event, Record, Stage};
pub use simulate::{Seen, Step, simulate};
pub use told::{Act, Job, State, Suspension, Told};

const NAME: &str = "RECOVER";
const SEPARATOR: &str = " - ";
/// A backstop; the parts have limits of their own.
const LIMIT: Duration = Duration::from_mins(10);

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
        Ok(Options { simulate: Some(path), host, service, machines, .. }) => {
            Outcome::Shown(rehearsal(&path, host.as_deref(), service.as_deref(), &machines))
        }
        Ok(options) => plugin::guarded(LIMIT, Transcript::Dropped, |deadline| {
            Outcome::Judged(answer(&options, now, &deadline))
        }),
    });
    plugin::exit(NAME, SEPARATOR, &outcome)
}

/// What is done about a call: 0 acted or nothing to do, 1 refused, 2 people are needed, 3 could not tell.
fn answer(options: &Options, wall: SystemTime, deadline: &Deadline) -> Report {
    if let Some(act) = &options.act {
        return target::run(act, options.service.as_deref(), wall, deadline);
    }
    server::run(options, wall, deadline)
}

/// The decisions about a list of results.
fn rehearsal(
    list: &Path,
    host: Option<&str>,
    service: Option<&str>,
    machines: &Path,
) -> anyhow::Result<String> {
    let machine =
        host.map_or_else(|| Ok(Machine::documented()), |host| Machine::find(machines, host))?;
    let fault = match service {
        None => Fault::Host,
        Some(name) => Fault::Service(Policy::documented().service(name)?),
    };
    let text =
        std::fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))?;
    let results = simulate::read(&text).with_context(|| list.display().to_string())?;
    Ok(simulate::told(&results, &simulate(&machine, fault, &results)))
}
