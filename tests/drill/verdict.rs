//! The verdict: each story with what was expected, what was seen, and what that is worth.

use std::process::ExitCode;
use std::time::Duration;

use crate::interrupt::asked;
use crate::monitor::Monitor;
use crate::options::Options;
use crate::seen::Paper;
use crate::story::{Acts, Story, acts, guards, people};

/// What one host of a story has come to.
pub(crate) struct Judged {
    name: &'static str,
    about: &'static str,
    expected: String,
    seen: String,
    faults: Faults,
}

/// Acts that were not the right ones, by kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// What nobody wanted.
    wrong: usize,
    /// What did not come.
    missed: usize,
    /// What came once too often.
    double: usize,
}

impl Faults {
    fn none(self) -> bool {
        self.wrong + self.missed + self.double == 0
    }

    fn add(&mut self, other: Self) {
        self.wrong += other.wrong;
        self.missed += other.missed;
        self.double += other.double;
    }

    fn compare(&mut self, is: usize, expected: usize) {
        if expected == 0 {
            self.wrong += is;
        } else {
            self.double += is.saturating_sub(expected);
        }
        self.missed += expected.saturating_sub(is);
    }
}

/// A whole run.
pub(crate) struct Run {
    pub(crate) took: Duration,
    pub(crate) judged: Vec<Judged>,
}

impl Run {
    fn faults(&self) -> Faults {
        let mut sum = Faults::default();
        self.judged.iter().for_each(|judged| sum.add(judged.faults));
        sum
    }
}

/// Guards that a call meets which comes a moment too early or too late: the next one does what is due.
const TIMING: [&str; 4] = ["fresh", "long enough", "state", "still true"];

/// Judges every host of a story.
pub(crate) fn judge(story: &Story, monitor: &Monitor) -> Vec<Judged> {
    let judged = story.guests.iter().map(|guest| {
        let (wanted, seen) = (story.expected, acts(monitor, guest.name));
        let (guards, people) = (guards(monitor, guest.name), people(monitor, guest.name));
        let mut faults = Faults::default();
        for ((name, is), (_, expected)) in seen.each().into_iter().zip(wanted.acts.each()) {
            // The engine's own repetitions are nobody's act.
            let repeated = if name == "alert" { wanted.repeats } else { 0 };
            let owed = is.saturating_sub(expected).min(repeated);
            faults.compare(is - owed, expected);
        }
        faults.compare(people, wanted.people);
        faults.missed +=
            wanted.guards.iter().filter(|guard| !guards.iter().any(|it| it == *guard)).count();
        let unexpected = |guard: &&String| {
            !wanted.guards.contains(&guard.as_str()) && !TIMING.contains(&guard.as_str())
        };
        faults.wrong += guards.iter().filter(unexpected).count();
        let wanted_guards: Vec<String> = wanted.guards.iter().map(|it| (*it).to_owned()).collect();
        Judged {
            name: guest.name,
            about: story.about,
            expected: words(&wanted.acts, wanted.people, &wanted_guards),
            seen: words(&seen, people, &guards),
            faults,
        }
    });
    judged.collect()
}

fn words(acts: &Acts, people: usize, guards: &[String]) -> String {
    let people = if people > 0 { format!(", people x{people}") } else { String::new() };
    let refused = match guards {
        [] => String::new(),
        guards => format!("; refused: {}", guards.join(", ")),
    };
    format!("{acts}{people}{refused}")
}

/// Plays as often as is wanted, and tells what came of it: 0 if everything was right.
pub(crate) fn tell(options: &Options, play: fn(&Options) -> Run) -> ExitCode {
    let paper = Paper::find();
    let mut runs = Vec::new();
    for _ in 0..options.runs {
        let start = now();
        let run = play(options);
        if asked() {
            println!("\ninterrupted: no verdict");
            return ExitCode::from(130);
        }
        table(&run, paper);
        runs.push((start, run.took, run.faults()));
    }
    if options.runs > 1 {
        println!(
            "\n{:>3} {:<20} {:>8} {:>6} {:>6} {:>6}",
            "run", "start", "duration", "wrong", "missed", "double"
        );
        for (number, (start, took, faults)) in runs.iter().enumerate() {
            let seconds = took.as_secs();
            println!(
                "{:>3} {start:<20} {seconds:>6} s {:>6} {:>6} {:>6}",
                number + 1,
                faults.wrong,
                faults.missed,
                faults.double
            );
        }
    }
    let right = runs.iter().all(|(_, _, faults)| faults.none());
    if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn table(run: &Run, paper: Paper) {
    println!("\n{}", paper.cut("verdict  host         story", 0));
    for judged in &run.judged {
        let good = judged.faults.none();
        let (word, colour) = if good { ("right  ", "32") } else { ("WRONG  ", "31") };
        let line = format!("{:<12} {}", judged.name, judged.about);
        println!("{}  {}", paper.coloured(word, colour), paper.cut(&line, 9));
        println!("         {}", paper.cut(&format!("expected {}", judged.expected), 9));
        println!("         {}", paper.cut(&format!("seen     {}", judged.seen), 9));
    }
    let Faults { wrong, missed, double } = run.faults();
    let seconds = run.took.as_secs();
    println!("\n{wrong} wrong, {missed} missed, {double} double, in {seconds} s");
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
