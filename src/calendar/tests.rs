//! The calendar against dates that were looked up one by one.

use super::*;

fn documented() -> Calendar {
    Calendar::documented().unwrap()
}

/// Terms of a window, as the calendar's own clocks show them.
fn terms(calendar: &Calendar, from: &str, until: Option<&str>) -> (String, String) {
    let asked = Asked {
        from: calendar.read(from, Edge::Begin).unwrap(),
        until: until.map(|until| calendar.read(until, Edge::End).unwrap()),
    };
    let terms = calendar.terms(&asked).unwrap();
    let shown = |time: &jiff::ZonedDateTime| time.strftime("%a %Y-%m-%d %H:%M").to_string();
    (shown(&terms.due), shown(&terms.resumes))
}

#[test]
fn the_pages_example_exactly() {
    // Its 2 August is a Saturday: so it was in 2025.
    let (due, resumes) = terms(&documented(), "2025-08-02 23:00", None);
    assert_eq!((due.as_str(), resumes.as_str()), ("Fri 2025-08-01 18:00", "Mon 2025-08-04 10:00"));
}

/// When the work begins, when the request has to be in, and when monitoring resumes.
const TABLE: &[(&str, &str, &str)] = &[
    // An ordinary week.
    ("2026-06-08 23:00", "Fri 2026-06-05 18:00", "Tue 2026-06-09 10:00"),
    ("2026-06-09 00:00", "Mon 2026-06-08 18:00", "Wed 2026-06-10 10:00"),
    ("2026-06-10 09:59", "Tue 2026-06-09 18:00", "Thu 2026-06-11 10:00"),
    ("2026-06-11 18:00", "Wed 2026-06-10 18:00", "Fri 2026-06-12 10:00"),
    ("2026-06-12 23:59", "Thu 2026-06-11 18:00", "Mon 2026-06-15 10:00"),
    ("2026-06-13 00:00", "Fri 2026-06-12 18:00", "Mon 2026-06-15 10:00"),
    ("2026-06-14 23:00", "Fri 2026-06-12 18:00", "Mon 2026-06-15 10:00"),
    // Golden Week, with the substitute holiday of 6 May 2026, a Wednesday.
    ("2026-04-28 23:00", "Mon 2026-04-27 18:00", "Thu 2026-04-30 10:00"),
    ("2026-04-29 12:00", "Tue 2026-04-28 18:00", "Thu 2026-04-30 10:00"),
    ("2026-05-01 23:00", "Thu 2026-04-30 18:00", "Thu 2026-05-07 10:00"),
    ("2026-05-04 12:00", "Fri 2026-05-01 18:00", "Thu 2026-05-07 10:00"),
    ("2026-05-06 12:00", "Fri 2026-05-01 18:00", "Thu 2026-05-07 10:00"),
    ("2026-05-07 01:00", "Fri 2026-05-01 18:00", "Fri 2026-05-08 10:00"),
    ("2027-05-03 12:00", "Fri 2027-04-30 18:00", "Thu 2027-05-06 10:00"),
    ("2024-05-06 12:00", "Thu 2024-05-02 18:00", "Tue 2024-05-07 10:00"),
    // Ten days without business, when the emperor changed.
    ("2019-04-27 12:00", "Fri 2019-04-26 18:00", "Tue 2019-05-07 10:00"),
    ("2019-05-07 00:00", "Fri 2019-04-26 18:00", "Wed 2019-05-08 10:00"),
    ("2019-10-22 12:00", "Mon 2019-10-21 18:00", "Wed 2019-10-23 10:00"),
    // The turn of the year: New Year's Day alone is a public holiday.
    ("2025-12-31 23:00", "Tue 2025-12-30 18:00", "Fri 2026-01-02 10:00"),
    ("2026-01-01 00:30", "Wed 2025-12-31 18:00", "Fri 2026-01-02 10:00"),
    ("2023-01-01 12:00", "Fri 2022-12-30 18:00", "Tue 2023-01-03 10:00"),
    // Substitute holidays, and a day between two holidays.
    ("2026-09-21 12:00", "Fri 2026-09-18 18:00", "Thu 2026-09-24 10:00"),
    ("2026-09-22 12:00", "Fri 2026-09-18 18:00", "Thu 2026-09-24 10:00"),
    ("2025-02-23 12:00", "Fri 2025-02-21 18:00", "Tue 2025-02-25 10:00"),
    ("2025-02-24 12:00", "Fri 2025-02-21 18:00", "Tue 2025-02-25 10:00"),
    ("2025-11-23 12:00", "Fri 2025-11-21 18:00", "Tue 2025-11-25 10:00"),
    ("2027-03-21 12:00", "Fri 2027-03-19 18:00", "Tue 2027-03-23 10:00"),
    // Holidays that follow the sun, or a Monday.
    ("2026-03-20 12:00", "Thu 2026-03-19 18:00", "Mon 2026-03-23 10:00"),
    ("2024-09-23 12:00", "Fri 2024-09-20 18:00", "Tue 2024-09-24 10:00"),
    ("2026-07-20 12:00", "Fri 2026-07-17 18:00", "Tue 2026-07-21 10:00"),
    ("2026-10-12 12:00", "Fri 2026-10-09 18:00", "Tue 2026-10-13 10:00"),
    // The Olympic years, in which a law moved three of them.
    ("2020-07-23 12:00", "Wed 2020-07-22 18:00", "Mon 2020-07-27 10:00"),
    ("2020-10-12 12:00", "Fri 2020-10-09 18:00", "Tue 2020-10-13 10:00"),
    ("2021-07-19 12:00", "Fri 2021-07-16 18:00", "Tue 2021-07-20 10:00"),
    ("2021-07-22 12:00", "Wed 2021-07-21 18:00", "Mon 2021-07-26 10:00"),
    ("2021-08-09 12:00", "Fri 2021-08-06 18:00", "Tue 2021-08-10 10:00"),
    // Ends of months, and a leap day.
    ("2026-02-28 23:00", "Fri 2026-02-27 18:00", "Mon 2026-03-02 10:00"),
    ("2028-02-29 12:00", "Mon 2028-02-28 18:00", "Wed 2028-03-01 10:00"),
    ("2026-08-31 23:00", "Fri 2026-08-28 18:00", "Tue 2026-09-01 10:00"),
];

