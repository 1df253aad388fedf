//! The restart itself, by the detached part: guards, evidence, intent, stop, start, proof.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::answers::{self, Look};
use super::daemon::{self, Daemon, Found};
use super::here::{self, Here, Verdict};
use super::names::{self, is_database};
use super::owner::{self, Holder};
use super::settings::Settings;
use super::{budget, configuration, evidence, past, planned, suspended};
use crate::deadline::Deadline;
use crate::policy::{Policy, Service};
use crate::recover::{Event, Ledger, Moment, Record, Refusal};

/// Time for the front to let go of the ledger.
const LEDGER: Duration = Duration::from_secs(20);
/// Time for a port to become free once its holders were killed.
const FREEING: Duration = Duration::from_secs(10);
/// How often a port is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// Looks within the time for which a service must hold.
const LOOKS: u32 = 4;

/// A service and what restarts it here.
struct Case<'a> {
    service: &'static Service,
    port: u16,
    daemon: &'a Daemon,
}

/// Everything that must be right before a restart, but for what takes long. Called again right before the act.
pub(super) fn guards(
    service: &'static Service,
    records: &[Record],
    now: &Moment,
) -> Result<(Settings, Found), Refusal> {
    let settings = Settings::read()?;
    if !settings.acts_on(service) {
        let reason = format!("recovery of {} is off on this server", service.name);
        return Err(Refusal { guard: "switch", reason });
    }
    let limits = settings.pace().recovery();
    suspended::guard(now)?;
    planned::guard(now, &limits)?;
    budget::restart(records, (now, &limits), service.name)?;
    let found = daemon::find(service, &settings)?;
    Ok((settings, found))
}

/// Carries out the restart that the front has accepted.
pub(super) fn carry_out(here: &Here, name: &str) -> Verdict {
    match prepared(here, name) {
        Ok(verdict) | Err(verdict) => verdict,
    }
}

fn prepared(here: &Here, name: &str) -> Result<Verdict, Verdict> {
    let service = names::service(name).map_err(|reason| Refusal { guard: "readable", reason })?;
    let mut ledger = here.ledger(LEDGER)?;
    let now = here.now()?;
    let accepted = ledger.records().last().cloned();
    let accepted = accepted
        .filter(|it| {
            it.event == Event::Armed
                && it.service.as_deref() == Some(name)
                && it.at.boot == now.boot
        })
        .ok_or_else(|| Refusal {
            guard: "readable",
            reason: "no restart of it was accepted".to_owned(),
        })?;
    let ready = guards(service, ledger.records(), &now).and_then(|(settings, found)| {
        configuration::guard(found.daemon.name(), found.running.as_deref())?;
        Ok((settings, found))
    });
    let (settings, found) = match ready {
        Ok(ready) => ready,
        Err(refusal) => {
            let record = past::next(&accepted, Event::Refused, &now, String::new());
            past::refuse(here, &mut ledger, record, &refusal)?;
            return Err(refusal.into());
        }
    };
    let kept = evidence(here, &now, name, found.daemon.unit());
    let case = Case { service, port: settings.port(service), daemon: &found.daemon };
    let intent = format!("restart of {} by {}; {kept}", name, case.daemon.name());
    ledger.append(past::next(&accepted, Event::Intent, &here.now()?, intent.clone()))?;
    here::log(&intent);
    let done = case.carry_out();
    conclude(here, &mut ledger, &accepted, &done)
}

fn evidence(here: &Here, now: &Moment, name: &str, unit: Option<&str>) -> String {
    let limit = Duration::from_secs(Policy::documented().recovery.evidence.into());
    let bundle = format!("{}-restart-{name}", now.time);
    match evidence::keep(&here.evidence(), &bundle, unit, limit) {
        Ok(folder) => format!("evidence in {}", folder.display()),
        // The ledger stands on the same disk: where that is full, its own refusal prevents the act.
        Err(error) => format!("no evidence: {error:#}"),
    }
}

fn conclude(
    here: &Here,
    ledger: &mut Ledger,
    accepted: &Record,
    done: &Result<String>,
) -> Result<Verdict, Verdict> {
    let (event, text) = match done {
        Ok(text) => (Event::Done, text.clone()),
        Err(error) => (Event::Failed, format!("{error:#}")),
    };
    here::log(&text);
    ledger.append(past::next(accepted, event, &here.now()?, text.clone()))?;
    Ok(if event == Event::Done { Verdict::Good(text) } else { Verdict::Failed(text) })
}

