//! Which thresholds belong to which path: in the C peer an option holds for what follows it.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::error::ErrorKind;
use regex::bytes::Regex;

use super::limits::{Limit, Limits};
use super::options::Words;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// A mount point or device.
    Path(PathBuf),
    /// A mount point or device that must be mounted.
    Required(PathBuf),
    /// What matches.
    Matching(Regex),
    /// All but pseudo file systems.
    All,
    /// Local file systems with a device.
    Usual,
}

/// What is to be looked at, with the limits that judge it.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) wanted: Wanted,
    pub(super) limits: Limits,
}

/// One word of the command line whose place matters.
#[derive(Clone, Debug)]
enum Step {
    Warning(Limit),
    Critical(Limit),
    InodeWarning(Limit),
    InodeCritical(Limit),
    Choose(Wanted),
    Clear,
}

impl Step {
    fn set(&self, limits: &mut Limits) {
        match self {
            Self::Warning(limit) => limits.warning = Some(*limit),
            Self::Critical(limit) => limits.critical = Some(*limit),
            Self::InodeWarning(limit) => limits.inode_warning = Some(*limit),
            Self::InodeCritical(limit) => limits.inode_critical = Some(*limit),
            Self::Choose(_) | Self::Clear => {}
        }
    }
}

/// The choices of a command line in their order.
///
/// # Errors
/// Thresholds after the last `-C` that no path follows.
pub(super) fn choices(words: &Words, matches: &ArgMatches) -> Result<Vec<Choice>, clap::Error> {
    let steps = steps(words, matches);
    let mut choices = Vec::new();
    let parts: Vec<&[Step]> = steps.split(|step| matches!(step, Step::Clear)).collect();
    for (number, part) in parts.iter().enumerate() {
        let before = choices.len();
        choices.extend(chosen(part));
        let is_last = number + 1 == parts.len();
        let limits = limits_of(part);
        if choices.len() > before {
            continue;
        }
        if (is_last && choices.is_empty()) || (!is_last && limits != Limits::default()) {
            choices.push(Choice { wanted: Wanted::Usual, limits });
        } else if limits != Limits::default() {
            let text = "thresholds after the last -C belong to no path";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, text));
        }
    }
    Ok(choices)
}

/// The paths between two `-C`. A threshold holds for the paths after it. A path without any before it, which the peer does not
/// accept, gets the next one: so any order works.
fn chosen(part: &[Step]) -> Vec<Choice> {
    let mut limits = Limits::default();
    for group in part.split(|step| matches!(step, Step::Choose(_))).rev() {
        for step in group {
            step.set(&mut limits);
        }
    }
    let mut choices = Vec::new();
    for step in part {
        step.set(&mut limits);
        if let Step::Choose(wanted) = step {
            choices.push(Choice { wanted: wanted.clone(), limits });
        }
    }
    choices
}

fn limits_of(part: &[Step]) -> Limits {
    let mut limits = Limits::default();
    for step in part {
        step.set(&mut limits);
    }
    limits
}

fn steps(words: &Words, matches: &ArgMatches) -> Vec<Step> {
    let places = |id: &str| matches.indices_of(id).map(Iterator::collect::<Vec<usize>>);
    let mut steps: Vec<(usize, Step)> = Vec::new();
    let mut add = |id: &str, of_option: Vec<Step>| {
        steps.extend(places(id).unwrap_or_default().into_iter().zip(of_option));
    };
    let limits = |limits: &[Limit], step: fn(Limit) -> Step| {
        limits.iter().copied().map(step).collect::<Vec<Step>>()
    };
    let paths = |paths: &[PathBuf], wanted: fn(PathBuf) -> Wanted| {
        paths.iter().cloned().map(|path| Step::Choose(wanted(path))).collect::<Vec<Step>>()
    };
    let patterns = |patterns: &[Regex]| {
        let wanted = patterns.iter().cloned().map(Wanted::Matching);
        wanted.map(Step::Choose).collect::<Vec<Step>>()
    };
    let flags = |flags: &[bool], step: &Step| {
        flags.iter().filter(|flag| **flag).map(|_| step.clone()).collect::<Vec<Step>>()
    };
    add("warning", limits(&words.warning, Step::Warning));
    add("critical", limits(&words.critical, Step::Critical));
    add("iwarning", limits(&words.iwarning, Step::InodeWarning));
    add("icritical", limits(&words.icritical, Step::InodeCritical));
    add("path", paths(&words.path, Wanted::Path));
    add("required", paths(&words.required, Wanted::Required));
    add("ereg_path", patterns(&words.ereg_path));
    add("eregi_path", patterns(&words.eregi_path));
    add("all", flags(&words.all, &Step::Choose(Wanted::All)));
    add("clear", flags(&words.clear, &Step::Clear));
    steps.sort_by_key(|(place, _)| *place);
    steps.into_iter().map(|(_, step)| step).collect()
}
