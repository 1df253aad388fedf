//! `firstaid history [HOST]`: what recovery did, held back and why, from its ledgers.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::{Timestamp, tz::TimeZone};

use crate::plugin::visible;
use crate::recover::suspension::{self, Happened, Note};
use crate::recover::{Event, Ledger, Record, Stage};

/// Options of `firstaid history`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Name of a host; every host without it
    host: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Folder of the ledgers; on a server that was restarted, /var/lib/firstaid/recovery
    #[arg(long, value_name = "DIR", default_value = "/var/lib/firstaid/monitor")]
    ledgers: PathBuf,
}

/// Tells the history, the oldest first.
///
/// # Errors
/// A ledger can not be read, or is damaged.
pub(super) fn run(options: &Options) -> Result<String> {
    let one = options.host.as_deref();
    let notes = suspension::look(&options.ledgers)?;
    let notes = notes.into_iter().filter(|note| one.is_none_or(|host| host == note.host));
    let mut all: Vec<Told> = notes.map(Told::Suspension).collect();
    for (host, path) in ledgers(&options.ledgers, one)? {
        all.extend(
            Ledger::look(&path)?.into_iter().map(|record| Told::Recovery(host.clone(), record)),
        );
    }
    if let Some(host) = one {
        let path = options.ledgers.join(format!("{host}.jsonl"));
        let known = !all.is_empty() || path.exists();
        anyhow::ensure!(known, "there is no ledger of {host:?} in {}", options.ledgers.display());
    }
    all.sort_by_key(Told::at);
    if options.json {
        return json(&all);
    }
    if all.is_empty() {
        return Ok("nothing was done, and nothing held back\n".to_owned());
    }
    let zone = TimeZone::system();
    let width = all.iter().map(|told| told.host().len()).max().unwrap_or(0);
    let mut text = String::new();
    for told in &all {
        let _ = writeln!(text, "{}", told.line(width, &zone)?);
    }
    Ok(text)
}

/// Something that happened.
enum Told {
    /// To a host, by recovery.
    Recovery(String, Record),
    /// To a window.
    Suspension(Note),
}

impl Told {
    fn host(&self) -> &str {
        match self {
            Self::Recovery(host, _) => host,
            Self::Suspension(note) => &note.host,
        }
    }

    fn at(&self) -> (u64, u64) {
        match self {
            Self::Recovery(_, record) => (record.at.time, record.seq),
            Self::Suspension(note) => (note.at, note.seq),
        }
    }

    fn line(&self, width: usize, zone: &TimeZone) -> Result<String> {
        match self {
            Self::Recovery(host, record) => line(host, width, record, zone),
            Self::Suspension(note) => suspended(note, width, zone),
        }
    }
}

/// Ledgers of hosts, by name. Names that begin with a dash are no hosts.
fn ledgers(folder: &Path, host: Option<&str>) -> Result<Vec<(String, PathBuf)>> {
    if let Some(host) = host {
        let path = folder.join(format!("{host}.jsonl"));
        if !path.exists() {
            return Ok(Vec::new());
        }
        return Ok(vec![(host.to_owned(), path)]);
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(host) = name.strip_suffix(".jsonl").filter(|host| !host.starts_with('-')) {
            found.push((host.to_owned(), path.clone()));
        }
    }
    Ok(found)
}

fn line(host: &str, width: usize, record: &Record, zone: &TimeZone) -> Result<String> {
    let time = at(record.at.time, zone)?;
    let what = record.service.as_deref().unwrap_or("server");
    let (stage, event) = words(record);
    let text = visible(record.text.as_bytes());
    Ok(format!("{time}  {host:width$}  {what:10}  {stage:7}  {event:8}  {text} ({})", record.actor))
}

fn suspended(note: &Note, width: usize, zone: &TimeZone) -> Result<String> {
    let event = match note.event {
        Happened::Asked => "asked",
        Happened::Stored => "stored",
        Happened::Partly => "in part",
        Happened::Ended => "ended",
    };
    let over = if note.overridden { ", overriding the documented time" } else { "" };
    let places = if note.places.is_empty() {
        String::new()
    } else {
        format!(" (in {})", visible(note.places.join(", ").as_bytes()))
    };
    Ok(format!(
        "{}  {:width$}  {:10}  {:7}  {event:8}  from {} until {}{places}: {} ({}{over})",
        at(note.at, zone)?,
        note.host,
        "server",
        "suspend",
        at(note.window.from, zone)?,
        at(note.window.until, zone)?,
        visible(note.why.as_bytes()),
        visible(note.who.as_bytes())
    ))
}

fn at(seconds: u64, zone: &TimeZone) -> Result<String> {
    let seconds = i64::try_from(seconds).context("a time out of bounds")?;
    let time = Timestamp::from_second(seconds).context("a time out of bounds")?;
    Ok(time.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn words(record: &Record) -> (&'static str, &'static str) {
    let stage = match record.stage {
        Stage::Restart => "restart",
        Stage::Reboot => "reboot",
        Stage::Power => "power",
        Stage::People => "-",
    };
    let event = match record.event {
        Event::Armed => "waits",
        Event::Intent => "begins",
        Event::Done => "done",
        Event::Failed => "failed",
        Event::Refused => "refused",
        Event::Dropped => "not done",
        Event::Held => "held",
    };
    (stage, event)
}

fn json(all: &[Told]) -> Result<String> {
    let mut text = String::new();
    for told in all {
        let mut value = match told {
            Told::Recovery(_, record) => serde_json::to_value(record),
            Told::Suspension(note) => serde_json::to_value(note),
        }
        .context("cannot write a record")?;
        value["host"] = told.host().into();
        let _ = writeln!(text, "{value}");
    }
    Ok(text)
}