#[test]
fn every_date_of_the_table() {
    let mut calendar = documented();
    calendar.holidays = Holidays::Japan { until: 2028 };
    let wrong: Vec<_> = TABLE
        .iter()
        .map(|(from, due, resumes)| (from, due, resumes, terms(&calendar, from, None)))
        .filter(|(_, due, resumes, found)| {
            (found.0.as_str(), found.1.as_str()) != (**due, **resumes)
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_announced_holidays_of_five_years() {
    // By the Cabinet Office's announcements.
    let announced = [
        (
            2019,
            "0101 0114 0211 0321 0429 0430 0501 0502 0503 0504 0505 0506 0715 0811 0812 0916 0923 1014 1022 1103 1104 1123",
        ),
        (
            2020,
            "0101 0113 0211 0223 0224 0320 0429 0503 0504 0505 0506 0723 0724 0810 0921 0922 1103 1123",
        ),
        (
            2021,
            "0101 0111 0211 0223 0320 0429 0503 0504 0505 0722 0723 0808 0809 0920 0923 1103 1123",
        ),
        (
            2026,
            "0101 0112 0211 0223 0320 0429 0503 0504 0505 0506 0720 0811 0921 0922 0923 1012 1103 1123",
        ),
        (
            2027,
            "0101 0111 0211 0223 0321 0322 0429 0503 0504 0505 0719 0811 0920 0923 1011 1103 1123",
        ),
    ];
    let holidays = Holidays::Japan { until: 2027 };
    for (year, expected) in announced {
        let first = Date::new(year, 1, 1).unwrap();
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
        let found: Vec<String> = days
            .take_while(|day| day.year() == year)
            .filter(|day| holidays.has(*day).unwrap())
            .map(|day| day.strftime("%m%d").to_string())
            .collect();
        assert_eq!(found.join(" "), expected, "{year}");
    }
}

#[test]
fn a_year_that_nobody_announced_is_no_year_without_holidays() {
    let calendar = documented();
    let from = calendar.read("2028-01-04 12:00", Edge::Begin).unwrap();
    let error = calendar.terms(&Asked { from, until: None }).unwrap_err().to_string();
    assert!(error.contains("holidays of 2028") && error.contains("holidays_until"), "{error}");
    let last = documented().read("2027-12-31 12:00", Edge::Begin).unwrap();
    assert!(calendar.terms(&Asked { from: last, until: None }).is_err(), "it resumes in 2028");
}

#[test]
fn a_window_of_several_days_resumes_after_its_last_day() {
    let of = |until| terms(&documented(), "2026-06-12 23:00", Some(until)).1;
    assert_eq!(of("2026-06-13 05:00"), "Mon 2026-06-15 10:00");
    assert_eq!(of("2026-06-15 00:00"), "Mon 2026-06-15 10:00", "Monday is not touched");
    assert_eq!(of("2026-06-15 00:01"), "Tue 2026-06-16 10:00");
    assert_eq!(of("2026-06-19 12:00"), "Mon 2026-06-22 10:00");
    let calendar = documented();
    let at = |text| calendar.read(text, Edge::Begin).unwrap();
    let backwards = Asked { from: at("2026-06-12 23:00"), until: Some(at("2026-06-12 23:00")) };
    assert!(calendar.terms(&backwards).is_err());
}

#[test]
fn the_next_time_for_which_a_request_is_not_too_late() {
    let calendar = documented();
    let next = |now: &str| {
        let now = calendar.read(now, Edge::Begin).unwrap();
        calendar.next_possible(now).unwrap().strftime("%a %Y-%m-%d %H:%M").to_string()
    };
    assert_eq!(next("2025-08-01 17:59:59"), "Sat 2025-08-02 00:00");
    assert_eq!(next("2025-08-01 18:00:00"), "Tue 2025-08-05 00:00", "at the end it is too late");
    assert_eq!(next("2025-08-02 03:00"), "Tue 2025-08-05 00:00");
    assert_eq!(next("2026-05-01 17:59:59"), "Sat 2026-05-02 00:00");
    assert_eq!(next("2026-05-01 18:00:00"), "Fri 2026-05-08 00:00");
    assert_eq!(next("2025-12-31 10:00"), "Thu 2026-01-01 00:00");
}

#[test]
fn other_zones_and_clocks_that_are_set() {
    let mut berlin = documented();
    (berlin.zone, berlin.holidays) = (zone("Europe/Berlin").unwrap(), Holidays::None);
    let utc = |calendar: &Calendar, text, edge| calendar.read(text, edge).unwrap().to_string();
    // 2:30 is missing on 29 March 2026 and there twice on 25 October: the window is the wider one.
    assert_eq!(utc(&berlin, "2026-03-29 02:30", Edge::Begin), "2026-03-29T00:30:00Z");
    assert_eq!(utc(&berlin, "2026-03-29 02:30", Edge::End), "2026-03-29T01:30:00Z");
    assert_eq!(utc(&berlin, "2026-10-25 02:30", Edge::Begin), "2026-10-25T00:30:00Z");
    assert_eq!(utc(&berlin, "2026-10-25 02:30", Edge::End), "2026-10-25T01:30:00Z");
    let from = |text| Asked { from: berlin.read(text, Edge::Begin).unwrap(), until: None };
    for (text, due, resumes) in [
        ("2026-03-28 23:00", "2026-03-27T17:00:00Z", "2026-03-30T08:00:00Z"),
        ("2026-10-24 23:00", "2026-10-23T16:00:00Z", "2026-10-26T09:00:00Z"),
        ("2026-06-10 12:00", "2026-06-09T16:00:00Z", "2026-06-11T08:00:00Z"),
    ] {
        let terms = berlin.terms(&from(text)).unwrap();
        let times = (terms.due.timestamp().to_string(), terms.resumes.timestamp().to_string());
        assert_eq!(times, (due.to_owned(), resumes.to_owned()), "{text}");
    }
    // An opening that is missing, where clocks are set at midnight.
    let mut early = Calendar { zone: zone("America/Havana").unwrap(), ..berlin.clone() };
    (early.opens, early.weekdays) = (time("00:30").unwrap(), vec![Weekday::Sunday]);
    let saturday = early.read("2026-03-07 12:00", Edge::Begin).unwrap();
    let resumes = early.terms(&Asked { from: saturday, until: None }).unwrap().resumes;
    assert_eq!(resumes.to_string(), "2026-03-08T01:30:00-04:00[America/Havana]");
    // A time with an offset is itself, wherever it is asked for; the wanted day is the calendar's.
    let tokyo = documented();
    assert_eq!(utc(&tokyo, "2026-06-12T20:00:00-05:00", Edge::Begin), "2026-06-13T01:00:00Z");
    assert_eq!(terms(&tokyo, "2026-06-12T20:00:00-05:00", None).0, "Fri 2026-06-12 18:00");
    for text in ["", "tomorrow", "2026-02-30 10:00", "2026-06-12 25:00", "23:00"] {
        assert!(tokyo.read(text, Edge::Begin).is_err(), "{text:?}");
    }
    assert!(zone("Asia/Edo").is_err());
}

#[test]
fn settings_change_the_days_and_impossible_ones_are_refused() {
    let mut calendar = documented();
    calendar.closed = [date("2026-12-29").unwrap(), date("2026-12-30").unwrap()].into();
    calendar.open = [date("2026-12-27").unwrap()].into();
    let (due, resumes) = terms(&calendar, "2026-12-28 23:00", None);
    assert_eq!((due.as_str(), resumes.as_str()), ("Sun 2026-12-27 18:00", "Thu 2026-12-31 10:00"));
    let never = Calendar { weekdays: vec![Weekday::Sunday], ..documented() };
    assert!(never.clone().checked().is_ok());
    assert!(Calendar { weekdays: Vec::new(), ..never.clone() }.checked().is_err());
    assert!(Calendar { closes: time("10:00").unwrap(), ..never.clone() }.checked().is_err());
    let both: BTreeSet<Date> = [date("2026-12-29").unwrap()].into();
    assert!(Calendar { open: both.clone(), closed: both, ..never }.checked().is_err());
    assert!(weekday("Monday").is_err() && date("29.12.2026").is_err());
    assert!(Holidays::of("france", 2027).is_err());
}
