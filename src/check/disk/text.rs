//! The first line, which has room for a few file systems, and the lines below it for the others.

use std::cmp::Reverse;
use std::fmt::Write;

use super::Disk;
use super::finding::Finding;
use crate::plugin::{Report, Status};

/// Characters of the first line's text.
const LIMIT: usize = 119;

impl Disk {
    /// All findings as a report; values stand in the order of the findings, texts with the worst first.
    pub(super) fn report(&self, findings: Vec<Finding>, verbose: u8) -> Report {
        let listed = |it: &&Finding| !self.words.errors_only || it.status != Status::Ok;
        let shown: Vec<&Finding> = findings.iter().filter(listed).collect();
        let (shown, fitting) = fitted(shown);
        let headline = match shown.get(..fitting) {
            Some(first) if fitting > 0 => sentence(first, shown.len() - fitting),
            _ => format!("enough room on all {} file systems", findings.len()),
        };
        let mut report = Report::default().headline(headline);
        for (number, finding) in shown.iter().enumerate() {
            if finding.status != Status::Ok || number >= fitting || verbose > 0 {
                report = report.detail(&finding.detail);
            }
        }
        for finding in findings {
            report = report.stated(finding.status, finding.text);
            report = finding.metrics.into_iter().fold(report, Report::shown);
        }
        report
    }
}

/// Findings with the worst first, and how many of them the first line holds. Where it does not hold all, the fullest come first
/// among equals; else they stay in the order of the mounts, so that the line reads alike from check to check.
fn fitted(mut findings: Vec<&Finding>) -> (Vec<&Finding>, usize) {
    let worst = |is_room: bool| {
        let group = findings.iter().filter(|it| it.is_room == is_room);
        group.map(|it| it.status).max()
    };
    let room_first = worst(true) > worst(false);
    findings.sort_by_key(|it| (it.is_room != room_first, Reverse(it.status)));
    if findings.len() <= LIMIT && sentence(&findings, 0).chars().count() <= LIMIT {
        let all = findings.len();
        return (findings, all);
    }
    findings.sort_by(|one, other| {
        let rank = |it: &Finding| (it.is_room != room_first, Reverse(it.status));
        rank(one).cmp(&rank(other)).then(other.fullness.total_cmp(&one.fullness))
    });
    let fits = |count: &usize| {
        let left_out = findings.len() - count;
        sentence(&findings[..*count], left_out).chars().count() <= LIMIT
    };
    let count = (1..findings.len()).take_while(fits).last().unwrap_or(1);
    (findings, count)
}

/// The first line's text: faults, and room as the C peer writes it.
fn sentence(findings: &[&Finding], left_out: usize) -> String {
    let mut text = String::new();
    let mut in_room = false;
    for finding in findings {
        if !text.is_empty() {
            text.push(' ');
        }
        if finding.is_room && !in_room {
            text.push_str("free space: ");
        }
        in_room = finding.is_room;
        text.push_str(&finding.text);
        text.push(';');
    }
    if left_out > 0 {
        // Writing to a String never fails.
        let _ = write!(text, " ({left_out} more below)");
    } else if !in_room {
        text.pop();
    }
    text
}
