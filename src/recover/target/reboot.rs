//! The reboot: guards, evidence, intent, a dead man behind it, and the order. The new boot id proves it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::mman::{MlockAllFlags, mlockall};

use super::here::{self, Here, Verdict};
use super::past::{self, Lock};
use super::settings::Settings;
use super::{budget, evidence, has_systemd, job, planned, suspended, systemctl};
use crate::deadline::Deadline;
use crate::policy::Policy;
use crate::recover::process;
use crate::recover::{Event, Moment, Record, Refusal, Stage, State};

/// Time to wait for another call's ledger.
const LEDGER: Duration = Duration::from_secs(2);
/// Time for the evidence: the answer must be out before the way back is gone.
const EVIDENCE: Duration = Duration::from_secs(3);
/// Time for an order that waits for nothing.
const ORDER: Duration = Duration::from_secs(3);
/// Time that a forced reboot has before the kernel is told to reset the machine.
const FORCED: Duration = Duration::from_secs(30);
/// The unit of the dead man.
const UNIT: &str = "firstaid-dead-man";
/// The name that keeps a process from systemd's last round of killing, which waits for all others.
/// Source: `systemd`, "storage daemons of the initial RAM disk": the first letter of the first word is what counts.
const SPARED: &str = "@firstaid-dead-man";
/// Where sysvinit finds the processes that its last round of killing leaves alone.
const OMITTED: &str = "/run/sendsigs.omit.d";
/// Where the kernel takes orders that wait for nobody (sysrq).
const TRIGGER: &str = "/proc/sysrq-trigger";

/// Reboots this server, or refuses to.
pub(super) fn reboot(here: &Here, deadline: &Deadline) -> Verdict {
    begun(here, deadline).unwrap_or_else(|verdict| verdict)
}

fn begun(here: &Here, deadline: &Deadline) -> Result<Verdict, Verdict> {
    let mut ledger = here.ledger(LEDGER).map_err(|error| job::under_way(here, error))?;
    let now = here.now()?;
    past::conclude(&mut ledger, &now)?;
    if past::state(ledger.records(), &now, Lock::Ours) == Some(State::Running) {
        return Err(Verdict::Running(past::under_way(ledger.records())));
    }
    if let Err(refusal) = guards(ledger.records(), &now) {
        past::refuse(
            here,
            &mut ledger,
            past::first(None, Stage::Reboot, Event::Refused, &now),
            &refusal,
        )?;
        return Err(refusal.into());
    }
    let bundle = format!("{}-reboot", now.time);
    let kept = match evidence::keep(&here.evidence(), &bundle, None, EVIDENCE) {
        Ok(folder) => format!("evidence in {}", folder.display()),
        Err(error) => format!("no evidence: {error:#}"),
    };
    job::in_time(deadline)?;
    let record = past::first(None, Stage::Reboot, Event::Intent, &now);
    let text = format!("ordered; {kept}");
    here::log(&format!("reboot {text}"));
    ledger.append(Record { text, ..record })?;
    // From here on the intent stands, whatever fails: only another boot id, or the time for it, concludes it.
    let dead_man = behind();
    let ordered = order();
    match (dead_man, ordered) {
        (_, Ok(())) => Ok(Verdict::Good("reboot started".to_owned())),
        (Ok(()), Err(error)) => Ok(Verdict::Good(format!("reboot will be forced: {error:#}"))),
        (Err(dead_man), Err(error)) => {
            let text =
                format!("the reboot can not be ordered: {error:#}; nor forced: {dead_man:#}");
            let opened = ledger.records().last().cloned().context("the ledger forgot")?;
            ledger.append(past::next(&opened, Event::Failed, &here.now()?, text.clone()))?;
            Ok(Verdict::Failed(text))
        }
    }
}

fn guards(records: &[Record], now: &Moment) -> Result<(), Refusal> {
    let limits = Settings::read()?.pace().recovery();
    suspended::guard(now)?;
    planned::guard(now, &limits)?;
    budget::reboot(records, now, &limits)
}

/// Puts a dead man behind a reboot: it outlives the shutdown, and forces what has hung.
fn behind() -> Result<()> {
    let own = std::env::current_exe().context("cannot find the own program")?;
    let own = own.to_str().context("the own program's path is no text")?;
    let act = [own, "--act", "force-reboot"].map(str::to_owned);
    if has_systemd() {
        // With its usual dependencies, a shutdown would end the dead man first.
        let properties = ["DefaultDependencies=no", "OOMScoreAdjust=-1000", "SendSIGHUP=no"];
        if job::transient(UNIT, &properties, &act).is_ok() {
            return Ok(());
        }
    }
    process::detach(&act)
}

fn order() -> Result<()> {
    let ran = if has_systemd() {
        systemctl::call(&["--no-block", "reboot"].map(str::to_owned), ORDER)?
    } else {
        process::run(&["/sbin/shutdown", "-r", "now"].map(str::to_owned), b"", ORDER)?
    };
    // One that hangs may still be obeyed.
    ensure!(
        ran.succeeded() || matches!(ran, process::Ran::Killed { .. }),
        "{}",
        ran.output().trim_end()
    );
    Ok(())
}

/// The dead man: waits, and forces the reboot. If the reboot comes, it is gone by then.
pub(super) fn force(here: &Here) -> Verdict {
    forced(here).unwrap_or_else(Verdict::Unclear)
}

fn forced(here: &Here) -> Result<Verdict> {
    let records = here.records()?;
    let now = here.now()?;
    let open = records.last().is_some_and(|last| {
        last.stage == Stage::Reboot && last.event == Event::Intent && last.at.boot == now.boot
    });
    if !open {
        let reason = "no reboot was begun".to_owned();
        return Ok(Verdict::Refused(Refusal { guard: "readable", reason }));
    }
    spared()?;
    // The disk may be what hangs: nothing of this program must have to be read from it any more.
    let _ = mlockall(MlockAllFlags::MCL_CURRENT);
    wait(Duration::from_secs(Policy::documented().recovery.dead_man.into()))?;
    // Starting a program may hang, too.
    let _ = Deadline::within(FORCED).aside(forcing);
    wait(FORCED)?;
    std::fs::write(Path::new(TRIGGER), "b").with_context(|| format!("cannot write {TRIGGER}"))?;
    bail!("the kernel did not obey {TRIGGER}")
}

/// Takes the dead man out of the rounds of killing at the end of a shutdown: it would be killed, or be waited for.
fn spared() -> Result<()> {
    let name = std::env::args_os().next().unwrap_or_default();
    if has_systemd() && name != SPARED {
        let own = std::env::current_exe().context("cannot find the own program")?;
        let own = own.to_str().context("the own program's path is no text")?;
        return Err(process::become_program(
            SPARED,
            &[own, "--act", "force-reboot"].map(str::to_owned),
        ));
    }
    let folder = Path::new(OMITTED);
    if folder.is_dir() {
        // Without it, a shutdown that hangs in its last steps is left to the power switch.
        let _ = std::fs::write(folder.join("firstaid"), std::process::id().to_string());
    }
    Ok(())
}

/// Waits for a time in which nothing happens.
fn wait(time: Duration) -> Result<()> {
    Deadline::within(time * 2).pause(time).context("cannot wait")
}

fn forcing() -> Result<process::Ran> {
    if has_systemd() {
        systemctl::call(&["reboot", "--force"].map(str::to_owned), FORCED)
    } else {
        process::run(&["/sbin/reboot", "-f"].map(str::to_owned), b"", FORCED)
    }
}
