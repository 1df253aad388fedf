//! The server that an act is asked of: its clocks, its ledger, and what it tells about itself.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};

use super::budget;
use super::past::{self, Lock};
use super::suspended;
use crate::deadline::Deadline;
use crate::recover::{Ledger, Moment, Record, Refusal, Told};

/// Folder of what is kept.
const FOLDER: &str = "/var/lib/firstaid";
/// The ledger's name.
const LEDGER: &str = "target";
/// File of a refusal that was repeated.
const REFUSED: &str = "refused.json";
/// Files of the machine's id.
const IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
/// Priority of what is told to the system's log: a daemon's notice.
const NOTICE: u8 = 29;

/// This server.
#[derive(Debug)]
pub(super) struct Here {
    wall: SystemTime,
    begun: Instant,
    folder: PathBuf,
}

impl Here {
    /// With the wall's time of now.
    pub(super) fn at(wall: SystemTime) -> Self {
        Self { wall, begun: Instant::now(), folder: PathBuf::from(FOLDER) }
    }

    /// The present moment.
    pub(super) fn now(&self) -> Result<Moment> {
        Moment::of(self.wall + self.begun.elapsed())
    }

    /// Takes the ledger.
    pub(super) fn ledger(&self, wait: Duration) -> Result<Ledger> {
        Ledger::open(&self.recovery(), LEDGER, &Deadline::within(wait))
    }

    /// Where evidence is kept.
    pub(super) fn evidence(&self) -> PathBuf {
        self.folder.join("evidence")
    }

    pub(super) fn recovery(&self) -> PathBuf {
        self.folder.join("recovery")
    }

    /// What the ledger says, whoever holds it. One that was never made says nothing.
    pub(super) fn records(&self) -> Result<Vec<Record>> {
        let path = self.recovery().join(format!("{LEDGER}.jsonl"));
        if path.exists() { Ledger::look(&path) } else { Ok(Vec::new()) }
    }

    /// Keeps a refusal that the ledger knows already. Its number is that of the ledger's last record.
    pub(super) fn keep_refusal(&self, record: &Record) -> Result<()> {
        write_whole(&self.recovery().join(REFUSED), &record.line()?)
    }

    /// The refusal that came after everything in the ledger, if there was one.
    fn refusal_after(&self, records: &[Record]) -> Option<Record> {
        let bytes = fs::read(self.recovery().join(REFUSED)).ok()?;
        let record = Record::read(bytes.trim_ascii_end()).ok()?;
        (records.last()?.seq == record.seq).then_some(record)
    }

    /// What this server tells about itself and its last act.
    pub(super) fn told(&self, records: &[Record], lock: Lock) -> Result<Told> {
        let now = self.now()?;
        let refusal = self.refusal_after(records);
        let job = past::job(refusal.as_ref().map_or(records, std::slice::from_ref), &now, lock);
        let (acts, answers) = (budget::latest(records, &now), BTreeMap::new());
        let suspension = suspended::told(&self.recovery()).ok().map(Box::new);
        let machine = self.machine()?;
        Ok(Told { machine, boot: now.boot, age: now.age, job, acts, answers, suspension })
    }

    /// The id of the machine. Where the system has none, one is made.
    fn machine(&self) -> Result<String> {
        for path in IDS {
            if let Some(id) = id_in(Path::new(path)) {
                return Ok(id);
            }
        }
        let own = self.recovery().join("machine-id");
        if let Some(id) = id_in(&own) {
            return Ok(id);
        }
        let random = fs::read_to_string("/proc/sys/kernel/random/uuid").context("no random id")?;
        let id: String = random.trim_end().chars().filter(|it| *it != '-').collect();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.recovery())
            .context("cannot make the ledger's folder")?;
        // Half an id would be another machine.
        write_whole(&own, &id)?;
        id_in(&own).context("cannot keep an id of this machine")
    }
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_added_extension("new");
    let file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn id_in(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let id = text.trim();
    (id.len() == 32 && id.bytes().all(|it| it.is_ascii_hexdigit())).then(|| id.to_owned())
}

/// Tells the system's log. Nobody may listen; the ledger is what counts.
pub(in crate::recover) fn log(text: &str) {
    let send = || -> Result<()> {
        let socket = UnixDatagram::unbound().context("no socket")?;
        socket.set_nonblocking(true).context("no socket")?;
        let line = format!("<{NOTICE}>recover_service[{}]: {text}", std::process::id());
        let sent = socket.send_to(line.as_bytes(), "/dev/log").context("nobody listens")?;
        ensure!(sent == line.len(), "it was cut");
        Ok(())
    };
    // Nothing can be done about it.
    let _ = send();
}

/// What became of an act that was asked for.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Accepted, done, or nothing to do.
    Good(String),
    /// A guard refused it.
    Refused(Refusal),
    /// It goes on.
    Running(String),
    /// It was tried and failed.
    Failed(String),
    /// Nobody can tell.
    Unclear(anyhow::Error),
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Verdict {
    fn from(error: anyhow::Error) -> Self {
        Self::Unclear(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_an_id_gets_one_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let here = Here { folder: folder.path().to_owned(), ..Here::at(SystemTime::UNIX_EPOCH) };
        let id = here.machine().unwrap();
        assert_eq!((id.len(), here.machine().unwrap()), (32, id));
    }

    #[test]
    fn a_ledger_that_was_never_made_is_not_made_by_a_question() {
        let folder = tempfile::tempdir().unwrap();
        let here = Here { folder: folder.path().to_owned(), ..Here::at(SystemTime::UNIX_EPOCH) };
        assert!(here.records().unwrap().is_empty());
        assert!(!folder.path().join("recovery").exists());
    }
}
