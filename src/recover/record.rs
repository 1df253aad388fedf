//! A line of the ledger: JSON that ends in a checksum of what stands before it.

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Moment, compact};

/// What was decided or done, when, and by whom.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Number in its ledger: 1, 2, 3 without a gap.
    pub seq: u64,
    /// When, by the clocks of the machine that wrote it.
    pub at: Moment,
    /// Which fault: `ssh@1800000000` is the service with the time of its last OK result; `-` as service is the server itself.
    pub fault: String,
    /// The failed service; none where the server itself has failed.
    pub service: Option<String>,
    /// Which stage.
    pub stage: Stage,
    /// What happened in it.
    pub event: Event,
    /// Who wrote it: the monitoring server, or `target`.
    pub actor: String,
    /// Time of the result that the engine called about, in seconds since 1970; 0 on the target.
    pub check: u64,
    /// Boot id of the target before the act, where it is known.
    pub target: Option<String>,
    /// For people.
    pub text: String,
}

/// A stage of recovery.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The daemon is stopped and started.
    Restart,
    /// The server reboots itself.
    Reboot,
    /// Its power is cut and given again.
    Power,
    /// People are told, and nothing more is done until an OK was seen.
    People,
}

/// What happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A call that may not act yet: a later one with a newer result may.
    Armed,
    /// It is about to be done. Written before the act; without a record after it, nobody knows whether it was done.
    Intent,
    /// It was done, and is proven.
    Done,
    /// It was tried, and did not come about or did not help.
    Failed,
    /// The target refused it: nothing was done.
    Refused,
    /// It certainly was not done: the act was never begun.
    Dropped,
    /// A guard here held it back, or people were asked for; nothing was done.
    Held,
}

/// How a checksum stands at the end of a line.
const MARK: &str = ",\"crc\":\"";
/// Bytes of mark, eight digits and the closing of string and object.
const TAIL: usize = MARK.len() + 8 + 2;

impl Record {
    /// The line, ending in a newline.
    ///
    /// # Errors
    /// As [`Entry::line`].
    pub fn line(&self) -> Result<String> {
        Entry::line(self)
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// As [`Entry::read`].
    pub fn read(line: &[u8]) -> Result<Self> {
        Entry::read(line)
    }
}

/// What stands in a ledger.
pub trait Entry: Serialize + DeserializeOwned {
    /// Its number.
    fn seq(&mut self) -> &mut u64;

    /// What is kept of so many bytes of them, where not all are.
    fn kept(records: &[Self], length: u64) -> Option<Vec<Self>>;

    /// The line, ending in a newline.
    ///
    /// # Errors
    /// None that a record can cause; JSON's writer has them in its signature.
    fn line(&self) -> Result<String> {
        let mut line = serde_json::to_string(self).context("cannot write a record")?;
        // The object's closing bracket comes behind the checksum.
        line.pop();
        let sum = crc32fast::hash(line.as_bytes());
        line.push_str(&closing(sum));
        line.push('\n');
        Ok(line)
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// It is not as it was written, to the last bit.
    fn read(line: &[u8]) -> Result<Self> {
        let (body, tail) = line
            .len()
            .checked_sub(TAIL)
            .and_then(|at| line.split_at_checked(at))
            .context("too short for a record")?;
        ensure!(closing(crc32fast::hash(body)).as_bytes() == tail, "the checksum does not fit");
        let mut object = body.to_vec();
        object.push(b'}');
        serde_json::from_slice(&object).context("not a record")
    }
}

impl Entry for Record {
    fn seq(&mut self) -> &mut u64 {
        &mut self.seq
    }

    fn kept(records: &[Self], length: u64) -> Option<Vec<Self>> {
        compact::kept(records, length)
    }
}

/// What stands behind the body.
fn closing(sum: u32) -> String {
    format!("{MARK}{sum:08x}\"}}")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::recover) fn record(seq: u64) -> Record {
        Record {
            seq,
            at: Moment { time: 1_800_000_000 + seq, boot: "b".to_owned(), age: 100_000 + seq },
            fault: "ssh@1799998800".to_owned(),
            service: Some("ssh".to_owned()),
            stage: Stage::Restart,
            event: Event::Intent,
            actor: "monitor".to_owned(),
            check: 1_799_999_990,
            target: Some("t".to_owned()),
            text: "a \"quoted\"\nline".to_owned(),
        }
    }

    #[test]
    fn a_record_is_one_line_and_reads_back() {
        let line = record(3).line().unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(Record::read(line.trim_end().as_bytes()).unwrap(), record(3));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["stage"], "restart");
    }

    #[test]
    fn no_bit_of_it_can_change_unseen() {
        let line = record(3).line().unwrap();
        let bytes = line.trim_end().as_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::read(&flipped).is_err(), "bit {bit}");
        }
        for end in 0..bytes.len() {
            assert!(Record::read(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
