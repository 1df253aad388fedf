//! What is expected of an answer's lines and of its page.

use std::time::{Duration, SystemTime};

use anyhow::Context;
use regex::bytes::{Regex, RegexBuilder};

use crate::plugin::{Status, shortened, visible};
use crate::probe::http::{End, Head, Page, Wanted};

use super::value::{PageSize, Strings, age};

/// Bytes of a body that are read where nobody asks for more.
const BODY_LIMIT: u64 = 16 * 1024 * 1024;
/// How far a server's clock may be ahead of its page's date.
const AHEAD: Duration = Duration::from_secs(30);
/// Characters of an expectation that are shown.
const SHOWN: usize = 40;

/// Expectations.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Contents {
    /// Strings of which one must be in the status line, instead of all rules for the status
    #[arg(short, long, value_name = "STRING[,STRING...]", value_parser = Strings::parse)]
    pub(super) expect: Option<Strings>,
    /// String that must be in the headers
    #[arg(short = 'd', long, value_name = "STRING", allow_hyphen_values = true)]
    header_string: Option<String>,
    /// String that must be in the page
    #[arg(short, long, value_name = "STRING", allow_hyphen_values = true)]
    string: Option<String>,
    /// Regular expression that must match the page
    #[arg(short, long, visible_alias = "ereg", value_name = "REGEX", allow_hyphen_values = true)]
    regex: Option<String>,
    /// The same in any case of letters
    #[arg(
        short = 'R',
        long,
        value_name = "REGEX",
        allow_hyphen_values = true,
        conflicts_with = "regex"
    )]
    eregi: Option<String>,
    /// Let . match the end of a line, and ^ and $ the page's ends alone
    #[arg(short, long)]
    linespan: bool,
    /// Alert CRITICAL where the expression matches
    #[arg(long)]
    invert_regex: bool,
    /// Bytes of head and page, WARNING outside
    #[arg(short = 'm', long, value_name = "MIN[:MAX]", value_parser = PageSize::parse)]
    pub(super) pagesize: Option<PageSize>,
    /// Do not wait for the page
    #[arg(short = 'N', long)]
    no_body: bool,
    /// Alert CRITICAL where the page is older: 600, 10m, 10h, 10d
    #[arg(short = 'M', long, value_name = "AGE", value_parser = age)]
    max_age: Option<u64>,
}

/// A thing that is wrong, or a reason why it can not be said.
pub(super) type Finding = (Status, String);

/// Expectations with the expression compiled.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    contents: &'a Contents,
    regex: Option<Regex>,
}

impl Contents {
    /// Compiles the expression.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn compiled(&self) -> anyhow::Result<Expected<'_>> {
        let text = self.regex.as_ref().or(self.eregi.as_ref());
        let regex = text.map(|text| {
            RegexBuilder::new(text)
                .unicode(false)
                .case_insensitive(self.eregi.is_some())
                .multi_line(!self.linespan)
                .dot_matches_new_line(self.linespan)
                .build()
                .with_context(|| format!("{text:?} is no regular expression"))
        });
        Ok(Expected { contents: self, regex: regex.transpose()? })
    }

    /// How much of the body is needed.
    pub(super) fn wanted(&self) -> Wanted {
        if self.no_body {
            Wanted::Nothing
        } else if self.string.is_some() || self.regex.is_some() || self.eregi.is_some() {
            Wanted::All(BODY_LIMIT)
        } else {
            let asked = self.pagesize.map_or(0, |it| it.min.max(it.max.unwrap_or_default()));
            Wanted::Length(BODY_LIMIT.max(u64::from(asked)))
        }
    }
}

impl Expected<'_> {
    /// What is wrong with a head and its page. `late` is the finding for a page that is not there in time.
    pub(super) fn findings(
        &self,
        head: &Head,
        page: &Page,
        url: &str,
        late: &Finding,
    ) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        let mut waits = false;
        if let Some(text) = &self.contents.header_string
            && !contains(head.headers(), text.as_bytes())
        {
            found.push(missing("header", text, url));
        }
        if let Some(text) = &self.contents.string
            && !contains(&page.body, text.as_bytes())
        {
            waits = true;
            found.push(missing("string", text, url));
        }
        if let Some(regex) = &self.regex {
            let matches = regex.is_match(&page.body);
            if !matches {
                waits = true;
            }
            match (matches, self.contents.invert_regex) {
                (true, true) => found.push((Status::Critical, "pattern found".to_owned())),
                (false, false) => found.push((Status::Critical, "pattern not found".to_owned())),
                (true, false) | (false, true) => {}
            }
        }
        waits |= self.contents.pagesize.is_some();
        // What has not come can neither be found nor be missing.
        if waits && page.end == End::Late {
            return vec![late.clone()];
        }
        found.extend(self.contents.pagesize.and_then(|range| size_finding(range, page)));
        found.extend(self.contents.max_age.and_then(|age| age_finding(head, age)));
        found
    }
}

fn missing(what: &str, text: &str, url: &str) -> Finding {
    let text = shortened(&visible(text.as_bytes()), SHOWN);
    (Status::Critical, format!("{what} '{text}' not found on '{}'", shortened(url, SHOWN)))
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || hay.windows(needle.len()).any(|window| window == needle)
}

fn size_finding(bounds: PageSize, page: &Page) -> Option<Finding> {
    let way = if page.size < u64::from(bounds.min) {
        "small"
    } else if bounds.max.is_some_and(|max| page.size > u64::from(max)) {
        "large"
    } else {
        return None;
    };
    Some((Status::Warning, format!("page size {} too {way}", page.size)))
}

