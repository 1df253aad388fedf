//! The checks. Each is a type that is its own options, with two functions: `probe` measures and `judge` judges.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::plugin::{self, Outcome, Report, Status, Transcript};
use crate::policy::Service;
use crate::probe::{Fault, Trouble};

mod certificate;
mod disk;
mod dns;
mod http;
mod icmp;
mod load;
mod mem;
mod options;
mod port;
mod smtp220;
mod ssh_banner;
mod times;

pub use certificate::Validity;
pub use disk::Disk;
pub use dns::Dns;
pub use http::Http;
pub use icmp::Icmp;
pub use load::Load;
pub use mem::Mem;
pub use options::{Common, Settings, Target, Timeout};
pub use port::Port;
pub use smtp220::Smtp220;
pub use ssh_banner::SshBanner;
pub use times::Times;

/// Seconds for a target that is no documented service.
const TIMEOUT: u32 = 10;

/// Where a check has to run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Vantage {
    /// On the watched server itself.
    Host,
    /// On the monitoring server, over the network.
    Server,
}

/// A check: its options, how it measures, how it judges.
pub trait Check: clap::Args + Send + 'static {
    /// Its name in the policy; the binary is `check_` and this.
    const NAME: &'static str;
    /// The first word of its output, as the C peer has it.
    const TITLE: &'static str;
    /// One line for `--help`.
    const ABOUT: &'static str;
    /// Where it has to run.
    const VANTAGE: Vantage;
    /// What stands between state and text, as the C peer has it.
    const SEPARATOR: &'static str = " - ";
    /// What the probe brings back.
    type Seen;

    /// The first word of the output, where the options decide it.
    fn title(&self) -> String {
        Self::TITLE.to_owned()
    }

    /// Does a part of the check, and ends, where this program has started itself for that alone.
    fn started_for_a_part() -> Option<ExitCode> {
        None
    }

    /// The documented service that it judges, where it judges one.
    ///
    /// # Errors
    /// The policy does not have it.
    fn service(&self) -> anyhow::Result<Option<&'static Service>> {
        Ok(None)
    }

    /// The options on the time to an answer, where that time is judged.
    fn times(&self) -> Option<&Times> {
        None
    }

    /// Seconds for the target where `-t` is not given: those of the documented service, or else the C peers'.
    fn timeout(&self) -> u32 {
        self.service().ok().flatten().map_or(TIMEOUT, |service| service.no_answer)
    }

    /// The state of a target that did not do its part.
    fn fault_status(&self, fault: &Fault, settings: &Settings) -> Status {
        fault_status(fault, settings)
    }

    /// Measures, and judges nothing.
    ///
    /// # Errors
    /// The target's fault, or what kept us from looking.
    fn probe(&self, settings: &Settings, deadline: &Deadline) -> Result<Self::Seen, Trouble>;

    /// Judges what was measured; does no I/O.
    ///
    /// # Errors
    /// The policy has no row for a value.
    fn judge(&self, seen: &Self::Seen, settings: &Settings) -> anyhow::Result<Report>;

    /// The outcome as the command line wants it to be seen. It is given whole, since it may be one that can not be read.
    #[must_use]
    fn view(argv: &[OsString], outcome: Outcome) -> Outcome {
        let _ = argv;
        outcome
    }
}

/// The state of a fault where a check has no other rule: CRITICAL, and of silence what `--timeout-result` says.
pub fn fault_status(fault: &Fault, settings: &Settings) -> Status {
    match fault {
        Fault::Silent { .. } => settings.timeout_result,
        Fault::Refused(_)
        | Fault::Ended { .. }
        | Fault::Unreachable(_)
        | Fault::Unresolved(_)
        | Fault::Tls { .. }
        | Fault::Garbled(_) => Status::Critical,
    }
}

/// All options of a check's binary.
#[derive(Debug, clap::Parser)]
#[command(version, about = C::ABOUT, args_override_self = true)]
struct Options<C: Check> {
    #[command(flatten)]
    check: C,
    #[command(flatten)]
    common: Common,
}

/// A finished run: what to print before the state, and how it ended.
#[derive(Debug)]
pub struct Run {
    /// The first word of the output.
    pub title: String,
    /// What stands between state and text.
    pub separator: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

/// A row of the table of checks: what is known about a check without its type.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the policy; the binary is `check_` and this.
    pub name: &'static str,
    /// One line of what it does.
    pub about: &'static str,
    /// Where it has to run.
    pub vantage: Vantage,
    /// Runs it on a command line, under a time limit of the caller's.
    pub run: fn(&[OsString], &Deadline) -> Run,
    /// Reads a command line and does nothing with it.
    pub accepts: fn(&[OsString]) -> Result<(), String>,
}

