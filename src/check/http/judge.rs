//! The verdict on an answer.

use std::time::Duration;

use crate::check::{Settings, fault_status};
use crate::plugin::{Metric, Report, Status, Thresholds, Unit, shortened, visible};
use crate::policy::{Plan, Policy};
use crate::probe::http::End;

use super::Http;
use super::contents::Finding;
use super::place::StatusRules;
use super::visit::Visit;

/// Characters of a status line that are shown where nothing hangs on its end.
const SHOWN: usize = 60;

impl Http {
    pub(super) fn judge_answer(
        &self,
        visit: &Visit,
        settings: &Settings,
    ) -> anyhow::Result<Report> {
        let time = visit.answer.after.as_secs_f64();
        let (status, line) = self.judge_status(visit, settings)?;
        let head_is_fine = visit.answer.head.status().is_some() || self.contents.expect.is_some();
        let mut findings = vec![(status, String::new())];
        findings.extend(visit.redirect.clone());
        findings.extend(visit.wrong.iter().cloned());
        findings
            .extend(visit.second.as_ref().map(|it| (fault_status(it, settings), it.to_string())));
        if let (Some(validity), Some(certificate)) = (self.secure.certificate, &visit.certificate) {
            findings.push(validity.judge(certificate));
        }
        let mut words = vec![line];
        let wrong: Vec<&str> = findings
            .iter()
            .map(|(_, text)| text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        if !wrong.is_empty() {
            words.push(wrong.join(", "));
        }
        if head_is_fine {
            words.push(format!("{} in {time:.3} second response time", page_note(visit)));
        }
        let mut report = Report::default().headline(words.join(" - "));
        for (status, text) in findings {
            report = report.stated(status, text);
        }
        report = report.measured("", self.time(visit.answer.after, settings));
        for metric in self.size(visit).into_iter().chain(self.stages(visit, settings)) {
            report = report.shown(metric);
        }
        let hops = visit.stops.iter().skip(1).map(|stop| format!("redirected to {}", stop.url));
        Ok(hops.fold(report, Report::detail))
    }

    /// State and words of the status line.
    fn judge_status(&self, visit: &Visit, settings: &Settings) -> anyhow::Result<Finding> {
        let head = &visit.answer.head;
        let line = shortened(&visible(head.status_line()), SHOWN);
        let invalid =
            || (Status::Critical, format!("Invalid HTTP response from {}: {line}", visit.target));
        if let Some(strings) = &self.contents.expect {
            let whole = String::from_utf8_lossy(head.status_line());
            return Ok(strings.found_in(&whole).map_or_else(invalid, |string| {
                let string = shortened(&visible(string.as_bytes()), SHOWN);
                (Status::Ok, format!("Status line output matched \"{string}\""))
            }));
        }
        let Some(status) = head.status() else {
            return Ok(invalid());
        };
        let plan = match self.place.status {
            StatusRules::Plan => settings.plan,
            StatusRules::Strict => Plan::Core2Duo,
        };
        let rules = Policy::documented().thresholds("http_status", "status", plan)?;
        Ok((rules.judge(f64::from(status)), line))
    }

    /// Size of head and page, where all of it was seen.
    fn size(&self, visit: &Visit) -> Option<Metric> {
        let seen = matches!(visit.page.end, End::Complete | End::Broken);
        let size = u32::try_from(visit.page.size).ok().filter(|_| seen)?;
        let range = self.contents.pagesize.map(|it| it.range);
        let thresholds = Thresholds::default().overridden(range, None);
        Some(Metric::new("size", f64::from(size), Unit::Bytes).judged_by(thresholds).min(0.0))
    }

    /// How long each stage took, for `-E`; names and meaning as the C peer has them.
    fn stages(&self, visit: &Visit, settings: &Settings) -> Vec<Metric> {
        if !self.extended_perfdata {
            return Vec::new();
        }
        let (marks, times) = (visit.marks, visit.answer.times());
        let ready = marks.secured.unwrap_or(marks.connected);
        let stages: [(&str, Option<Duration>, Duration); 5] = [
            ("time_connect", Some(marks.connected), marks.began),
            ("time_ssl", marks.secured, marks.connected),
            ("time_headers", Some(times.sent), ready),
            ("time_firstbyte", times.first_byte, times.sent),
            ("time_transfer", Some(marks.read), times.sent),
        ];
        let limit = settings.timeout.as_secs_f64();
        let metrics = stages.into_iter().filter_map(|(label, end, begin)| {
            let took = end?.saturating_sub(begin).as_secs_f64();
            Some(Metric::new(label, took, Unit::Seconds).max(limit))
        });
        metrics.collect()
    }
}

/// How much came, and whether that was all.
fn page_note(visit: &Visit) -> String {
    let size = visit.page.size;
    match visit.page.end {
        End::Complete => format!("{size} bytes"),
        End::Unread => format!("{size} bytes (headers broken, page not read)"),
        End::Broken => format!("{size} bytes (page cut off)"),
        End::Limit => format!("more than {size} bytes"),
        End::Late => format!(
            "{size} bytes (page not complete after {:.3} s)",
            visit.marks.read.as_secs_f64()
        ),
    }
}
