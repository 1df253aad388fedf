//! `firstaid`, the operator's program.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

mod check;
mod local;
mod nrpe;
mod table;

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
        Err(_) if argv.get(1).is_some_and(|word| word == "check") => check::usage(&argv),
        Err(error) => {
            // Clap's own ending: help to standard output with 0, an error to standard error with 2.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
