//! The front of a restart: it accepts or refuses at once, and lets a detached part do what takes long, so that no time limit of
//! the way there cuts it in the middle.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::here::{Here, Verdict};
use super::past::{self, Lock};
use super::{has_systemd, names, restart};
use crate::deadline::Deadline;
use crate::recover::process::{self, Ran};
use crate::recover::{Event, Record, Refusal, Stage, State, Told};

/// Time to wait for another call's ledger.
const LEDGER: Duration = Duration::from_secs(2);
/// Time to start the detached part.
const STARTING: Duration = Duration::from_secs(4);
/// The unit of the detached part: its name is free while none runs.
const UNIT: &str = "firstaid-recover";

/// Accepts a restart, or refuses it.
pub(super) fn accept(here: &Here, name: &str, deadline: &Deadline) -> Verdict {
    accepted(here, name, deadline).unwrap_or_else(|verdict| verdict)
}

fn accepted(here: &Here, name: &str, deadline: &Deadline) -> Result<Verdict, Verdict> {
    let service = names::service(name).map_err(|reason| Refusal { guard: "readable", reason })?;
    let mut ledger = here.ledger(LEDGER).map_err(|error| under_way(here, error))?;
    let now = here.now()?;
    past::conclude(&mut ledger, &now)?;
    if past::state(ledger.records(), &now, Lock::Ours) == Some(State::Running) {
        return Err(Verdict::Running(past::under_way(ledger.records())));
    }
    if let Err(refusal) = restart::guards(service, ledger.records(), &now) {
        past::refuse(
            here,
            &mut ledger,
            past::first(Some(name), Stage::Restart, Event::Refused, &now),
            &refusal,
        )?;
        return Err(refusal.into());
    }
    in_time(deadline)?;
    let record = past::first(Some(name), Stage::Restart, Event::Armed, &now);
    ledger.append(Record { text: format!("restart of {name} accepted"), ..record })?;
    let opened = ledger.records().last().cloned().context("the ledger forgot")?;
    // The detached part can not begin while the front holds the ledger, nor another front while the record is fresh.
    drop(ledger);
    if let Err(error) = detach(name) {
        let text = format!("cannot start the detached part: {error:#}");
        let mut ledger = here.ledger(LEDGER)?;
        ledger.append(past::next(&opened, Event::Dropped, &here.now()?, text.clone()))?;
        return Err(Verdict::Unclear(anyhow::anyhow!(text)));
    }
    Ok(Verdict::Good(format!("restart of {name} started")))
}

/// Nothing is begun when the caller may have given up: he will ask again.
pub(super) fn in_time(deadline: &Deadline) -> Result<()> {
    ensure!(!deadline.passed(), "the server is too slow: nothing was begun");
    Ok(())
}

/// Why the ledger is not to be had: somebody is at work, or it is damaged.
pub(super) fn under_way(here: &Here, error: anyhow::Error) -> Verdict {
    let told = here
        .records()
        .and_then(|records| Ok((past::state(&records, &here.now()?, Lock::Theirs), records)));
    match told {
        Ok((Some(State::Running), records)) => Verdict::Running(past::under_way(&records)),
        _ => Verdict::Unclear(error),
    }
}

/// Starts the part that restarts, in a unit or session of its own. Nobody may call it through sudo: no rule names its act.
fn detach(name: &str) -> Result<()> {
    let own = std::env::current_exe().context("cannot find the own program")?;
    let own = own.to_str().context("the own program's path is no text")?;
    let act = [own, "--act", "carry-out", "--service", name].map(str::to_owned);
    if !has_systemd() {
        return process::detach(&act);
    }
    transient(UNIT, &["KillMode=mixed", "TimeoutStopSec=5s", "OOMScoreAdjust=-900"], &act)
}

/// Starts a program in a unit of its own that is gone when it ends.
pub(super) fn transient(unit: &str, properties: &[&str], program: &[String]) -> Result<()> {
    let mut words: Vec<String> =
        ["/usr/bin/systemd-run", "--quiet", "--no-block", "--collect"].map(str::to_owned).into();
    words.push(format!("--unit={unit}"));
    words.extend(properties.iter().map(|it| format!("--property={it}")));
    words.push("--".to_owned());
    words.extend(program.iter().cloned());
    match process::run(&words, b"", STARTING)? {
        Ran::Ended(ended) if ended.code == Some(0) => Ok(()),
        Ran::Ended(ended) => bail!("{}", ended.output.trim_end()),
        Ran::Killed { .. } => bail!("systemd does not answer"),
    }
}

/// How the last act ended, or how far it is.
pub(super) fn result(here: &Here) -> (Verdict, Option<Told>) {
    match looked_up(here) {
        Ok((verdict, told)) => (verdict, Some(told)),
        Err(error) => (Verdict::Unclear(error), None),
    }
}

fn looked_up(here: &Here) -> Result<(Verdict, Told)> {
    let mut records = here.records()?;
    let mut lock = Lock::Ours;
    if !records.is_empty() {
        // Another call of the front holds it for a moment, the detached part for long.
        if let Ok(mut ledger) = here.ledger(LEDGER) {
            if ledger.records().last().is_some_and(|last| last.stage == Stage::Reboot) {
                // A disk that refuses does not keep us from telling.
                let _ = past::conclude(&mut ledger, &here.now()?);
            }
            records = ledger.records().to_vec();
        } else {
            (records, lock) = (here.records()?, Lock::Theirs);
        }
    }
    let told = here.told(&records, lock)?;
    let Some(job) = &told.job else {
        return Ok((Verdict::Good("nothing was done here yet".to_owned()), told));
    };
    let what =
        job.service.as_ref().map_or("reboot".to_owned(), |name| format!("restart of {name}"));
    let text = format!("{what}: {}", job.text);
    let verdict = match job.state {
        State::Done => Verdict::Good(text),
        State::Running => Verdict::Running(text),
        State::Failed | State::Interrupted => Verdict::Failed(text),
        State::Refused => Verdict::Refused(Refusal { guard: "result", reason: text }),
    };
    Ok((verdict, told))
}
