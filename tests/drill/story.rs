//! A story: a host, what is done to it, and what has to come of that.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use firstaid::recover::Event;

use crate::guest::{self, Guest};
use crate::interrupt::wait;
use crate::monitor::{INTERVAL, Monitor};
use crate::seen::{Timeline, What};

/// Until an engine reads its commands.
const READS: Duration = Duration::from_secs(30);

/// Which monitoring server a story needs: one that others share, or one that is ill-treated itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Server {
    Shared,
    Own,
}

/// One story.
#[derive(Clone, Copy)]
pub(crate) struct Story {
    pub(crate) about: &'static str,
    pub(crate) server: Server,
    /// Whether it belongs to the short form.
    pub(crate) short: bool,
    /// Its hosts; the same is expected of each.
    pub(crate) guests: &'static [Guest],
    pub(crate) plot: fn(&Scene),
    pub(crate) expected: Expected,
}

impl Story {
    /// Its name, which is that of its first host.
    pub(crate) fn name(&self) -> &'static str {
        self.guests.first().map_or("", |guest| guest.name)
    }
}

/// What comes of a story, by count, for each of its hosts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Expected {
    pub(crate) acts: Acts,
    /// Guards that have to refuse by name, at least once.
    pub(crate) guards: &'static [&'static str],
    /// How often people are asked for.
    pub(crate) people: usize,
    /// Alerts that the engine may repeat by itself.
    pub(crate) repeats: usize,
}

/// What is done to a host, and said about it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Acts {
    pub(crate) restarts: usize,
    pub(crate) reboots: usize,
    pub(crate) cuts: usize,
    pub(crate) alerts: usize,
    pub(crate) ends: usize,
}

impl Acts {
    /// Each with its name.
    pub(crate) fn each(&self) -> [(&'static str, usize); 5] {
        [
            ("restart", self.restarts),
            ("reboot", self.reboots),
            ("power cycle", self.cuts),
            ("alert", self.alerts),
            ("all-clear", self.ends),
        ]
    }
}

impl fmt::Display for Acts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some: Vec<String> = self
            .each()
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        f.write_str(if some.is_empty() { "nothing" } else { "" })?;
        f.write_str(&some.join(", "))
    }
}

/// Where a story takes place.
pub(crate) struct Scene<'a> {
    pub(crate) story: &'a Story,
    pub(crate) monitor: &'a Monitor,
    pub(crate) timeline: &'a Timeline,
}

/// Until what has to happen has happened; the longest story is far shorter.
const PATIENCE: Duration = Duration::from_mins(5);

impl Scene<'_> {
    /// Does something to the story's first host, and tells it.
    pub(crate) fn does(&self, text: &str, lines: &str) {
        self.says(text);
        self.host().shell(lines);
    }

    /// Tells what the drill does.
    pub(crate) fn says(&self, text: &str) {
        self.timeline.add(self.story.name(), What::Drill, text);
    }

    /// Gives the engine an external command, as a person at its web page does.
    pub(crate) fn orders(&self, command: &str) {
        self.monitor.with_engine(|engine| {
            let line = format!("[{}] {command}\n", engine.clock().since_1970());
            // An engine that does not read must not stop the drill.
            let mut open = OpenOptions::new();
            open.write(true).custom_flags(nix::libc::O_NONBLOCK);
            let mut pipe = None;
            let opened = wait(READS, || {
                pipe = open.open(engine.commands()).ok();
                pipe.is_some()
            });
            assert!(opened, "the engine does not read {}", engine.commands().display());
            pipe.unwrap().write_all(line.as_bytes()).unwrap();
        });
    }

    /// The first host.
    pub(crate) fn host(&self) -> &crate::rig::Host {
        self.monitor.host(self.story.name())
    }

    /// Waits until something was seen of the first host.
    pub(crate) fn sees(&self, what: What, part: &str) -> bool {
        self.sees_of(self.story.name(), what, part)
    }

    /// Waits until something was seen of a host.
    pub(crate) fn sees_of(&self, host: &str, what: What, part: &str) -> bool {
        wait(PATIENCE, || {
            let seen = self.timeline.of(host);
            seen.iter().any(|it| it.what == what && it.text.contains(part))
        })
    }

    /// Lets intervals of the engine pass.
    pub(crate) fn passes(&self, intervals: u64) {
        let until = self.timeline.elapsed() + Duration::from_secs(INTERVAL * intervals);
        wait(PATIENCE, || self.timeline.elapsed() >= until);
    }

    /// Waits until all that is expected has come, and then for what must not come.
    pub(crate) fn ends(&self) {
        let wanted = self.story.expected;
        wait(PATIENCE, || {
            self.story.guests.iter().all(|guest| {
                let acts = acts(self.monitor, guest.name);
                let counts = acts.each().into_iter().zip(wanted.acts.each());
                let reached = counts.into_iter().all(|((_, is), (_, has_to_be))| is >= has_to_be);
                reached && people(self.monitor, guest.name) >= wanted.people
            })
        });
        self.passes(2);
    }
}

/// What was done to a host up to now, by those who did it.
pub(crate) fn acts(monitor: &Monitor, name: &str) -> Acts {
    let host = monitor.host(name);
    let mut boots: Vec<(String, String)> = Vec::new();
    let mut restarts = 0;
    for (name, word, boot) in guest::calls(host) {
        if word == "start" {
            // The first start of a boot is init's.
            if boots.contains(&(name.clone(), boot.clone())) {
                restarts += 1;
            } else {
                boots.push((name, boot));
            }
        }
    }
    let cuts = monitor.cuts(name);
    let reboots = usize::try_from(host.power().boots()).unwrap_or(0).saturating_sub(1 + cuts);
    let mails = monitor.sink.mails();
    let about = |kind: &str| {
        let ours = mails.iter().map(crate::engine::Mail::words);
        ours.filter(|words| words.contains(&name) && words.contains(&kind)).count()
    };
    Acts { restarts, reboots, cuts, alerts: about("PROBLEM"), ends: about("RECOVERY") }
}

/// How often people were asked for about a host.
pub(crate) fn people(monitor: &Monitor, name: &str) -> usize {
    let ledger = monitor.ledger(name);
    let asked = |it: &&firstaid::recover::Record| {
        it.event == Event::Held && it.text.starts_with("people: ")
    };
    ledger.iter().filter(asked).count()
}

/// The guards that have refused something about a host, on either side.
pub(crate) fn guards(monitor: &Monitor, name: &str) -> Vec<String> {
    let ledger = monitor.ledger(name);
    let mut guards: Vec<String> = Vec::new();
    for record in ledger.iter().filter(|it| it.event == Event::Held) {
        let guard = record.text.split(':').next().unwrap_or_default().to_owned();
        if guard != "people" && !guards.contains(&guard) {
            guards.push(guard);
        }
    }
    guards
}
