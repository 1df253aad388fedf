//! `firstaid suspend HOST` and `firstaid resume HOST`: a customer's quiet time, by the documented calendar.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;

use crate::calendar::{Asked, Calendar, Edge, Terms};
use crate::inventory::{HostName, Inventory};
use crate::plugin::visible;
use crate::policy::Policy;
use crate::recover::suspension::{self, Happened, Note, Window};

mod list;
mod places;
mod resume;

pub(super) use resume::{Options as ResumeOptions, run as resume};

use places::{Place, Places};

/// Time to wait for another request about the record.
const PATIENCE: Duration = Duration::from_mins(1);

/// Options of `firstaid suspend`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The host, by its name in the inventory
    #[arg(required_unless_present = "list")]
    host: Option<String>,
    /// When the customer's work begins: "2026-08-01 23:00" in the calendar's time zone, or with an offset
    #[arg(long, value_name = "TIME", required_unless_present = "list")]
    from: Option<String>,
    /// When it ends, where that is not on the same day; monitoring resumes by the documented rule, never earlier
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The reason; with --override-deadline, also why the deadline is passed over
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    why: Option<String>,
    /// Accept the request though it is too late; who did and why is recorded
    #[arg(long)]
    override_deadline: bool,
    /// Say what would be sent where, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Show the windows that hold or will
    #[arg(long, conflicts_with_all = ["from", "until", "why", "override_deadline", "dry_run"])]
    list: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Where everything is.
#[derive(Debug, clap::Args)]
pub(super) struct Settings {
    /// The inventory
    #[arg(long, value_name = "FILE", default_value = super::INVENTORY)]
    inventory: PathBuf,
    /// The monitoring server's own record
    #[arg(long, value_name = "DIR", default_value = "/var/lib/firstaid/monitor")]
    records: PathBuf,
    /// What the generator tells about the servers
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/firstaid/generated/recovery/machines.jsonl"
    )]
    machines: PathBuf,
    /// Where Icinga's API is, and who asks; Icinga is not told where there is no such file
    #[arg(long, value_name = "FILE", default_value = "/etc/firstaid/api.json")]
    api: PathBuf,
    /// Nagios's command file, where the inventory does not name it
    #[arg(long, value_name = "FILE")]
    nagios_commands: Option<PathBuf>,
    /// Nagios's status file, where the inventory does not name it
    #[arg(long, value_name = "FILE")]
    nagios_status: Option<PathBuf>,
    /// Seconds for each engine to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
    wait: u32,
}

/// What was done, and whether all of it was.
pub(super) struct Told {
    pub(super) text: String,
    pub(super) whole: bool,
}

/// Suspends a host, or shows what is suspended.
///
/// # Errors
/// The request is too late, or can not be understood, or the record refuses. Nothing was done then.
pub(super) fn run(options: &Options) -> Result<Told> {
    let now = Timestamp::now();
    if options.list {
        return list::shown(&options.settings, options.host.as_deref(), now);
    }
    let request = Request::read(options, now)?;
    let text = request.told(options)?;
    let places = Places::of(&options.settings, &request.inventory, &request.note.host)?;
    if options.dry_run {
        let sent = places.rehearsed(&request.note);
        return Ok(Told { text: text + &sent + "nothing was done\n", whole: true });
    }
    let outcome = stored(&request.note, &options.settings.records, &places)?;
    Ok(Told { text: text + &shown(&outcome), whole: outcome.iter().all(Place::is_good) })
}

/// A request that can be understood.
struct Request {
    inventory: Inventory,
    calendar: Calendar,
    terms: Terms,
    note: Note,
    now: Timestamp,
}

