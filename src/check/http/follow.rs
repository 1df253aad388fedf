//! What becomes of a redirect.

use std::fmt;

use clap::ValueEnum;

use crate::plugin::{Status, shortened, visible};
use crate::probe::http::{Head, Url};

use super::contents::Finding;

/// Characters of a URL that are shown.
const SHOWN: usize = 60;
/// Bytes of a location that are followed.
const LONGEST: usize = 8 * 1024;

/// What is done with an answer of status 300 to 399.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
enum Manner {
    /// It is judged by its status
    #[default]
    Ok,
    /// It is WARNING
    Warning,
    /// It is CRITICAL
    Critical,
    /// Ask where it leads
    Follow,
    /// The same, but always of the first address
    Sticky,
    /// The same, but always of the first address and port
    Stickyport,
    /// As follow
    Curl,
}

/// Redirects.
#[derive(Debug, clap::Args)]
pub(super) struct Follow {
    /// What becomes of a redirect
    #[arg(short = 'f', long, value_enum, default_value_t)]
    onredirect: Manner,
    /// Redirects that are followed at most
    #[arg(long, value_name = "NUMBER", default_value_t = 15)]
    max_redirs: u16,
}

/// A place, and the address that is connected to for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Stop {
    pub(super) url: Url,
    pub(super) address: String,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortened(&self.url.to_string(), SHOWN))
    }
}

/// Where an answer leads.
#[derive(Debug)]
pub(super) enum Next {
    /// Nowhere: it is judged, with what is wrong about it as a redirect.
    Judged(Option<Finding>),
    /// To another place.
    Asked(Stop),
}

impl Follow {
    /// Where an answer leads that came after these stops; the last one gave it.
    pub(super) fn next(&self, head: &Head, stops: &[Stop]) -> Next {
        let redirects = head.status().is_some_and(|status| (300..400).contains(&status));
        let wrong = |status, text: String| Next::Judged(Some((status, text)));
        let (true, Some(here)) = (redirects, stops.last()) else {
            return Next::Judged(None);
        };
        match self.onredirect {
            Manner::Ok => return Next::Judged(None),
            Manner::Warning => return wrong(Status::Warning, String::new()),
            Manner::Critical => return wrong(Status::Critical, String::new()),
            Manner::Follow | Manner::Sticky | Manner::Stickyport | Manner::Curl => {}
        }
        let Some(location) = head.header("Location") else {
            return wrong(Status::Critical, "redirect without a location".to_owned());
        };
        let url = if location.len() > LONGEST { None } else { here.url.next(location) };
        let Some(url) = url else {
            let location = shortened(&visible(location), SHOWN);
            return wrong(Status::Critical, format!("cannot follow redirect to '{location}'"));
        };
        let next = self.stop(url, here);
        if stops.contains(&next) {
            return wrong(
                Status::Critical,
                format!("redirection creates an infinite loop - {next}"),
            );
        }
        // The first stop is no redirect.
        if stops.len() > usize::from(self.max_redirs) {
            let max = self.max_redirs;
            return wrong(
                Status::Warning,
                format!("maximum redirection depth {max} exceeded - {next}"),
            );
        }
        Next::Asked(next)
    }

    fn stop(&self, url: Url, here: &Stop) -> Stop {
        let stays = matches!(self.onredirect, Manner::Sticky | Manner::Stickyport);
        let port = if self.onredirect == Manner::Stickyport { here.url.port } else { url.port };
        let address = if stays || url.host.eq_ignore_ascii_case(&here.url.host) {
            here.address.clone()
        } else {
            url.host.clone()
        };
        Stop { url: Url { port, ..url }, address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::Scheme;

    fn stop(text: &str, address: &str) -> Stop {
        let base = Url { scheme: Scheme::Http, host: String::new(), port: 0, path: String::new() };
        Stop { url: base.next(text.as_bytes()).unwrap(), address: address.to_owned() }
    }

    fn next(manner: Manner, location: &str) -> String {
        let follow = Follow { onredirect: manner, max_redirs: 2 };
        let head = Head::new(format!("HTTP/1.0 302 Found\r\n{location}\r\n").as_bytes());
        let stops =
            [stop("http://a.test:81/", "192.0.2.1"), stop("http://a.test:81/x", "192.0.2.1")];
        match follow.next(&head, &stops) {
            Next::Judged(None) => "judged".to_owned(),
            Next::Judged(Some((status, text))) => format!("{status} {text}"),
            Next::Asked(stop) => format!("{stop} at {}", stop.address),
        }
    }

    #[test]
    fn each_manner_goes_its_way() {
        let away = "Location: https://b.test/y\r\n";
        let cases = [
            (Manner::Ok, away, "judged"),
            (Manner::Warning, away, "WARNING "),
            (Manner::Critical, away, "CRITICAL "),
            (Manner::Follow, away, "https://b.test:443/y at b.test"),
            (Manner::Curl, away, "https://b.test:443/y at b.test"),
            (Manner::Sticky, away, "https://b.test:443/y at 192.0.2.1"),
            (Manner::Stickyport, away, "https://b.test:81/y at 192.0.2.1"),
            (Manner::Follow, "Location: z\r\n", "http://a.test:81/z at 192.0.2.1"),
        ];
        for (manner, location, place) in cases {
            assert_eq!(next(manner, location), place, "{manner:?} {location}");
        }
    }

    #[test]
    fn a_redirect_that_leads_nowhere_is_the_servers_fault() {
        let cases = [
            ("", "CRITICAL redirect without a location"),
            ("Location: ftp://b.test/\r\n", "CRITICAL cannot follow redirect to 'ftp://b.test/'"),
            (
                "Location: /\r\n",
                "CRITICAL redirection creates an infinite loop - http://a.test:81/",
            ),
        ];
        for (location, text) in cases {
            assert_eq!(next(Manner::Follow, location), text);
        }
        let huge = format!("Location: /{}\r\n", "x".repeat(LONGEST));
        assert!(
            next(Manner::Follow, &huge).starts_with("CRITICAL cannot follow redirect to '/xxx")
        );
    }

    #[test]
    fn no_more_redirects_are_followed_than_allowed() {
        let follow = Follow { onredirect: Manner::Follow, max_redirs: 1 };
        let head = Head::new(b"HTTP/1.0 302 Found\r\nLocation: /2\r\n\r\n");
        let stops = [stop("http://a.test/", "a.test"), stop("http://a.test/1", "a.test")];
        let Next::Judged(Some((status, text))) = follow.next(&head, &stops) else {
            panic!("followed");
        };
        let exceeded = "maximum redirection depth 1 exceeded - http://a.test:80/2";
        assert_eq!((status, text.as_str()), (Status::Warning, exceeded));
    }
}
