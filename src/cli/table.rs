//! What was seen of a host, as one aligned line a check, or as JSON.

use std::io::{IsTerminal, stdout};

use crate::plugin::{Report, Status};
use crate::policy::Plan;

/// The state of one check.
#[derive(Clone, Debug)]
pub(super) struct Row {
    label: &'static str,
    // None: the check was not run.
    status: Option<Status>,
    text: String,
    perfdata: String,
}

impl Row {
    /// A row without performance data.
    pub(super) fn new(label: &'static str, status: Status, text: impl Into<String>) -> Self {
        Self { label, status: Some(status), text: text.into(), perfdata: String::new() }
    }

    /// A check that was not run, with the reason.
    pub(super) fn not_run(label: &'static str, reason: impl Into<String>) -> Self {
        Self { label, status: None, text: reason.into(), perfdata: String::new() }
    }

    /// A check's report.
    pub(super) fn of(label: &'static str, report: &Report) -> Self {
        Self {
            label,
            status: Some(report.status()),
            text: report.text(),
            perfdata: report.perfdata(),
        }
    }

    fn state(&self) -> String {
        self.status.map_or_else(|| "NOT RUN".to_owned(), |status| status.to_string())
    }
}

/// All checks of a host.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) host: String,
    pub(super) plan: Plan,
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// The worst state of what was run.
    pub(super) fn worst(&self) -> Status {
        self.rows.iter().filter_map(|row| row.status).max().unwrap_or(Status::Unknown)
    }

    /// One line a check, aligned; coloured on a terminal.
    pub(super) fn text(&self) -> String {
        let width = self.rows.iter().map(|row| row.label.len()).max().unwrap_or_default();
        let colours = stdout().is_terminal();
        let line = |row: &Row| {
            let state = format!("{:8}", row.state());
            let state = if colours { coloured(&state, row.status) } else { state };
            format!("{state}  {:width$}  {}\n", row.label, row.text)
        };
        self.rows.iter().map(line).collect()
    }

    /// One JSON object.
    pub(super) fn json(&self) -> String {
        let check = |row: &Row| {
            serde_json::json!({
                "check": row.label, "state": row.state(), "code": row.status.map(Status::code),
                "text": row.text, "perfdata": row.perfdata,
            })
        };
        let checks: Vec<_> = self.rows.iter().map(check).collect();
        let object = serde_json::json!({
            "host": self.host, "plan": self.plan.name(), "state": self.worst().to_string(),
            "code": self.worst().code(), "checks": checks,
        });
        format!("{object:#}\n")
    }
}

fn coloured(text: &str, status: Option<Status>) -> String {
    let colour = match status {
        Some(Status::Ok) => 32,
        Some(Status::Warning) => 33,
        Some(Status::Critical) => 31,
        Some(Status::Unknown) => 35,
        None => 2,
    };
    format!("\u{1b}[{colour}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: Vec<Row>) -> Table {
        Table { host: "web1".to_owned(), plan: Plan::Core2Duo, rows }
    }

    #[test]
    fn the_worst_of_what_was_run_counts() {
        let rows = vec![Row::new("ssh", Status::Warning, "slow"), Row::not_run("load", "no agent")];
        assert_eq!(table(rows).worst(), Status::Warning);
        assert_eq!(table(vec![Row::not_run("load", "no agent")]).worst(), Status::Unknown);
    }

    #[test]
    fn json_tells_every_row() {
        let rows =
            vec![Row::new("ssh", Status::Critical, "refused"), Row::not_run("load", "no agent")];
        let read: serde_json::Value = serde_json::from_str(&table(rows).json()).unwrap();
        assert_eq!(read["code"], 2);
        assert_eq!(read["checks"][0]["text"], "refused");
        assert!(read["checks"][1]["code"].is_null());
    }
}
