//! The ledger of one server: append-only, locked while it is read or written, on disk before anything is done.
//!
//! What can not be understood is a doubt: the whole ledger is refused then. One thing alone is forgiven, a last line that a
//! killed writer did not finish, since nothing is ever done before its line is on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;

use super::record::Entry;
use super::{Record, compact};
use crate::deadline::Deadline;

/// Bytes of a ledger that are read; the longest fault writes a few hundred a call.
const LARGEST: u64 = 16 << 20;
/// How often a lock is tried for.
const PAUSE: Duration = Duration::from_millis(50);

/// The ledger of what recovery did about a server.
pub type Ledger = Book<Record>;

/// A ledger that this process alone holds until the value is dropped.
#[derive(Debug)]
pub struct Book<R> {
    file: File,
    path: PathBuf,
    records: Vec<R>,
    /// Bytes of whole records.
    length: u64,
    _lock: Flock<File>,
}

impl<R: Entry> Book<R> {
    /// Takes the lock of `name` in a folder, waits for it within the deadline, and reads the ledger. A folder or file that is
    /// not there is made.
    ///
    /// # Errors
    /// Somebody else holds it for too long, the disk refuses, or the ledger is damaged. All of them mean: do nothing.
    pub fn open(folder: &Path, name: &str, deadline: &Deadline) -> Result<Self> {
        make_folder(folder)?;
        let lock = lock(&folder.join(format!("{name}.lock")), deadline)?;
        let path = folder.join(format!("{name}.jsonl"));
        let is_new = !path.exists();
        let mut file = private()
            .append(true)
            .read(true)
            .create(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        if is_new {
            hand_over(&file, folder)?;
            sync_folder(folder)?;
        }
        let mut bytes = Vec::new();
        (&mut file)
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(bytes.len() as u64 <= LARGEST, "{} is too large", path.display());
        let (records, whole) =
            parse(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
        let length = mend(&mut file, &bytes, whole)
            .with_context(|| format!("cannot mend {}", path.display()))?;
        let mut ledger = Self { file, path, records, length, _lock: lock };
        if let Some(kept) = R::kept(&ledger.records, length) {
            (ledger.file, ledger.length) = compact::replace(&ledger.path, &kept)?;
            ledger.records = kept;
        }
        Ok(ledger)
    }

    /// What a ledger says, for people: without a lock, and without making anything.
    ///
    /// # Errors
    /// It can not be read, or is damaged.
    pub fn look(path: &Path) -> Result<Vec<R>> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (records, _) =
            parse(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
        Ok(records)
    }

    /// Its records, the oldest first.
    pub fn records(&self) -> &[R] {
        &self.records
    }

    /// Appends a record, whose number is set here. When this returns well, it is on disk.
    ///
    /// # Errors
    /// The disk refuses. Nothing must be done then.
    pub fn append(&mut self, mut record: R) -> Result<()> {
        *record.seq() = next(&mut self.records);
        let line = record.line()?;
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // The next reader forgives half a line at the end, so that this may fail too.
            let _ = self.file.set_len(self.length);
            return Err(error).with_context(|| format!("cannot write {}", self.path.display()));
        }
        self.length += line.len() as u64;
        self.records.push(record);
        Ok(())
    }
}

/// Ends the last line where a writer was killed in it: appending behind half a line would damage the ledger. Gives its length.
fn mend(file: &mut File, bytes: &[u8], whole: usize) -> std::io::Result<u64> {
    if whole < bytes.len() {
        file.set_len(whole as u64)?;
        file.sync_data()?;
    } else if bytes.last().is_some_and(|byte| *byte != b'\n') {
        file.write_all(b"\n")?;
        file.sync_data()?;
        return Ok(whole as u64 + 1);
    }
    Ok(whole as u64)
}

/// The number behind the last one.
fn next<R: Entry>(records: &mut [R]) -> u64 {
    records.last_mut().map_or(1, |last| *last.seq() + 1)
}

/// Records, and the bytes that they take; what follows them is half a line.
fn parse<R: Entry>(bytes: &[u8]) -> Result<(Vec<R>, usize)> {
    let mut records: Vec<R> = Vec::new();
    let mut whole = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let ends = line.ends_with(b"\n");
        let mut record = match R::read(line.strip_suffix(b"\n").unwrap_or(line)) {
            // A record whose newline alone is missing counts: that is the cautious reading.
            Ok(record) => record,
            Err(_) if !ends && is_half::<R>(line) => break,
            Err(error) => return Err(error).with_context(|| format!("line {}", number + 1)),
        };
        let (seq, expected) = (*record.seq(), next(&mut records));
        if seq != expected {
            bail!("line {} is record {seq}, not {expected}", number + 1);
        }
        records.push(record);
        whole += line.len();
    }
    Ok((records, whole))
}

