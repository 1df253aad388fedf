//! `firstaid suspend --list`: the windows that hold or will, by the record and by the engines.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::Result;
use jiff::Timestamp;

use super::places::Places;
use super::{Settings, Told, host_name, seconds};
use crate::calendar::Calendar;
use crate::inventory::Inventory;
use crate::plugin::visible;
use crate::recover::suspension::{self, Note};

/// Shows them.
///
/// # Errors
/// The record or the inventory can not be read.
pub(super) fn shown(settings: &Settings, host: Option<&str>, now: Timestamp) -> Result<Told> {
    let inventory = Inventory::read(&settings.inventory)?;
    let calendar = inventory.suspension().calendar()?;
    let notes = suspension::look(&settings.records)?;
    let host = host.map(host_name).transpose()?;
    let hosts: BTreeSet<&str> = notes
        .iter()
        .map(|note| note.host.as_str())
        .filter(|name| host.as_deref().is_none_or(|host| host == *name))
        .collect();
    let now = seconds(now)?;
    let mut text = String::new();
    for name in hosts {
        let places = Places::of(settings, &inventory, name);
        for note in suspension::standing(&notes, name).iter().filter(|it| it.window.until > now) {
            text.push_str(&line(&calendar, note, now)?);
            let places_text = match &places {
                Ok(places) => places.seen(note),
                Err(error) => vec![("engines", format!("{error:#}"))],
            };
            for (place, said) in places_text {
                let _ = writeln!(text, "  {place}: {}", visible(said.as_bytes()));
            }
        }
    }
    if text.is_empty() {
        "nothing is suspended\n".clone_into(&mut text);
    }
    Ok(Told { text, whole: true })
}

fn line(calendar: &Calendar, note: &Note, now: u64) -> Result<String> {
    let at = |seconds: u64| -> Result<String> {
        Ok(calendar.shown(Timestamp::from_second(i64::try_from(seconds)?)?))
    };
    let state = if note.window.holds(now) { "holds" } else { "will hold" };
    let over = if note.overridden { ", deadline overridden" } else { "" };
    Ok(format!(
        "{}: {state} from {} until {}: {} ({}{over})\n",
        note.host,
        at(note.window.from)?,
        at(note.window.until)?,
        visible(note.why.as_bytes()),
        visible(note.who.as_bytes())
    ))
}
