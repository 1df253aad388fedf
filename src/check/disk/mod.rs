//! `check_disk`: how much room is left on mounted file systems.

use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::{Check, Settings, Vantage};
use crate::deadline::Deadline;
use crate::plugin::{Report, Status};
use crate::policy::Policy;
use crate::probe::Trouble;
use crate::probe::disk::{Answer, Mount, measure, serve_if_asked, table};

mod finding;
mod limits;
mod options;
mod order;
mod selection;
mod text;

use finding::Finding;
use limits::{Limits, Yardstick};
use options::Words;
use order::Choice;
use selection::{Target, select};

/// Options of `check_disk`.
#[derive(Debug)]
pub struct Disk {
    words: Words,
    choices: Vec<Choice>,
}

/// Targets with their limits and what they answered.
#[derive(Debug)]
pub struct Seen(Vec<(Target, Limits, Option<Answer>)>);

impl Check for Disk {
    const NAME: &'static str = "disk";
    const TITLE: &'static str = "DISK";
    const ABOUT: &'static str = "Tests how much room is left on mounted file systems";
    const VANTAGE: Vantage = Vantage::Host;
    type Seen = Seen;

    fn started_for_a_part() -> Option<ExitCode> {
        serve_if_asked()
    }

    fn timeout(&self) -> u32 {
        Policy::documented().timeouts.host_check
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Seen, Trouble> {
        let targets = select(&self.choices, &self.words, &table()?);
        let mounts: Vec<&Mount> = targets.iter().filter_map(|(it, _)| it.mount()).collect();
        let answers = measure(&mounts, deadline).map_err(anyhow::Error::new)?;
        let mut answers = answers.into_iter();
        let seen = targets.into_iter().map(|(target, limits)| {
            let answer = target.mount().and_then(|_| answers.next());
            (target, limits, answer)
        });
        Ok(Seen(seen.collect()))
    }

    fn judge(&self, seen: &Seen, settings: &Settings) -> anyhow::Result<Report> {
        let documented = Policy::documented().thresholds(Self::NAME, "used", settings.plan)?;
        let unit = self.words.unit().bytes();
        let findings: Vec<Finding> = seen
            .0
            .iter()
            .filter_map(|(target, limits, answer)| {
                let yardstick = Yardstick { limits: *limits, documented, unit };
                self.finding(target, answer.as_ref(), &yardstick, settings)
            })
            .collect();
        if findings.is_empty() {
            let text = "no file system is left to look at";
            return Ok(Report::default().stated(Status::Unknown, text));
        }
        Ok(self.report(findings, settings.verbose))
    }
}

impl Args for Disk {
    fn augment_args(command: Command) -> Command {
        Words::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Words::augment_args_for_update(command)
    }
}

impl FromArgMatches for Disk {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let words = Words::from_arg_matches(matches)?;
        let choices = order::choices(&words, matches)?;
        Ok(Self { words, choices })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
