//! What holds for a window: until when it has to be asked for, and when monitoring resumes.

use anyhow::{Context, Result, ensure};
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ZonedDateTime};

use super::Calendar;

/// What a customer wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asked {
    /// When the work begins.
    pub from: Timestamp,
    /// When it ends; on the same day where nobody says.
    pub until: Option<Timestamp>,
}

/// What follows from it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// The request has to be in before.
    pub due: ZonedDateTime,
    /// Monitoring resumes then, at the earliest.
    pub resumes: ZonedDateTime,
}

impl Calendar {
    /// Reads a time as people write it: `2026-08-01 23:00` in the calendar's zone, or with an offset of its own. Where clocks
    /// are set, a time may be missing or be there twice: `edge` says which one is meant, so that a window is rather too wide.
    ///
    /// # Errors
    /// It is no time.
    pub fn read(&self, text: &str, edge: Edge) -> Result<Timestamp> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(time);
        }
        let wanted: DateTime = text
            .parse()
            .with_context(|| format!("{text:?} is no time such as \"2026-08-01 23:00\""))?;
        Ok(self.at(wanted, edge)?.timestamp())
    }

    /// A time here, for people.
    pub fn shown(&self, time: Timestamp) -> String {
        let here = time.to_zoned_datetime(self.zone.clone());
        here.strftime("%A %Y-%m-%d %H:%M %Z").to_string()
    }

    /// The terms of a window.
    ///
    /// # Errors
    /// It ends before it begins, or the calendar does not reach that far.
    pub fn terms(&self, asked: &Asked) -> Result<Terms> {
        let first = self.day(asked.from);
        let last = match asked.until {
            None => first,
            Some(until) => {
                ensure!(until > asked.from, "the window ends before it begins");
                // One that ends at midnight does not touch the day that begins then.
                self.day(until.checked_sub(jiff::SignedDuration::from_nanos(1))?)
            }
        };
        let resumes = self.first_business_day(after(last)?)?;
        Ok(Terms {
            due: self.due(first)?,
            resumes: self.at(resumes.to_datetime(self.opens), Edge::End)?,
        })
    }

    /// The first time for which a request of now is not too late: the beginning of a day.
    ///
    /// # Errors
    /// The calendar does not reach that far.
    pub fn next_possible(&self, now: Timestamp) -> Result<ZonedDateTime> {
        for day in after(self.day(now))?.take(super::FARTHEST) {
            if self.due(day)?.timestamp() > now {
                return self.at(day.to_datetime(jiff::civil::Time::midnight()), Edge::End);
            }
        }
        anyhow::bail!("no request is possible within a year")
    }

    /// Until when a request for a day has to be in: the end of business of the business day before.
    fn due(&self, day: Date) -> Result<ZonedDateTime> {
        let before = self.first_business_day(before(day)?)?;
        self.at(before.to_datetime(self.closes), Edge::Begin)
    }

    fn day(&self, time: Timestamp) -> Date {
        time.to_zoned_datetime(self.zone.clone()).date()
    }

    fn at(&self, time: DateTime, edge: Edge) -> Result<ZonedDateTime> {
        let meant = self.zone.to_ambiguous_zoned_datetime(time);
        match edge {
            Edge::Begin => meant.earlier(),
            Edge::End => meant.later(),
        }
        .with_context(|| format!("there is no {time}"))
    }
}

/// Which of two readings of a time is meant where clocks are set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Edge {
    /// The earlier: something begins, or has to be in.
    Begin,
    /// The later: something ends.
    End,
}

fn before(day: Date) -> Result<impl Iterator<Item = Date>> {
    let day = day.yesterday().context("a date out of bounds")?;
    Ok(std::iter::successors(Some(day), |day| day.yesterday().ok()))
}

fn after(day: Date) -> Result<impl Iterator<Item = Date>> {
    let day = day.tomorrow().context("a date out of bounds")?;
    Ok(std::iter::successors(Some(day), |day| day.tomorrow().ok()))
}