impl Case<'_> {
    fn seconds(&self, usual: u32, database: u32) -> Duration {
        Duration::from_secs(if is_database(self.service) { database } else { usual }.into())
    }

    /// Stop, start, proof. Gives what happened.
    fn carry_out(&self) -> Result<String> {
        let policy = &Policy::documented().recovery;
        let mut notes = Vec::new();
        let before = self.own_holders().unwrap_or_default();
        let stopping = Deadline::within(self.seconds(policy.stop, policy.stop_database));
        // A stop that fails is no reason to leave the service as it is: whether it has left its port decides.
        let stopped = self.daemon.stop(stopping.left());
        notes.push(stopped.unwrap_or_else(|error| format!("{error:#}")));
        notes.push(self.free(&before, self.daemon.grace(&stopping))?);
        let limit = Deadline::within(self.seconds(policy.answer, policy.answer_database));
        notes.push(self.daemon.start(limit.left()).unwrap_or_else(|error| format!("{error:#}")));
        let proof = self.proven(&limit);
        notes.retain(|note| !note.is_empty());
        let told = notes.join("; ");
        let aside = if told.is_empty() { String::new() } else { format!(" ({told})") };
        match proof {
            Ok(text) => Ok(format!("{text}{aside}")),
            Err(error) => bail!("{error:#}{aside}"),
        }
    }

    /// The daemon's own processes that hold the port. One of others is an error.
    fn own_holders(&self) -> Result<Vec<Holder>> {
        let holders = owner::holders(self.port, answers::transports(self.service))?;
        match holders.iter().find(|holder| !self.daemon.owns(holder)) {
            Some(other) => bail!("port {} is held by {other}", self.port),
            None => Ok(holders),
        }
    }

    /// Waits until the daemon has left its port and ended, since one that only has left it may still be writing its data. What
    /// is there after its time of grace is killed; others never are.
    fn free(&self, before: &[Holder], mut grace: Deadline) -> Result<String> {
        let mut whole = Deadline::within(grace.left() + FREEING);
        let mut killed: Vec<Holder> = Vec::new();
        let mut again = "";
        loop {
            let mut own: Vec<Holder> = before.iter().filter(|it| it.lives()).cloned().collect();
            let holding = self.own_holders();
            let free = holding.as_ref().is_ok_and(Vec::is_empty);
            match holding {
                // A supervisor that belongs to the daemon may have started it anew right before it could be stopped.
                Ok(holders) if again.is_empty() && is_new(&holders, before) => {
                    again = "started anew meanwhile, and stopped once more";
                    grace = self.stop_again();
                    whole = Deadline::within(grace.left() + FREEING);
                    continue;
                }
                Ok(holders) => own.extend(holders),
                Err(error) if own.is_empty() && grace.passed() => {
                    return Err(error.context("stopped and not started"));
                }
                Err(_) => {}
            }
            if own.is_empty() && free {
                let names: Vec<String> = killed.iter().map(Holder::to_string).collect();
                let text = format!("killed what did not end: {}", names.join(", "));
                return Ok(if names.is_empty() { again.to_owned() } else { text });
            }
            ensure!(
                !whole.passed(),
                "stopped and not started: port {} does not become free",
                self.port
            );
            for holder in own.into_iter().filter(|_| grace.passed()) {
                holder.kill();
                if !killed.contains(&holder) {
                    killed.push(holder);
                }
            }
            // Where no time is left, the loop ends by itself.
            let _ = whole.pause(PAUSE);
        }
    }

    /// Stops what has been started a moment ago, and gives the time that it still has to end. As with the first stop, whether it
    /// has left its port decides.
    fn stop_again(&self) -> Deadline {
        let stopping =
            Deadline::within(Duration::from_secs(Policy::documented().recovery.stop.into()));
        let _ = self.daemon.stop(stopping.left());
        self.daemon.grace(&stopping)
    }

    /// Waits until the service answers, and goes on answering.
    fn proven(&self, limit: &Deadline) -> Result<String> {
        let policy = &Policy::documented().recovery;
        let hold = Duration::from_secs(policy.hold.into());
        // A first answer in the last second may still hold, and each look takes its time.
        let whole = Deadline::within(limit.left() + hold * 3);
        let mut good: Option<(Deadline, String)> = None;
        loop {
            let look = self.look();
            let stamp = self.daemon.stamp().unwrap_or_default();
            good = match (look, good) {
                (Look::Answers, Some((since, own))) if own == stamp => {
                    if since.elapsed() >= hold {
                        return Ok(format!("answers, and did so for {} s", hold.as_secs()));
                    }
                    Some((since, own))
                }
                (Look::Answers, _) if !limit.passed() => Some((Deadline::within(hold), stamp)),
                (Look::Answers, _) => bail!("answers, but is started again and again"),
                (Look::Silent(reason) | Look::Blind(reason), _) if limit.passed() => {
                    bail!("does not answer: {reason}")
                }
                (Look::Silent(_) | Look::Blind(_), _) => None,
            };
            let pause = if good.is_some() { hold / LOOKS } else { PAUSE * 5 };
            whole.pause(pause).context("does not go on answering")?;
        }
    }

    fn look(&self) -> Look {
        let limit = Duration::from_secs(Policy::documented().recovery.probe.into());
        answers::look(self.service, self.port, &Deadline::within(limit))
    }
}

/// Whether somebody holds the port who did not before.
fn is_new(holders: &[Holder], before: &[Holder]) -> bool {
    holders.iter().any(|it| !before.contains(it))
}
