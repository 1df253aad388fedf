//! What an engine says about its checks: Nagios' log, and the same log as Icinga 2 writes it.

/// One line of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Event {
    /// The engine's time, in seconds since 1970.
    pub(crate) at: u64,
    /// Such as `SERVICE ALERT`.
    pub(crate) kind: String,
    /// What follows, divided at semicolons.
    pub(crate) fields: Vec<String>,
}

impl Event {
    /// Reads `[1700000000] SERVICE ALERT: web1;ssh;CRITICAL;SOFT;1;text`; other lines are none.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (at, rest) = line.strip_prefix('[')?.split_once("] ")?;
        let (kind, fields) = rest.split_once(": ")?;
        let fields = fields.split(';').map(str::to_owned).collect();
        Some(Self { at: at.parse().ok()?, kind: kind.to_owned(), fields })
    }

    /// State, type and attempt, if this is a result of a service (or, with `-`, of the host itself).
    pub(crate) fn result_of(&self, host: &str, service: &str) -> Option<(&str, &str, &str)> {
        let wanted: &[&str] = if service == "-" { &[host] } else { &[host, service] };
        let kind = if service == "-" { "HOST ALERT" } else { "SERVICE ALERT" };
        let (object, result) = self.fields.split_at_checked(wanted.len())?;
        let [state, kind_of_state, attempt, ..] = result else { return None };
        (self.kind == kind && object == wanted).then_some((
            state.as_str(),
            kind_of_state.as_str(),
            attempt.as_str(),
        ))
    }
}

#[test]
fn a_line_of_the_log_is_read() {
    let event = Event::parse("[1700000000] SERVICE ALERT: web1;ssh;CRITICAL;SOFT;2;x; y").unwrap();
    assert_eq!(event.at, 1_700_000_000);
    assert_eq!(event.result_of("web1", "ssh"), Some(("CRITICAL", "SOFT", "2")));
    assert_eq!(event.result_of("web1", "-"), None);
    let event = Event::parse("[1700000000] HOST ALERT: web1;DOWN;HARD;1;").unwrap();
    assert_eq!(event.result_of("web1", "-"), Some(("DOWN", "HARD", "1")));
    assert_eq!(Event::parse("[1700000000] LOG VERSION: 2.0").unwrap().fields, ["2.0"]);
    assert_eq!(Event::parse("Nagios starts"), None);
}
