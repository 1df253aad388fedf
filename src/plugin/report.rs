//! What a check found, and the lines that say so.

use std::fmt::Write;

use super::foreign::{escaped, shortened};
use super::{Metric, Status};

/// Characters of the first line's text, as the contract has it.
const TEXT_LIMIT: usize = 119;
/// Bytes of all output, where no more were asked for.
const USUAL: usize = 1023;
/// Bytes that are never exceeded: the engines read no more.
const MOST: usize = 8191;

/// Findings, values and further lines. The state is derived from the findings and can not be set.
#[derive(Debug, Default)]
pub struct Report {
    findings: Vec<(Status, String)>,
    headline: Option<String>,
    metrics: Vec<Metric>,
    details: Vec<String>,
    verbose: Vec<String>,
}

impl Report {
    /// A finding that is not a number: refused, a wrong banner, or that all is well.
    #[must_use]
    pub fn stated(mut self, status: Status, text: impl Into<String>) -> Self {
        self.findings.push((status, text.into()));
        self
    }

    /// A finding that a value decides. The value is shown in the performance data.
    #[must_use]
    pub fn measured(mut self, text: impl Into<String>, metric: Metric) -> Self {
        self.findings.push((metric.status(), text.into()));
        self.metrics.push(metric);
        self
    }

