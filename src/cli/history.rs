//! `firstaid history [HOST]`: what recovery did, held back and why, from its ledgers.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::{Timestamp, tz::TimeZone};

use crate::plugin::visible;
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
    let mut all: Vec<(String, Record)> = Vec::new();
    for (host, path) in ledgers(&options.ledgers, options.host.as_deref())? {
        all.extend(Ledger::look(&path)?.into_iter().map(|record| (host.clone(), record)));
    }
    all.sort_by_key(|(_, record)| (record.at.time, record.seq));
    if options.json {
        return json(&all);
    }
    if all.is_empty() {
        return Ok("nothing was done, and nothing held back\n".to_owned());
    }
    let zone = TimeZone::system();
    let width = all.iter().map(|(host, _)| host.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (host, record) in &all {
        let _ = writeln!(text, "{}", line(host, width, record, &zone)?);
    }
    Ok(text)
}

/// Ledgers of hosts, by name. Names that begin with a dash are no hosts.
fn ledgers(folder: &Path, host: Option<&str>) -> Result<Vec<(String, PathBuf)>> {
    if let Some(host) = host {
        let path = folder.join(format!("{host}.jsonl"));
        anyhow::ensure!(path.exists(), "there is no ledger of {host:?} in {}", folder.display());
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
    let seconds = i64::try_from(record.at.time).context("a time out of bounds")?;
    let time = Timestamp::from_second(seconds)
        .context("a time out of bounds")?
        .to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S");
    let what = record.service.as_deref().unwrap_or("server");
    let (stage, event) = words(record);
    let text = visible(record.text.as_bytes());
    Ok(format!("{time}  {host:width$}  {what:10}  {stage:7}  {event:8}  {text} ({})", record.actor))
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

fn json(all: &[(String, Record)]) -> Result<String> {
    let mut text = String::new();
    for (host, record) in all {
        let mut value = serde_json::to_value(record).context("cannot write a record")?;
        value["host"] = host.as_str().into();
        let _ = writeln!(text, "{value}");
    }
    Ok(text)
}
