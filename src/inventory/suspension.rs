//! When a customer's quiet time has to be asked for, and where it is told to the engine.

use jiff::civil::{Date, Weekday};
use serde::Deserialize;
use toml::Spanned;

use super::text::Kind;
use super::{Refused, refused};
use crate::calendar::{self, Calendar, Holidays};
use crate::policy::Policy;

/// The `[suspension]` table.
#[derive(Clone, Debug, Default)]
pub struct Suspension {
    calendar: Option<Calendar>,
    /// Nagios's command file, where Nagios monitors.
    pub nagios_commands: Option<String>,
    /// The file in which Nagios tells its state.
    pub nagios_status: Option<String>,
}

/// The table as the file has it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Row {
    opens: Option<Spanned<String>>,
    closes: Option<Spanned<String>>,
    weekdays: Option<Vec<Spanned<String>>>,
    holidays: Option<Spanned<String>>,
    holidays_until: Option<i16>,
    closed: Vec<Spanned<String>>,
    open: Vec<Spanned<String>>,
    time_zone: Option<Spanned<String>>,
    nagios_commands: Option<Spanned<String>>,
    nagios_status: Option<Spanned<String>>,
}

impl Suspension {
    /// When there is business: as documented, but for what the table changes.
    ///
    /// # Errors
    /// The policy has a slip.
    pub fn calendar(&self) -> anyhow::Result<Calendar> {
        self.calendar.clone().map_or_else(Calendar::documented, Ok)
    }

    pub(super) fn read(row: Option<&Spanned<Row>>) -> Result<Self, Refused> {
        let Some(row) = row else { return Ok(Self::default()) };
        let (at, row) = (row.span(), row.get_ref());
        let wrong = |error: anyhow::Error| refused(&at, format!("{error:#}"));
        let mut it = Calendar::documented().map_err(wrong)?;
        if let Some(opens) = &row.opens {
            it.opens = read(opens, calendar::time)?;
        }
        if let Some(closes) = &row.closes {
            it.closes = read(closes, calendar::time)?;
        }
        if let Some(weekdays) = &row.weekdays {
            let read = weekdays.iter().map(|day| read(day, calendar::weekday));
            it.weekdays = read.collect::<Result<Vec<Weekday>, _>>()?;
        }
        if let Some(zone) = &row.time_zone {
            it.zone = read(zone, calendar::zone)?;
        }
        let until = row.holidays_until.unwrap_or(Policy::documented().suspension.holidays_until);
        it.holidays = match &row.holidays {
            Some(holidays) => read(holidays, |name| Holidays::of(name, until))?,
            None => Holidays::of(Policy::documented().suspension.holidays, until).map_err(wrong)?,
        };
        it.closed = dates(&row.closed)?;
        it.open = dates(&row.open)?;
        Ok(Self {
            calendar: Some(it.checked().map_err(wrong)?),
            nagios_commands: Kind::Path.maybe(row.nagios_commands.as_ref())?,
            nagios_status: Kind::Path.maybe(row.nagios_status.as_ref())?,
        })
    }
}

fn read<T>(text: &Spanned<String>, by: impl Fn(&str) -> anyhow::Result<T>) -> Result<T, Refused> {
    by(text.get_ref()).map_err(|error| refused(&text.span(), error.to_string()))
}

fn dates(texts: &[Spanned<String>]) -> Result<std::collections::BTreeSet<Date>, Refused> {
    texts.iter().map(|text| read(text, calendar::date)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Inventory;

    const HOST: &str = "\n[[host]]\nname = \"web1\"\naddress = \"192.0.2.1\"\nos = \"centos\"\n";

    fn parse(table: &str) -> anyhow::Result<Inventory> {
        Inventory::from_text("hosts.toml", &format!("[suspension]\n{table}{HOST}"))
    }

    #[test]
    fn the_table_changes_the_documented_calendar() {
        let inventory = parse(
            "opens = \"09:00\"\ncloses = \"17:30\"\nweekdays = [\"mon\", \"sat\"]\nholidays = \"none\"\n\
             closed = [\"2026-12-28\"]\nopen = [\"2026-12-27\"]\ntime_zone = \"Europe/Berlin\"\n\
             nagios_commands = \"/run/nagios.cmd\"\n",
        );
        let suspension = inventory.unwrap().suspension().clone();
        let calendar = suspension.calendar().unwrap();
        assert_eq!((calendar.opens.hour(), calendar.closes.minute()), (9, 30));
        assert_eq!(calendar.zone.iana_name(), Some("Europe/Berlin"));
        let is = |text| calendar.is_business_day(crate::calendar::date(text).unwrap()).unwrap();
        assert!(is("2026-12-26") && is("2026-12-27") && is("2029-01-01"));
        assert!(!is("2026-12-28") && !is("2026-12-29"));
        assert_eq!(suspension.nagios_commands.as_deref(), Some("/run/nagios.cmd"));
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_line() {
        for (table, reason) in [
            ("opens = \"10\n", "hosts.toml:2"),
            ("\nopens = \"25:00\"\n", "hosts.toml:3: \"25:00\" is no time of day"),
            ("closes = \"09:00\"\n", "closes before"),
            ("weekdays = []\n", "no day of the week"),
            ("weekdays = [\"Mon\"]\n", "none of mon"),
            ("holidays = \"france\"\n", "\"japan\" or \"none\""),
            ("closed = [\"29 Dec\"]\n", "is no date"),
            ("closed = [\"2026-12-29\"]\nopen = [\"2026-12-29\"]\n", "both open and closed"),
            ("time_zone = \"Asia/Edo\"\n", "no time zone"),
            ("nagios_commands = \"nagios.cmd\"\n", "no plain path"),
            ("hours = 1\n", "unknown field"),
        ] {
            let error = format!("{:#}", parse(table).unwrap_err());
            assert!(error.contains(reason), "{table}: {error}");
        }
    }
}
