//! `firstaid resume HOST`: ends a window early, or takes back one that has not begun.

use std::fmt::Write;

use anyhow::{Result, ensure};
use jiff::Timestamp;

use super::places::{Place, Places};
use super::{PATIENCE, Settings, Told, host_name, seconds, shown, why};
use crate::inventory::Inventory;
use crate::recover::suspension::{self, Happened, Note, Window};

/// Options of `firstaid resume`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The host, by its name in the inventory
    host: String,
    /// End a window before the documented earliest time; who did and why is recorded
    #[arg(long, requires = "why")]
    override_deadline: bool,
    /// The reason
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

/// Ends every window of a host.
///
/// # Errors
/// It is too early, there is none, or the record refuses. Nothing was done then.
pub(in crate::cli) fn run(options: &Options) -> Result<Told> {
    let settings = &options.settings;
    let host = host_name(&options.host)?;
    let inventory = Inventory::read(&settings.inventory)?;
    let calendar = inventory.suspension().calendar()?;
    let places = Places::of(settings, &inventory, &host)?;
    let now = seconds(Timestamp::now())?;
    let mut book = suspension::open(&settings.records, PATIENCE)?;
    let standing = suspension::standing(book.records(), &host);
    let ending: Vec<Note> =
        standing.into_iter().filter(|note| note.window.until > now).cloned().collect();
    ensure!(!ending.is_empty(), "{host} is not suspended");
    let running = ending.iter().find(|note| note.window.holds(now));
    let at = |seconds| -> Result<String> {
        Ok(calendar.shown(Timestamp::from_second(i64::try_from(seconds)?)?))
    };
    if let Some(note) = running.filter(|_| !options.override_deadline) {
        anyhow::bail!(
            "too early: monitoring of {host} resumes at the earliest on {}; --override-deadline ends the window all the same",
            at(note.window.until)?
        );
    }
    let why = match &options.why {
        Some(text) => why(Some(text))?,
        None => "taken back before it began".to_owned(),
    };
    let who = crate::cli::who::asks();
    let (mut text, mut whole) = (String::new(), true);
    let mut left: Vec<Window> = ending.iter().map(|note| note.window).collect();
    for note in &ending {
        left.retain(|window| *window != note.window);
        let outcome = places.resume(note, &left);
        let all = outcome.iter().all(Place::is_good);
        // What is not taken back everywhere still holds, so that it can be tried again.
        if all {
            let overridden = note.window.holds(now);
            let (who, why) = (who.clone(), why.clone());
            let event = Happened::Ended;
            book.append(Note {
                at: now,
                event,
                who,
                why,
                overridden,
                places: Vec::new(),
                ..note.clone()
            })?;
        }
        let end =
            if all { "ended" } else { "NOT ended: it holds until all places have let go of it" };
        let _ = writeln!(text, "{host}: the window from {} is {end}", at(note.window.from)?);
        text.push_str(&shown(&outcome));
        whole &= all;
    }
    Ok(Told { text, whole })
}
