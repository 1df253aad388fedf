//! The way of a call: guards, the server's ledger, what is open there, the decision, and the act.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Result, anyhow};

use super::act;
use super::case::{Case, open};
use super::conclude::conclude;
use super::verdict::Verdict;
use super::{comment, held, peers, quiet, switch};
use crate::deadline::Deadline;
use crate::plugin::Report;
use crate::recover::brake::BRAKES;
use crate::recover::decide::{Decision, Due, Situation, decide, due, words};
use crate::recover::target::log;
use crate::recover::{Call, Event, GUARDS, History, Ledger, Machine, Moment, Options, Refusal};

/// What is done about a call.
pub(super) fn answer(options: &Options, wall: SystemTime, deadline: &Deadline) -> Report {
    let host = options.host.as_deref().unwrap_or_default();
    let found = Machine::find(&options.machines, host).and_then(|machine| {
        let now = Moment::of(wall)?;
        Ok((machine, now))
    });
    let (machine, now) = match found {
        Ok(found) => found,
        Err(error) => return Verdict::Unsure(format!("{error:#}")).report(),
    };
    let call = match Call::read(options, machine.interval) {
        Ok(call) => call,
        Err(refusal) => return Verdict::Refused(refusal).report(),
    };
    let early =
        Situation { call: &call, machine: &machine, history: History::new(&[], &now), now: &now };
    if options.dry_run {
        return rehearsed(options, &early);
    }
    let verdict = verdict(options, &early, (wall, deadline));
    let about = (&call, &machine);
    let noted = match &verdict {
        Verdict::Refused(refusal) => {
            held::note(options, about, refusal.guard, &refusal.reason, (wall, deadline))
        }
        Verdict::People(reason) => held::note(options, about, "people", reason, (wall, deadline)),
        Verdict::Unsure(reason) => held::note(options, about, "unsure", reason, (wall, deadline)),
        Verdict::Acted(_) | Verdict::Failed(_) => Ok(true),
        Verdict::Nothing(_) => Ok(false),
    };
    let report = verdict.report_at(machine.pace);
    // What was said at the last call is not said again; what can not be noted is.
    if noted.unwrap_or(true) {
        let text = report.text();
        log(&format!("{}: {text}", call.fault_of(&machine.host)));
        comment::leave(options, (&call, &machine.host), (&text, now.time), deadline);
    }
    report
}

/// Guards that need no ledger, then the way with it.
fn verdict(
    options: &Options,
    early: &Situation,
    (wall, deadline): (SystemTime, &Deadline),
) -> Verdict {
    let (call, machine) = (early.call, early.machine);
    if let Decision::Refuse(refusal) = decide(early)
        && GUARDS.iter().any(|guard| guard.name == refusal.guard)
    {
        return Verdict::Refused(refusal);
    }
    if let Some(reason) = peers::refuse_any(options) {
        return Verdict::refused("peers", reason);
    }
    let by = machine.agent.name();
    if by != options.via {
        let told = &options.via;
        let reason =
            format!("the engine says {told}, and the generated file {by}: generate and reload");
        return Verdict::refused("configuration", reason);
    }
    let ledger = match open(options, &machine.host, deadline) {
        Ok(ledger) => ledger,
        Err(error) => return Verdict::refused("ledger", format!("{error:#}")),
    };
    let quiet = match quiet::hold(options, machine, early.now.time) {
        Ok(ended) => ended,
        Err(reason) => return Verdict::refused("suspension", reason),
    };
    let case = Case { options, call, machine, ledger: Some(ledger), deadline, wall };
    way(case, quiet).unwrap_or_else(|error| Verdict::Unsure(format!("{error:#}")))
}