impl Entry {
    const fn of<C: Check>() -> Self {
        Self {
            name: C::NAME,
            about: C::ABOUT,
            vantage: C::VANTAGE,
            run: run_within::<C>,
            accepts: accepts::<C>,
        }
    }
}

/// Every check; generated configuration, documentation and tests derive from it.
pub const ALL: &[Entry] = &[
    Entry::of::<Port>(),
    Entry::of::<SshBanner>(),
    Entry::of::<Smtp220>(),
    Entry::of::<Dns>(),
    Entry::of::<Http>(),
    Entry::of::<Icmp>(),
    Entry::of::<Load>(),
    Entry::of::<Disk>(),
    Entry::of::<Mem>(),
];

/// The whole of a check's `main`.
pub fn main<C: Check>() -> ExitCode {
    if let Some(ended) = C::started_for_a_part() {
        return ended;
    }
    let argv: Vec<OsString> = std::env::args_os().collect();
    let mut title = C::TITLE.to_owned();
    let outcome = plugin::caught(|| match parse::<C>(&argv) {
        Err(outcome) => outcome,
        Ok((check, settings)) => {
            title = check.title();
            plugin::guarded(settings.timeout, settings.transcript(), |deadline| {
                look(&check, &settings, &deadline)
            })
        }
    });
    plugin::exit(&title, C::SEPARATOR, &C::view(&argv, outcome))
}

fn run_within<C: Check>(argv: &[OsString], deadline: &Deadline) -> Run {
    let mut title = C::TITLE.to_owned();
    let outcome = plugin::caught(|| match parse::<C>(argv) {
        Err(outcome) => outcome,
        Ok((check, settings)) => {
            title = check.title();
            look(&check, &settings, &deadline.restarted(settings.timeout))
        }
    });
    Run { title, separator: C::SEPARATOR, outcome: C::view(argv, outcome) }
}

fn accepts<C: Check>(argv: &[OsString]) -> Result<(), String> {
    parse::<C>(argv).map(|_| ()).map_err(|outcome| outcome.report().text())
}

fn parse<C: Check>(argv: &[OsString]) -> Result<(C, Settings), Outcome> {
    let options: Options<C> = plugin::parse(argv)?;
    let settings = Settings::from_options(&options.common, options.check.timeout());
    Ok((options.check, settings))
}

/// Probes and judges.
fn look<C: Check>(check: &C, settings: &Settings, deadline: &Deadline) -> Outcome {
    let judged = match check.probe(settings, deadline) {
        Ok(seen) => check.judge(&seen, settings),
        Err(Trouble::Target(fault)) => judge_fault(check, &fault, deadline.elapsed(), settings),
        Err(Trouble::Ours(error)) => Err(error),
    };
    // What kept us from looking is where details are wanted most.
    let report = judged
        .unwrap_or_else(|error| Report::default().stated(Status::Unknown, format!("{error:#}")));
    Outcome::Judged(report.verbose(verbose(settings, deadline)))
}

/// Judges a target that did not do its part; shows the time until then where it is one that is judged.
fn judge_fault<C: Check>(
    check: &C,
    fault: &Fault,
    elapsed: Duration,
    settings: &Settings,
) -> anyhow::Result<Report> {
    let report = Report::default().stated(check.fault_status(fault, settings), fault.to_string());
    Ok(match check.times() {
        Some(times) => report.shown(times.answer(elapsed, check.service()?, settings)),
        None => report,
    })
}

/// The lines that `-v` adds.
fn verbose(settings: &Settings, deadline: &Deadline) -> Vec<String> {
    let mut lines = Vec::new();
    if settings.verbose >= 2 {
        lines.push(format!(
            "plan {}, time limit {} s",
            settings.plan.name(),
            settings.timeout.as_secs_f64()
        ));
        let phases = deadline.phases();
        lines.extend(
            phases.iter().map(|(phase, at)| format!("{phase} began at {:.6} s", at.as_secs_f64())),
        );
    }
    if settings.transcript() == Transcript::Kept {
        lines.extend(deadline.transcript());
    }
    lines
}
