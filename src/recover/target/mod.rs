//! The target's side of recovery: what runs as root on the server itself, when the monitoring server asks for an act.
//!
//! `restart`, `reboot`, `result`, `answers` and the letters of a suspension are asked for from outside, by exact words alone. `carry-out` and `force-reboot` are their
//! detached parts: no rule of sudo names them, and each does nothing without the record that its front has written.

use std::path::Path;
use std::time::SystemTime;

use nix::sys::stat::{Mode, umask};
use nix::unistd::geteuid;

use super::suspension::spelling::Letter;
use super::{Refusal, Told};
use crate::deadline::Deadline;
use crate::plugin::{Report, Status, shortened};

mod answering;
mod answers;
mod budget;
mod configuration;
mod daemon;
mod evidence;
mod here;
mod job;
mod names;
mod owner;
mod past;
mod planned;
mod postgresql;
mod reboot;
mod restart;
mod script;
mod settings;
mod suspended;
mod systemctl;
mod unit;
mod xinetd;

pub(super) use here::log;
use here::{Here, Verdict};
use past::Lock;

/// Characters of the first line, so that the second is what the server tells about itself.
const LINE: usize = 110;

/// Does an act on this server, or says why not. A front begins nothing after the deadline, when its caller may have given up;
/// for a detached part nobody waits, and it has limits of its own.
pub fn run(act: &str, service: Option<&str>, now: SystemTime, deadline: &Deadline) -> Report {
    if !geteuid().is_root() {
        let text = format!("needs root: sudo -n recover_service --act {act}");
        return Report::default().stated(Status::Unknown, text);
    }
    // Daemons that are started by a script inherit it; the files of recovery say themselves who may read them.
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let here = Here::at(now);
    let verdict = match (act, service) {
        (act, None) if Letter::of(act).is_some() => suspended::spelled(&here, act, deadline),
        ("restart", Some(name)) => job::accept(&here, name, deadline),
        ("carry-out", Some(name)) => restart::carry_out(&here, name),
        ("reboot", None) => reboot::reboot(&here, deadline),
        ("force-reboot", None) => reboot::force(&here),
        ("result", None) => {
            let (verdict, told) = job::result(&here);
            return report(verdict, told);
        }
        ("answers", None) => {
            let (verdict, told) = answering::told(&here);
            return report(verdict, told);
        }
        ("restart" | "carry-out", None) => refusal(format!("{act} needs --service")).into(),
        _ => refusal(format!("{act} goes without --service")).into(),
    };
    let lock = if matches!(verdict, Verdict::Running(_)) { Lock::Theirs } else { Lock::Ours };
    let told = here.records().and_then(|records| here.told(&records, lock));
    // Without what it tells about itself, the monitoring server takes the answer for unclear, as it should.
    report(verdict, told.ok())
}

fn refusal(reason: String) -> Refusal {
    Refusal { guard: "readable", reason }
}

fn report(verdict: Verdict, told: Option<Told>) -> Report {
    let (status, text) = match verdict {
        Verdict::Good(text) => (Status::Ok, text),
        Verdict::Refused(Refusal { guard: "result", reason }) => (Status::Warning, reason),
        Verdict::Refused(refusal) => {
            (Status::Warning, format!("refused ({}): {}", refusal.guard, refusal.reason))
        }
        Verdict::Running(text) => (Status::Warning, text),
        Verdict::Failed(text) => (Status::Critical, text),
        Verdict::Unclear(error) => (Status::Unknown, format!("{error:#}")),
    };
    let report = Report::default().stated(status, shortened(&text, LINE));
    match told {
        Some(told) => report.detail(told.line()),
        None => report,
    }
}

/// Whether systemd rules this machine (`sd_booted(3)`).
fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}