/// From the open ledger on. An error means that nothing was done, or that its intent stands in the ledger.
fn way(mut case: Case, quiet: Option<u64>) -> Result<Verdict> {
    conclude(&mut case)?;
    let now = case.now()?;
    let decision = quiet::arms(decide(&case.situation(&now)), &case.situation(&now), quiet);
    let off = switch::off(case.options, case.machine, case.call);
    Ok(match decision {
        Decision::Act(stage) => match off {
            Some(reason) => Verdict::refused(
                "master switch",
                format!("{reason}: it would be a {} now", words(stage)),
            ),
            None => match quiet::in_downtime(case.options, case.machine, &now, case.deadline) {
                Some(reason) => Verdict::refused("suspension", reason),
                None => act::act(case, stage)?,
            },
        },
        Decision::Arm(stage, reason) => {
            case.note(stage, Event::Armed, None, &reason)?;
            Verdict::Nothing(format!("{} with the next result: {reason}", words(stage)))
        }
        Decision::Wait(reason) => {
            // The calls about one fault must be seen to follow each other.
            let fault = case.call.fault_id();
            let history = History::new(case.records(), &now);
            let newer = history
                .last_about(&fault)
                .is_none_or(|last| last.check < case.call.last_check_seconds());
            if newer {
                case.note(crate::recover::Stage::People, Event::Armed, None, &reason)?;
            }
            Verdict::Nothing(reason)
        }
        Decision::People(reason) => Verdict::People(reason),
        Decision::Refuse(refusal) => Verdict::Refused(refusal),
    })
}

/// What would be done and why, with every guard's verdict. Nothing is written, locked or asked.
fn rehearsed(options: &Options, early: &Situation) -> Report {
    let path = options.ledgers.join(format!("{}.jsonl", early.machine.host));
    let records = match look(&path) {
        Ok(records) => records,
        Err(error) => return Verdict::refused("ledger", format!("{error:#}")).report(),
    };
    let it = Situation { history: History::new(&records, early.now), ..*early };
    let stage = due(&it);
    let quiet = quiet::hold(options, it.machine, it.now.time);
    let decision = match &quiet {
        Ok(ended) => quiet::arms(decide(&it), &it, *ended),
        Err(reason) => Decision::Refuse(Refusal { guard: "suspension", reason: reason.clone() }),
    };
    let verdict = match decision {
        Decision::Act(stage) => {
            let off = switch::off(options, it.machine, it.call).map(|why| format!(", but {why}"));
            Verdict::Acted(format!("would be a {}{}", words(stage), off.unwrap_or_default()))
        }
        Decision::Arm(stage, reason) => {
            Verdict::Nothing(format!("{} with the next result: {reason}", words(stage)))
        }
        Decision::Wait(reason) => Verdict::Nothing(reason),
        Decision::People(reason) => Verdict::People(reason),
        Decision::Refuse(refusal) => Verdict::Refused(refusal),
    };
    let passes = |reason: Option<String>| reason.unwrap_or_else(|| "passes".to_owned());
    let mut report = verdict.report_at(early.machine.pace);
    for guard in GUARDS {
        report = report.detail(format!("{}: {}", guard.name, passes((guard.refuses)(&it))));
    }
    report = report.detail(format!("peers: {}", passes(peers::refuse_any(options))));
    report = report.detail(format!("suspension: {}", passes(quiet.err())));
    match stage {
        Due::Stage(stage) => {
            report = report.detail(format!("due: {}", words(stage)));
            for brake in BRAKES {
                report =
                    report.detail(format!("{}: {}", brake.name, passes((brake.holds)(&it, stage))));
            }
        }
        Due::Wait(reason) | Due::People(reason) => {
            report = report.detail(format!("due: nothing, {reason}"));
        }
    }
    report.detail(
        "storm, still true, right machine, downtime by the API: looked at only right before an act",
    )
}

fn look(path: &Path) -> Result<Vec<crate::recover::Record>> {
    match path.try_exists() {
        Ok(true) => Ledger::look(path),
        Ok(false) => Ok(Vec::new()),
        Err(error) => Err(anyhow!("cannot look at {}: {error}", path.display())),
    }
}