/// Whether bytes without a newline are the beginning of a line, and not a whole one whose newline has changed.
fn is_half<R: Entry>(bytes: &[u8]) -> bool {
    bytes.split_last().is_none_or(|(_, record)| R::read(record).is_err())
}

pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(nix::libc::O_CLOEXEC | nix::libc::O_NOFOLLOW);
    options
}

/// A file that root makes in the folder of another user is that user's: recovery has to read it, too.
fn hand_over(file: &File, folder: &Path) -> Result<()> {
    let about =
        fs::metadata(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    if geteuid().is_root() && about.uid() != 0 {
        fchown(file, Some(about.uid()), Some(about.gid()))
            .with_context(|| format!("cannot hand over a file in {}", folder.display()))?;
    }
    Ok(())
}

pub(super) fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    folder.parent().map_or(Ok(()), sync_folder)
}

/// A new file is on disk when its folder is.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot write {}", folder.display()))
}

/// Waits for the lock; it is held until the file is closed, by whatever ends this process.
pub(super) fn lock(path: &Path, deadline: &Deadline) -> Result<Flock<File>> {
    let mut file = private()
        .write(true)
        .create(true)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    path.parent().map_or(Ok(()), |folder| hand_over(&file, folder))?;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) => {
                ensure!(!deadline.passed(), "another call holds {}", path.display());
                file = back;
                deadline
                    .pause(PAUSE)
                    .with_context(|| format!("another call holds {}", path.display()))?;
            }
            Err((_, error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    fn deadline() -> Deadline {
        Deadline::within(Duration::from_millis(300))
    }

    fn written(folder: &Path, count: u64) -> Vec<u8> {
        let mut ledger = Ledger::open(folder, "web1", &deadline()).unwrap();
        for seq in 1..=count {
            ledger.append(record(seq)).unwrap();
        }
        fs::read(folder.join("web1.jsonl")).unwrap()
    }

    #[test]
    fn records_are_numbered_and_survive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), 2);
        let ledger = Ledger::open(folder.path(), "web1", &deadline()).unwrap();
        assert_eq!(ledger.records(), [record(1), record(2)]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_forgotten_and_any_other_change_refuses_the_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = written(folder.path(), 3);
        let path = folder.path().join("web1.jsonl");
        let lines: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        for end in 0..bytes.len() {
            fs::write(&path, &bytes[..end]).unwrap();
            let whole = lines.iter().filter(|at| **at <= end).count();
            let mut ledger = Ledger::open(folder.path(), "web1", &deadline()).unwrap();
            assert_eq!(ledger.records().len(), whole, "cut at {end}");
            // It can be continued.
            ledger.append(record(9)).unwrap();
            drop(ledger);
            assert_eq!(Ledger::look(&path).unwrap().len(), whole + 1, "cut at {end}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(parse::<Record>(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn one_call_at_a_time_and_the_next_one_waits() {
        let folder = tempfile::tempdir().unwrap();
        let first = Ledger::open(folder.path(), "web1", &deadline()).unwrap();
        let second = Ledger::open(folder.path(), "web1", &deadline()).unwrap_err();
        assert!(second.to_string().contains("another call holds"), "{second:#}");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let patient = Deadline::within(Duration::from_secs(20));
                Ledger::open(folder.path(), "web1", &patient).map(|_| ())
            });
            drop(first);
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_disk_that_refuses_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Ledger::open(&file.join("below"), "web1", &deadline()).is_err());
    }
}
