//! Looks at everything that tells what happens, and writes down what is new.

use std::collections::BTreeSet;

use firstaid::recover::{Event, Record, Stage};

use crate::engine::Event as Logged;
use crate::guest;
use crate::monitor::{Monitor, records};
use crate::seen::{Timeline, What};

/// How far one monitoring server and its hosts have been read.
#[derive(Default)]
pub(crate) struct Watch {
    log: usize,
    mails: usize,
    hosts: Vec<Read>,
    /// Checks that were seen in trouble: only their end is told.
    ill: BTreeSet<String>,
}

/// How far one host has been read.
#[derive(Clone, Default)]
struct Read {
    ledger: usize,
    target: usize,
    calls: usize,
    boots: u32,
    cuts: usize,
}

/// Where a host keeps its own ledger.
const TARGET: &str = "var/lib/firstaid/recovery/target.jsonl";

impl Watch {
    /// Reads on.
    pub(crate) fn look(&mut self, monitor: &Monitor, timeline: &Timeline) {
        let log = monitor.log();
        // A line that is being written is read the next time.
        let whole = log.rfind('\n').map_or(0, |at| at + 1);
        for event in log.get(self.log..whole).unwrap_or_default().lines().filter_map(Logged::parse)
        {
            self.checked(&event, timeline);
        }
        self.log = whole;
        let mails = monitor.sink.mails();
        for mail in mails.get(self.mails..).unwrap_or_default() {
            let words = mail.words();
            let host = monitor.hosts.iter().find(|(guest, _)| words.contains(&guest.name));
            let host = host.map_or("?", |(guest, _)| guest.name);
            timeline.add(host, What::Alert, format!("mail: {}", mail.subject));
        }
        self.mails = mails.len();
        self.hosts.resize(monitor.hosts.len(), Read::default());
        for ((guest, host), read) in monitor.hosts.iter().zip(&mut self.hosts) {
            let name = guest.name;
            let boots = host.power().boots();
            for number in read.boots.max(1) + 1..=boots {
                timeline.add(name, What::Boot, format!("boots, time {number}"));
            }
            read.boots = boots;
            let cuts = monitor.cuts(name);
            for _ in read.cuts..cuts {
                timeline.add(name, What::Power, "its controller has cut the power");
            }
            read.cuts = cuts;
            let ledger = monitor.ledger(name);
            for record in ledger.get(read.ledger..).unwrap_or_default() {
                let (what, text) = told(record);
                timeline.add(name, what, text);
            }
            read.ledger = ledger.len();
            let target = records(&host.kept(TARGET));
            for record in target.get(read.target..).unwrap_or_default() {
                let (what, text) = told(record);
                timeline.add(name, what, format!("on the server: {text}"));
            }
            read.target = target.len();
            let calls = guest::calls(host);
            // What init does at the first boot is no story.
            for (script, word, _) in calls.get(read.calls..).unwrap_or_default() {
                if boots > 1 || calls.iter().filter(|it| it.0 == *script).count() > 1 {
                    timeline.add(name, What::Script, format!("{script} {word}"));
                }
            }
            read.calls = calls.len();
        }
    }
}

impl Watch {
    /// A result of the engine that differs from the one before, or that brings it nearer to HARD.
    fn checked(&mut self, event: &Logged, timeline: &Timeline) {
        let mut fields = event.fields.iter().map(String::as_str);
        let (Some(host), subject) = (fields.next(), event.kind.as_str()) else { return };
        let service = match subject {
            "SERVICE ALERT" | "SERVICE DOWNTIME ALERT" => fields.next().unwrap_or_default(),
            "HOST ALERT" | "HOST DOWNTIME ALERT" => "ping",
            _ => return,
        };
        let rest: Vec<&str> = fields.collect();
        let text = match (subject, rest.as_slice()) {
            ("SERVICE DOWNTIME ALERT" | "HOST DOWNTIME ALERT", [word, ..]) => {
                format!("{service}: suspension {}", word.to_lowercase())
            }
            (_, ["OK" | "UP", _, _, output, ..]) => {
                if !self.ill.remove(&format!("{host} {service}")) {
                    return;
                }
                format!("{service} well again: {}", said(output))
            }
            (_, [state, kind, attempt, output, ..]) => {
                self.ill.insert(format!("{host} {service}"));
                let which = if *kind == "HARD" { "HARD" } else { &format!("{attempt} of 4") };
                format!("{service} {state} ({which}): {}", said(output))
            }
            _ => return,
        };
        timeline.add(host, What::Check, text);
    }
}

/// What a check said, without its name and state, which stand before.
fn said(output: &str) -> &str {
    output.split_once(" - ").map_or(output, |(_, said)| said).trim_end()
}

/// A record of a ledger in words.
fn told(record: &Record) -> (What, String) {
    let about = record.service.as_deref().unwrap_or("the server");
    let stage = match record.stage {
        Stage::Restart => format!("restart of {about}"),
        Stage::Reboot => "reboot".to_owned(),
        Stage::Power => "power cycle".to_owned(),
        Stage::People => about.to_owned(),
    };
    let (what, head) = match record.event {
        Event::Intent => (What::Act, stage),
        Event::Done => (What::Done, stage),
        Event::Failed => (What::Failed, stage),
        Event::Refused => (What::Refusal, stage),
        Event::Dropped => (What::Refusal, format!("{stage}, never begun")),
        Event::Armed if record.stage == Stage::People => (What::Wait, stage),
        Event::Armed => (What::Wait, format!("{stage}, not yet")),
        Event::Held if record.text.starts_with("people: ") => (What::People, about.to_owned()),
        Event::Held => (What::Refusal, about.to_owned()),
    };
    // What a program has said may have several lines.
    let text = record.text.replace('\n', " ");
    let text = text.strip_prefix("people: ").unwrap_or(&text);
    let text = text.split("; evidence in ").next().unwrap_or_default();
    let whole = if text.starts_with(head.trim_end_matches(", not yet")) {
        text.to_owned()
    } else {
        format!("{head}: {text}")
    };
    (what, whole)
}