    /// A value for the graphs that decides nothing.
    #[must_use]
    pub fn shown(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// The first line's text, where it is more than the worst findings joined.
    #[must_use]
    pub fn headline(mut self, text: impl Into<String>) -> Self {
        self.headline = Some(text.into());
        self
    }

    /// A further line.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// Lines that were asked for by `-v`; they come last.
    #[must_use]
    pub fn verbose(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.verbose.extend(lines);
        self
    }

    /// The worst finding's state; UNKNOWN where nothing was found at all.
    pub fn status(&self) -> Status {
        self.findings.iter().map(|(status, _)| *status).max().unwrap_or(Status::Unknown)
    }

    /// The first line's text without name, state and performance data.
    pub fn text(&self) -> String {
        let worst = self.status();
        let decisive = || {
            let texts = self
                .findings
                .iter()
                .filter(|(status, _)| *status == worst)
                .map(|(_, text)| text.as_str());
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
        };
        let text = self.headline.clone().unwrap_or_else(decisive);
        if text.is_empty() { "nothing was found to look at".to_owned() } else { escaped(&text) }
    }

    /// The performance data, as they stand behind the bar.
    pub fn perfdata(&self) -> String {
        let items: Vec<String> =
            self.metrics.iter().filter(|it| it.is_measured()).map(Metric::to_string).collect();
        items.join(" ")
    }

    /// The report in a view that counts one state alone: any other is OK, and the text says what was measured.
    #[must_use]
    pub fn counting_only(self, only: Status) -> Self {
        let status = self.status();
        if status == Status::Ok || status == only {
            return self;
        }
        let text = format!("{status} measured: {}", self.text());
        Self { findings: vec![(Status::Ok, text)], headline: None, ..self }
    }

    /// All lines, ending in a newline. `separator` stands between state and text, as the C peer has it.
    pub fn render(&self, name: &str, separator: &str) -> String {
        let text = self.text();
        let first = format!("{name} {}{separator}{}", self.status(), shortened(&text, TEXT_LIMIT));
        let mut out = with_metrics(first, &self.metrics);
        let mut lines: Vec<String> = Vec::new();
        if text.chars().count() > TEXT_LIMIT {
            lines.push(text);
        }
        lines.extend(self.details.iter().map(|line| escaped(line)));
        let limit = if self.verbose.is_empty() { USUAL } else { MOST };
        lines.extend(self.verbose.iter().map(|line| escaped(line)));
        append(&mut out, &lines, limit);
        out
    }
}

/// Appends the performance data to the first line, and says below it how many values did not fit.
fn with_metrics(mut line: String, metrics: &[Metric]) -> String {
    const NOTES: usize = 80;
    let mut left_out = 0;
    let mut mark = " | ";
    for metric in metrics.iter().filter(|metric| metric.is_measured()) {
        let item = metric.to_string();
        if left_out > 0 || line.len() + mark.len() + item.len() + NOTES > MOST {
            left_out += 1;
            continue;
        }
        line.push_str(mark);
        line.push_str(&item);
        mark = " ";
    }
    line.push('\n');
    if left_out > 0 {
        let _ = writeln!(line, "({left_out} more values left out)");
    }
    line
}

/// Appends whole lines up to a limit of bytes, and says how many are left out.
fn append(out: &mut String, lines: &[String], limit: usize) {
    let note = |count: usize| format!("({count} more lines left out)\n");
    for (number, line) in lines.iter().enumerate() {
        let rest = lines.len() - number;
        let needed = out.len() + line.len() + 1;
        let reserve = if rest > 1 { note(rest).len() } else { 0 };
        if needed + reserve > limit {
            let note = note(rest);
            if out.len() + note.len() <= MOST {
                out.push_str(&note);
            }
            return;
        }
        out.push_str(line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Thresholds, Unit};

    fn render(report: &Report) -> String {
        report.render("TEST", " - ")
    }

    #[test]
    fn the_worst_finding_decides_and_is_what_the_first_line_says() {
        let report =
            Report::default().stated(Status::Ok, "fine").stated(Status::Critical, "broken");
        assert_eq!(render(&report), "TEST CRITICAL - broken\n");
    }

    #[test]
    fn nothing_found_is_unknown() {
        assert_eq!(render(&Report::default()), "TEST UNKNOWN - nothing was found to look at\n");
    }

    #[test]
    fn there_is_one_bar_and_it_is_ours() {
        let metric = Metric::new("a|b", 1.0, Unit::Count);
        let report = Report::default().measured("x | y=1\n", metric).detail("|z\nnext");
        assert_eq!(render(&report), "TEST OK - x   y=1\\x0a | a\\x7cb=1\n z\\x0anext\n");
    }

    #[test]
    fn a_value_that_was_not_measured_is_left_out_and_unknown() {
        let metric = Metric::new("a", f64::NAN, Unit::Count).judged_by(Thresholds::default());
        assert_eq!(
            render(&Report::default().measured("a not measured", metric)),
            "TEST UNKNOWN - a not measured\n"
        );
    }

    #[test]
    fn output_is_cut_at_a_line_border_and_says_so() {
        let mut report = Report::default().stated(Status::Ok, "many");
        for number in 0..500 {
            report = report.detail(format!("line {number:03}"));
        }
        let out = render(&report);
        assert!(out.len() <= USUAL, "{}", out.len());
        let kept = out.lines().filter(|line| line.starts_with("line")).count();
        assert!(out.ends_with(&format!("({} more lines left out)\n", 500 - kept)));
    }

    #[test]
    fn performance_data_never_pass_what_engines_read() {
        let mut report = Report::default().stated(Status::Ok, "many");
        for number in 0..2000 {
            report = report
                .shown(Metric::new(format!("label{number}"), 1.0, Unit::Count))
                .detail("x".repeat(50));
        }
        let out = render(&report);
        assert!(out.len() <= MOST && out.contains("more values left out)"), "{}", out.len());
        assert_eq!(out.matches('|').count(), 1);
    }

    #[test]
    fn a_long_text_is_cut_on_the_first_line_and_whole_below() {
        let long = "x".repeat(300);
        let out = render(&Report::default().stated(Status::Ok, long.clone()));
        let lines: Vec<_> = out.lines().collect();
        assert_eq!((lines[0].len(), lines[1]), ("TEST OK - ".len() + 119, long.as_str()));
    }

    #[test]
    fn a_view_that_counts_one_state_says_what_the_others_were() {
        let report =
            |status| Report::default().stated(status, "seen").counting_only(Status::Critical);
        assert_eq!(render(&report(Status::Critical)), "TEST CRITICAL - seen\n");
        assert_eq!(render(&report(Status::Ok)), "TEST OK - seen\n");
        assert_eq!(render(&report(Status::Warning)), "TEST OK - WARNING measured: seen\n");
        assert_eq!(render(&report(Status::Unknown)), "TEST OK - UNKNOWN measured: seen\n");
    }
}
