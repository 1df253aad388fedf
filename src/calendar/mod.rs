//! Business days, and what follows from them for a customer's quiet time. Pure: the present time is an argument.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jpholiday::chrono::NaiveDate;
use jpholiday::jpholiday::JPHoliday;

use crate::policy::Policy;

mod terms;

pub use terms::{Asked, Edge, Terms};

/// Days after which nobody looks for a business day any more.
const FARTHEST: usize = 366;

/// Days that a law of one year moved, and whether they are holidays, where the crate does not know. Source: the law on special
/// measures for the Olympic Games (平成三十二年東京オリンピック競技大会・東京パラリンピック競技大会特別措置法), as amended for 2021.
const MOVED: &[(i16, u32, u32, bool)] = &[
    (2021, 7, 19, false),
    (2021, 7, 22, true),
    (2021, 7, 23, true),
    (2021, 8, 8, true),
    (2021, 8, 9, true),
    (2021, 8, 11, false),
    (2021, 10, 11, false),
];

/// When there is business.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// When a business day begins.
    pub opens: Time,
    /// When it ends.
    pub closes: Time,
    /// Its days of the week.
    pub weekdays: Vec<Weekday>,
    /// Whose holidays are none.
    pub holidays: Holidays,
    /// Further days without business.
    pub closed: BTreeSet<Date>,
    /// Days with business all the same.
    pub open: BTreeSet<Date>,
    /// Where the hours are counted.
    pub zone: TimeZone,
}

/// Public holidays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holidays {
    /// None.
    None,
    /// Japan's.
    Japan {
        /// The last year whose holidays are known.
        until: i16,
    },
}

impl Calendar {
    /// The documented one.
    ///
    /// # Errors
    /// The policy has a slip.
    pub fn documented() -> Result<Self> {
        let documented = &Policy::documented().suspension;
        let weekdays = documented.weekdays.split(' ').map(weekday).collect::<Result<_>>()?;
        Ok(Self {
            opens: time(documented.opens)?,
            closes: time(documented.closes)?,
            weekdays,
            holidays: Holidays::of(documented.holidays, documented.holidays_until)?,
            closed: BTreeSet::new(),
            open: BTreeSet::new(),
            zone: zone(documented.time_zone)?,
        })
    }

    /// Refuses what can not be a calendar.
    ///
    /// # Errors
    /// It closes before it opens, is never open, or has a day that is both.
    pub fn checked(self) -> Result<Self> {
        ensure!(self.opens < self.closes, "business opens at {} and closes before", self.opens);
        ensure!(!self.weekdays.is_empty(), "no day of the week has business");
        if let Some(both) = self.open.intersection(&self.closed).next() {
            bail!("{both} is both open and closed");
        }
        Ok(self)
    }

    /// Whether there is business on a day.
    ///
    /// # Errors
    /// Nobody knows that year's holidays yet.
    pub fn is_business_day(&self, date: Date) -> Result<bool> {
        if self.open.contains(&date) {
            return Ok(true);
        }
        if self.closed.contains(&date) || !self.weekdays.contains(&date.weekday()) {
            return Ok(false);
        }
        Ok(!self.holidays.has(date)?)
    }

    /// The first business day of a row of days.
    fn first_business_day(&self, days: impl Iterator<Item = Date>) -> Result<Date> {
        for day in days.take(FARTHEST) {
            if self.is_business_day(day)? {
                return Ok(day);
            }
        }
        bail!("there is no business day within {FARTHEST} days")
    }
}

impl Holidays {
    /// By name; `until` is the last year that is known.
    ///
    /// # Errors
    /// There are none of that name.
    pub fn of(name: &str, until: i16) -> Result<Self> {
        match name {
            "none" => Ok(Self::None),
            "japan" => Ok(Self::Japan { until }),
            other => bail!("holidays are \"japan\" or \"none\", not {other:?}"),
        }
    }

    fn has(self, date: Date) -> Result<bool> {
        let Self::Japan { until } = self else { return Ok(false) };
        let year = date.year();
        ensure!(
            year <= until,
            "the holidays of {year} were not announced when this version was made: compare them, and set holidays_until = {year} \
             in the inventory's [suspension], with `closed` and `open` where they differ"
        );
        let (month, day) = (u32::try_from(date.month())?, u32::try_from(date.day())?);
        if let Some((.., is_holiday)) =
            MOVED.iter().find(|it| (it.0, it.1, it.2) == (year, month, day))
        {
            return Ok(*is_holiday);
        }
        let it = NaiveDate::from_ymd_opt(year.into(), month, day).context("no such day")?;
        Ok(JPHoliday::new().is_holiday(&it))
    }
}

/// Reads a time of day, such as `18:00`.
///
/// # Errors
/// It is none.
pub fn time(text: &str) -> Result<Time> {
    text.parse().with_context(|| format!("{text:?} is no time of day such as 18:00"))
}

/// Reads a date, such as `2026-12-29`.
///
/// # Errors
/// It is none.
pub fn date(text: &str) -> Result<Date> {
    text.parse().with_context(|| format!("{text:?} is no date such as 2026-12-29"))
}

/// Reads a day of the week, by the first three letters of its English name.
///
/// # Errors
/// It is none.
pub fn weekday(text: &str) -> Result<Weekday> {
    Ok(match text {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        other => bail!("{other:?} is none of mon, tue, wed, thu, fri, sat, sun"),
    })
}

/// Finds a time zone: the machine's own knowledge of it, or, where it has none, that of this program.
///
/// # Errors
/// There is none of that name.
pub fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).with_context(|| format!("there is no time zone {name:?}"))
}

#[cfg(test)]
mod tests;