/// How old a page is by its own headers, in the words of the C peer.
fn age_finding(head: &Head, limit: u64) -> Option<Finding> {
    let date = |name: &str| {
        let text = head.header(name)?;
        let parsed =
            std::str::from_utf8(text).ok().and_then(|it| httpdate::parse_http_date(it).ok());
        Some((visible(text), parsed))
    };
    let critical = |text: String| Some((Status::Critical, text));
    let now = match date("Date") {
        None => return Some((Status::Unknown, "Server date unknown".to_owned())),
        Some((text, None)) => {
            return critical(format!("Server date \"{}\" unparsable", shortened(&text, SHOWN)));
        }
        Some((_, Some(now))) => now,
    };
    let changed: SystemTime = match date("Last-Modified") {
        None => return critical("Document modification date unknown".to_owned()),
        Some((text, None)) => {
            return critical(format!("Document date \"{}\" unparsable", shortened(&text, SHOWN)));
        }
        Some((_, Some(changed))) => changed,
    };
    let Ok(age) = now.duration_since(changed) else {
        let ahead = changed.duration_since(now).unwrap_or_default();
        return (ahead > AHEAD).then(|| {
            (Status::Critical, format!("Document is {} seconds in the future", ahead.as_secs()))
        });
    };
    let seconds = age.as_secs();
    if seconds <= limit {
        return None;
    }
    let days = age.as_secs_f64() / 86_400.0;
    if seconds > 2 * 86_400 {
        return critical(format!("Last modified {days:.1} days ago"));
    }
    let (hours, rest) = (seconds / 3600, seconds % 3600);
    critical(format!("Last modified {hours}:{:02}:{:02} ago", rest / 60, rest % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(option: &[&str], headers: &str, body: &str, end: End) -> Vec<String> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            contents: Contents,
        }
        let line = <Line as clap::Parser>::parse_from([&["x"], option].concat());
        let head = Head::new(format!("HTTP/1.0 200 OK\r\n{headers}\r\n").as_bytes());
        let page = Page { body: body.as_bytes().to_vec(), size: body.len() as u64, end };
        let late = (Status::Critical, "late".to_owned());
        let expected = line.contents.compiled().unwrap();
        let found = expected.findings(&head, &page, "http://a:80/", &late);
        found.into_iter().map(|(status, text)| format!("{status} {text}")).collect()
    }

    #[test]
    fn a_page_is_searched_as_the_peer_does() {
        let cases: &[(&[&str], &str, &[&str])] = &[
            (&["-s", "ell"], "hello", &[]),
            (&["-s", "Ell"], "hello", &["CRITICAL string 'Ell' not found on 'http://a:80/'"]),
            (&["-r", "h.l+o"], "hello", &[]),
            (&["-r", "H.L"], "hello", &["CRITICAL pattern not found"]),
            (&["-R", "H.L"], "hello", &[]),
            (&["-r", "h.l", "--invert-regex"], "hello", &["CRITICAL pattern found"]),
            (&["-r", "a.b"], "a\nb", &["CRITICAL pattern not found"]),
            (&["-l", "-r", "a.b"], "a\nb", &[]),
            (&["-r", "^b$"], "a\nb", &[]),
            (&["-l", "-r", "^b$"], "a\nb", &["CRITICAL pattern not found"]),
            (&["-m", "6"], "hello", &["WARNING page size 5 too small"]),
            (&["-m", "1:4"], "hello", &["WARNING page size 5 too large"]),
            (&["-m", "5:5"], "hello", &[]),
            (&["-d", "X-A: b"], "", &[]),
            (&["-d", "X-C"], "", &["CRITICAL header 'X-C' not found on 'http://a:80/'"]),
        ];
        for (option, body, wrong) in cases {
            assert_eq!(findings(option, "X-A: b\r\n", body, End::Complete), *wrong, "{option:?}");
        }
    }

    #[test]
    fn what_has_not_come_yet_is_late_and_not_missing() {
        for option in [&["-s", "x"][..], &["-r", "x"], &["-m", "1"], &["-r", "x", "--invert-regex"]]
        {
            assert_eq!(findings(option, "", "hello", End::Late), ["CRITICAL late"], "{option:?}");
        }
        assert!(findings(&["-s", "ell"], "", "hello", End::Late).is_empty());
        assert!(findings(&[], "", "", End::Late).is_empty());
    }

    #[test]
    fn the_age_of_a_page_is_read_off_its_own_headers() {
        let date = "Date: Mon, 01 Jan 2024 00:00:10 GMT\r\n";
        let cases = [
            (String::new(), vec!["UNKNOWN Server date unknown"]),
            (date.to_owned(), vec!["CRITICAL Document modification date unknown"]),
            (format!("{date}Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"), vec![]),
            (
                format!("{date}Last-Modified: Sun, 31 Dec 2023 23:59:00 GMT\r\n"),
                vec!["CRITICAL Last modified 0:01:10 ago"],
            ),
            (
                format!("{date}Last-Modified: Fri, 22 Dec 2023 00:00:10 GMT\r\n"),
                vec!["CRITICAL Last modified 10.0 days ago"],
            ),
            (
                format!("{date}Last-Modified: Mon, 01 Jan 2024 00:01:10 GMT\r\n"),
                vec!["CRITICAL Document is 60 seconds in the future"],
            ),
            (
                format!("{date}Last-Modified: yesterday\r\n"),
                vec!["CRITICAL Document date \"yesterday\" unparsable"],
            ),
        ];
        for (headers, wrong) in cases {
            assert_eq!(findings(&["-M", "60"], &headers, "", End::Complete), wrong, "{headers}");
        }
    }
}
