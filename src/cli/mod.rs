//! `firstaid`, the operator's program.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

mod check;
mod diff;
mod disk;
mod explain;
mod generate;
mod history;
mod local;
mod nrpe;
mod recovery;
mod suspend;
mod table;
mod who;

/// Where the inventory is, if there is one.
const INVENTORY: &str = "/etc/firstaid/hosts.toml";

/// Finds faults on monitored servers, and shows what the monitoring sees.
#[derive(Debug, Parser)]
#[command(name = "firstaid", version, args_override_self = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run every check of a host and show one table; the exit code is that of the worst
    Check(check::Options),
    /// Write the configuration of Icinga 2, Nagios, NRPE and sudo from the inventory
    Generate(generate::Options),
    /// Say in plain words how a service is watched, and what follows from a fault
    Explain(explain::Options),
    /// Tell what recovery did, what it held back, and why
    History(history::Options),
    /// Switch recovery off, or on again
    Recovery(recovery::Options),
    /// Let a customer work on a server in peace, by the documented calendar; --list shows the windows
    Suspend(suspend::Options),
    /// End such a window early, or take it back
    Resume(suspend::ResumeOptions),
}

/// The whole of `main`.
pub fn main() -> ExitCode {
    // `firstaid check` measures disks in this program, which then starts itself for mounts that may hang.
    if let Some(ended) = crate::probe::disk::serve_if_asked() {
        return ended;
    }
    let argv: Vec<OsString> = std::env::args_os().collect();
    match Cli::try_parse_from(&argv) {
        Ok(Cli { command: Command::Check(options) }) => check::run(&options),
        Ok(Cli { command: Command::Generate(options) }) => ended(generate::run(&options)),
        Ok(Cli { command: Command::Explain(options) }) => ended(explain::run(&options)),
        Ok(Cli { command: Command::History(options) }) => ended(history::run(&options)),
        Ok(Cli { command: Command::Recovery(options) }) => ended(recovery::run(&options)),
        Ok(Cli { command: Command::Suspend(options) }) => told(suspend::run(&options)),
        Ok(Cli { command: Command::Resume(options) }) => told(suspend::resume(&options)),
        Err(_) if argv.get(1).is_some_and(|word| word == "check") => check::usage(&argv),
        Err(error) => {
            // Clap's own ending: help to standard output with 0, an error to standard error with 2.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// Tells something beside what a command has to tell.
fn warn(text: &str) {
    // Where standard error is closed, the generated files still tell.
    let _ = writeln!(io::stderr(), "firstaid: {text}");
}

/// The same of a command that may have done its work in part: that is 1, too.
fn told(result: Result<suspend::Told>) -> ExitCode {
    let whole = result.as_ref().is_ok_and(|told| told.whole);
    let ended = ended(result.map(|told| told.text));
    if whole { ended } else { ExitCode::FAILURE }
}

/// Shows what a command has to tell: 0, or 1 with the reason on standard error.
fn ended(result: Result<String>) -> ExitCode {
    let told = result.and_then(|text| {
        io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where standard error is closed too.
            let _ = writeln!(io::stderr(), "firstaid: {error:#}");
            ExitCode::FAILURE
        }
    }
}