impl Request {
    fn read(options: &Options, now: Timestamp) -> Result<Self> {
        let inventory = Inventory::read(&options.settings.inventory)?;
        let host = inventory.host(options.host.as_deref().unwrap_or_default())?.name.clone();
        let calendar = inventory.suspension().calendar()?;
        let from = calendar.read(options.from.as_deref().unwrap_or_default(), Edge::Begin)?;
        let until = options.until.as_deref().map(|it| calendar.read(it, Edge::End)).transpose()?;
        let terms = calendar.terms(&Asked { from, until })?;
        let window = Window { from: seconds(from)?, until: seconds(terms.resumes.timestamp())? };
        let days = Policy::documented().suspension.longest_days;
        let longest = u64::from(days) * 24 * 60 * 60;
        ensure!(window.until - window.from <= longest, "the window is longer than {days} days");
        ensure!(window.until > seconds(now)?, "the window is over: it ends in the past");
        let host = host.as_str();
        let why = why(options.why.as_deref())?;
        let notes = suspension::look(&options.settings.records)?;
        // What was asked for in time is not late when it is asked for once more.
        let standing = suspension::standing(&notes, host);
        let before = standing.into_iter().find(|it| it.window == window).cloned();
        let note = before.unwrap_or(Note {
            seq: 0,
            at: seconds(now)?,
            host: host.to_owned(),
            window,
            event: Happened::Asked,
            who: super::who::asks(),
            why,
            overridden: terms.due.timestamp() <= now,
            places: Vec::new(),
        });
        Ok(Self { inventory, calendar, terms, note, now })
    }

    /// What the calendar says about it.
    fn told(&self, options: &Options) -> Result<String> {
        let Self { calendar, terms, note, .. } = self;
        let due = calendar.shown(terms.due.timestamp());
        let late = note.overridden;
        if late && note.seq == 0 && !options.override_deadline {
            let next = calendar.next_possible(self.now)?;
            bail!(
                "too late: the request had to be in before {due}; the next possible time is {}, and --override-deadline \
                 accepts this one all the same",
                calendar.shown(next.timestamp())
            );
        }
        let mut text = String::new();
        let from = calendar.read(options.from.as_deref().unwrap_or_default(), Edge::Begin)?;
        let resumes = calendar.shown(terms.resumes.timestamp());
        let _ = writeln!(text, "{}: suspended from {}", note.host, calendar.shown(from));
        let _ = writeln!(text, "monitoring resumes at the earliest on {resumes}, and does then");
        let how = if late {
            format!("it was not: the deadline is overridden by {}", note.who)
        } else {
            "it was".to_owned()
        };
        let _ = writeln!(text, "the request had to be in before {due}: {how}");
        Ok(text)
    }
}

/// Records the window, tells every place, and records what came of it. The record is held all the while, so that of two
/// requests at once the second finds what the first has done.
fn stored(note: &Note, records: &Path, places: &Places) -> Result<Vec<Place>> {
    let mut book = suspension::open(records, PATIENCE)?;
    let standing = suspension::standing(book.records(), &note.host);
    let before = standing.into_iter().find(|it| it.window == note.window).cloned();
    let asked = before.clone().unwrap_or_else(|| note.clone());
    if before.is_none() {
        book.append(asked.clone())?;
    }
    let shown = suspension::path(records);
    let word = if before.is_some() { "was stored before" } else { "stored" };
    let mut outcome = vec![Place::good("record", format!("{word} in {}", shown.display()))];
    let had = suspension::placed(book.records(), &asked);
    outcome.extend(places.suspend(&asked, &had));
    let good = outcome.iter().filter(|place| place.is_good());
    let event =
        if outcome.iter().all(Place::is_good) { Happened::Stored } else { Happened::Partly };
    let names = good.map(|place| place.name.to_owned()).collect();
    book.append(Note { event, places: names, at: note.at, ..asked })?;
    Ok(outcome)
}

fn shown(outcome: &[Place]) -> String {
    let mut text = String::new();
    for place in outcome {
        let state = if place.is_good() { "ok    " } else { "FAILED" };
        let said = visible(place.text().as_bytes());
        let _ = writeln!(text, "  {:7} {state} {said}", place.name);
    }
    text
}

fn why(why: Option<&str>) -> Result<String> {
    let why = why.unwrap_or_default().trim();
    ensure!(!why.is_empty(), "say why, with --why");
    ensure!(why.chars().count() <= 500, "--why has more than 500 characters");
    Ok(visible(why.as_bytes()))
}

fn seconds(time: Timestamp) -> Result<u64> {
    u64::try_from(time.as_second()).context("a time before 1970")
}

fn host_name(name: &str) -> Result<String> {
    Ok(HostName::parse(name).map_err(anyhow::Error::msg)?.to_string())
}
