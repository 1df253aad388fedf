//! Shortens a ledger that has grown large. What is kept is told by number alone, since a clock may have been set.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::ledger::{private, sync_folder};
use super::record::Entry;
use super::{Event, Record};

/// Bytes up to which a ledger is left as it is.
const LARGE: u64 = 8 << 20;
/// Acts that are kept: years of them.
const ACTS: usize = 20_000;
/// Other records that are kept.
const OTHERS: usize = 1000;

/// The newest acts and the newest other records, numbered anew; nothing where the ledger is small, or would not be half as long.
pub(super) fn kept(records: &[Record], length: u64) -> Option<Vec<Record>> {
    if length <= LARGE {
        return None;
    }
    let (mut acts, mut others) = (0, 0);
    let mut kept: Vec<Record> = records
        .iter()
        .rev()
        .filter(|record| {
            let (count, most) = match record.event {
                Event::Armed | Event::Held => (&mut others, OTHERS),
                Event::Intent | Event::Done | Event::Failed | Event::Refused | Event::Dropped => {
                    (&mut acts, ACTS)
                }
            };
            *count += 1;
            *count <= most
        })
        .cloned()
        .collect();
    if kept.len() * 2 > records.len() {
        return None;
    }
    kept.reverse();
    for (record, seq) in kept.iter_mut().zip(1..) {
        record.seq = seq;
    }
    Some(kept)
}

/// Puts records in the place of a ledger, and gives the new file with its length. A crash leaves the one or the other.
pub(super) fn replace<R: Entry>(path: &Path, records: &[R]) -> Result<(File, u64)> {
    let lines: String = records.iter().map(R::line).collect::<Result<_>>()?;
    let draft = path.with_added_extension("new");
    let shortened = || -> std::io::Result<File> {
        let mut file = private().write(true).create(true).truncate(true).open(&draft)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        private().append(true).read(true).open(path)
    };
    let file = shortened().with_context(|| format!("cannot shorten {}", path.display()))?;
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok((file, lines.len() as u64))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Ledger;
    use super::super::record::tests::record;
    use super::*;
    use crate::deadline::Deadline;

    fn of(event: Event, seq: u64) -> Record {
        Record { event, ..record(seq) }
    }

    #[test]
    fn acts_outlive_what_was_only_said() {
        let acts = [of(Event::Intent, 1), of(Event::Done, 2)];
        let said = (3..=3002).map(|seq| of(Event::Armed, seq));
        let all: Vec<Record> = acts.iter().cloned().chain(said).collect();
        let kept = kept(&all, LARGE + 1).unwrap();
        assert_eq!(kept.len(), 2 + OTHERS);
        assert_eq!(kept[..2], acts);
        assert_eq!(super::kept(&all, LARGE), None, "small ones are left alone");
        assert_eq!(kept[2].at, record(2003).at, "the newest of them");
        assert!(kept.iter().zip(1..).all(|(record, seq)| record.seq == seq));
    }

    #[test]
    fn a_ledger_of_acts_stays_as_it_is() {
        let all: Vec<Record> = (1..=1500).map(|seq| of(Event::Failed, seq)).collect();
        assert_eq!(kept(&all, LARGE + 1), None);
    }

    #[test]
    fn a_large_ledger_is_shortened_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web1.jsonl");
        let text = "x".repeat(1000);
        let of = |seq, event| Record { event, text: text.clone(), ..record(seq) };
        let mut lines = of(1, Event::Intent).line().unwrap();
        for seq in 2..9000 {
            lines += &of(seq, Event::Armed).line().unwrap();
        }
        fs::write(&path, &lines).unwrap();
        let mut ledger =
            Ledger::open(folder.path(), "web1", &Deadline::within(Duration::from_secs(9))).unwrap();
        assert_eq!(ledger.records()[0].event, Event::Intent);
        ledger.append(record(0)).unwrap();
        let records = ledger.records().to_vec();
        drop(ledger);
        assert_eq!(Ledger::look(&path).unwrap(), records);
        assert!(fs::metadata(&path).unwrap().len() < 2 << 20, "{} records", records.len());
    }
}
