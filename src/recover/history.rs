//! What the ledger of a server says about a fault: pure questions to a list of records.

use super::{Event, Moment, Record, Stage};

/// The records of one server, the oldest first, seen at one moment.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    records: &'a [Record],
    now: &'a Moment,
}

impl<'a> History<'a> {
    /// The records as they are now.
    pub fn new(records: &'a [Record], now: &'a Moment) -> Self {
        Self { records, now }
    }

    /// Acts of a stage that were begun and not dropped: each by its latest record.
    pub fn acts(self, stages: &'a [Stage]) -> impl DoubleEndedIterator<Item = &'a Record> {
        let acts = self.records.iter().enumerate().filter(move |(_, record)| {
            record.event == Event::Intent && stages.contains(&record.stage)
        });
        acts.map(move |(at, intent)| self.conclusion(at).unwrap_or(intent))
            .filter(|record| !matches!(record.event, Event::Dropped | Event::Refused))
    }

    /// The intent that has no conclusion yet: nobody knows what became of it.
    pub fn open(self) -> Option<&'a Record> {
        let at = self.records.iter().rposition(|record| record.event == Event::Intent)?;
        self.conclusion(at).is_none().then(|| self.records.get(at)).flatten()
    }

    /// How many acts of a stage lie less than so many seconds back, by a clock that nobody sets.
    pub fn within(self, seconds: u64, stages: &'a [Stage]) -> usize {
        self.acts(stages).filter(|act| self.now.since(&act.at) < seconds).count()
    }

    /// The latest record of a call about a fault that nothing held back.
    pub fn last_about(self, fault: &str) -> Option<&'a Record> {
        let mut calls = self.records.iter().rev().filter(|record| record.event != Event::Held);
        calls.find(|record| record.fault == fault)
    }

    /// The latest record of all.
    pub fn last(self) -> Option<&'a Record> {
        self.records.last()
    }

    /// Seconds since a record.
    pub fn age(self, record: &Record) -> u64 {
        self.now.since(&record.at)
    }

    /// The record that says how an act ended.
    fn conclusion(self, intent: usize) -> Option<&'a Record> {
        let begun = self.records.get(intent)?;
        let later = self.records.get(intent + 1..).unwrap_or_default();
        later.iter().find(|record| {
            record.fault == begun.fault
                && record.stage == begun.stage
                && matches!(
                    record.event,
                    Event::Done | Event::Failed | Event::Refused | Event::Dropped
                )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    const RESTART: &[Stage] = &[Stage::Restart];

    fn with(seq: u64, event: Event) -> Record {
        Record { event, ..record(seq) }
    }

    fn now() -> Moment {
        record(100).at
    }

    #[test]
    fn an_intent_is_open_until_something_is_known() {
        let now = now();
        let intent = with(1, Event::Intent);
        let open = [intent.clone()];
        assert_eq!(History::new(&open, &now).open(), Some(&intent));
        for end in [Event::Done, Event::Failed, Event::Refused, Event::Dropped] {
            let records = [intent.clone(), with(2, Event::Armed), with(3, end)];
            let history = History::new(&records, &now);
            assert_eq!(history.open(), None);
            let counts = matches!(end, Event::Done | Event::Failed);
            assert_eq!(history.acts(RESTART).count() == 1, counts, "{end:?}");
        }
        assert_eq!(History::new(&[], &now).open(), None);
    }

    #[test]
    fn what_is_counted_is_counted_by_the_machines_own_clock() {
        let mut records = [with(1, Event::Intent)];
        let later = Moment { time: 5, ..record(1801).at };
        assert_eq!(History::new(&records, &later).within(1800, RESTART), 0);
        assert_eq!(History::new(&records, &later).within(1801, RESTART), 1);
        records[0].at.boot = "earlier".to_owned();
        let young = Moment { age: 30, ..later };
        assert_eq!(History::new(&records, &young).within(31, RESTART), 1, "it may just have been");
    }
}
