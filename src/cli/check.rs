//! `firstaid check HOST`: every check of a host, side by side, in one table.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use super::table::{Row, Table};
use super::{INVENTORY, local, nrpe};
use crate::check::{ALL, Run};
use crate::deadline::Deadline;
use crate::inventory::{Agent, Call, Host, Inventory};
use crate::plugin::{self, Outcome, Report, Status, Transcript};
use crate::policy::{Plan, Policy};

const NAME: &str = "FIRSTAID";
const SEPARATOR: &str = " - ";

/// Options of `firstaid check`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Name of the host in the inventory; `localhost` needs none
    host: String,
    /// The inventory [default: /etc/firstaid/hosts.toml]
    #[arg(short, long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// Plan of a localhost that is not in the inventory
    #[arg(long, value_enum, default_value_t)]
    plan: Plan,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Parser)]
#[command(name = "firstaid check", version)]
struct Alone {
    #[command(flatten)]
    options: Options,
}

/// Ends a wrong command line as a plugin does, since the engine may be the caller.
pub(super) fn usage(argv: &[OsString]) -> ExitCode {
    let own: Vec<OsString> = argv.get(1..).unwrap_or_default().to_vec();
    match plugin::parse::<Alone>(&own) {
        Ok(alone) => run(&alone.options),
        Err(outcome) => plugin::exit(NAME, SEPARATOR, &outcome),
    }
}

/// Runs the checks and prints the table; the exit code is the worst state's.
pub(super) fn run(options: &Options) -> ExitCode {
    let mut table = None;
    let limit = Duration::from_secs(Policy::documented().timeouts.engine.into());
    let outcome =
        plugin::guarded(limit, Transcript::Dropped, |deadline| match look(options, &deadline) {
            Ok(seen) => Outcome::Judged(
                Report::default().stated(table.insert(seen).worst(), "see the table"),
            ),
            Err(error) => Outcome::Failed(error),
        });
    match (&outcome, table) {
        (Outcome::Judged(_), Some(table)) => {
            let text = if options.json { table.json() } else { table.text() };
            plugin::print(&text, table.worst())
        }
        _ => plugin::exit(NAME, SEPARATOR, &outcome),
    }
}

fn look(options: &Options, deadline: &Deadline) -> Result<Table> {
    let host = host(options)?;
    let calls = Call::all(&host);
    let (send, receive) = mpsc::channel();
    for (number, call) in calls.iter().cloned().enumerate() {
        let (send, host, deadline) = (send.clone(), host.clone(), deadline.clone());
        // The receiver may have given up on a check that hung; then nobody needs its row.
        let work = move || drop(send.send((number, row(&host, &call, &deadline))));
        thread::Builder::new().spawn(work).context("cannot start a thread")?;
    }
    drop(send);
    let limit = deadline.clone();
    let expected = calls.len();
    let collect = move || {
        let mut rows: Vec<Option<Row>> = (0..expected).map(|_| None).collect();
        while let Ok((number, row)) =
            receive.recv_timeout(limit.left().saturating_sub(Duration::from_millis(100)))
        {
            if let Some(place) = rows.get_mut(number) {
                *place = Some(row);
            }
        }
        rows
    };
    let rows = deadline.aside(collect).context("the checks did not end")?;
    let missing =
        |call: &Call| Row::new(call.label, Status::Unknown, "the check did not end in time");
    let rows = rows.into_iter().zip(&calls).map(|(row, call)| row.unwrap_or_else(|| missing(call)));
    Ok(Table { host: host.name.to_string(), plan: host.plan, rows: rows.collect() })
}

/// The host from the inventory, or this machine where there is none.
fn host(options: &Options) -> Result<Host> {
    let default = Path::new(INVENTORY);
    let file = options.inventory.as_deref().or(default.exists().then_some(default));
    match file {
        None if options.host == "localhost" => local::host(options.plan),
        None => bail!(
            "host {:?} needs an inventory: give --inventory FILE, or write {INVENTORY}",
            options.host
        ),
        Some(file) => {
            let inventory = Inventory::read(file)?;
            match inventory.host(&options.host) {
                Ok(host) => Ok(host.clone()),
                Err(_) if options.host == "localhost" => local::host(options.plan),
                Err(error) => Err(error),
            }
        }
    }
}

fn row(host: &Host, call: &Call, deadline: &Deadline) -> Row {
    if call.is_remote(host) {
        return match host.agent {
            Agent::Nrpe => nrpe::ask(host, call, deadline),
            Agent::Icinga => {
                Row::not_run(call.label, "runs on the server itself, by its Icinga agent")
            }
            Agent::Ssh => Row::not_run(call.label, "runs on the server itself, by ssh"),
            Agent::None | Agent::Local => {
                Row::not_run(call.label, "runs on the server itself, which has no agent")
            }
        };
    }
    let Some(entry) = ALL.iter().find(|entry| entry.name == call.check) else {
        return Row::new(call.label, Status::Unknown, format!("there is no check {}", call.check));
    };
    let program = format!("check_{}", call.check);
    let argv: Vec<OsString> =
        std::iter::once(&program).chain(&call.args).map(OsString::from).collect();
    let Run { outcome, .. } = (entry.run)(&argv, deadline);
    Row::of(call.label, &outcome.report())
}
