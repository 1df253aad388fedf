//! Where a redirect leads.

use std::fmt;

use ureq::http::Uri;
use ureq::http::uri::PathAndQuery;

/// A place that is asked by HTTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Url {
    /// Whether TLS is spoken.
    pub scheme: Scheme,
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

/// How a place is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// Its port where a URL names none.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl Url {
    /// What a `Location` header of an answer from here means: a whole URL, or one that lacks its first parts.
    pub fn next(&self, location: &[u8]) -> Option<Self> {
        let location = encoded(location);
        if location.is_empty() {
            return None;
        }
        let (scheme, rest) = match location.split_once(':') {
            Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
                let known = [Scheme::Http, Scheme::Https];
                let named = |it: &Scheme| it.to_string().eq_ignore_ascii_case(scheme);
                (known.into_iter().find(named)?, rest)
            }
            _ => (self.scheme, location.as_str()),
        };
        if rest.starts_with("//") {
            return Self::absolute(&format!("{scheme}:{rest}"), scheme);
        }
        let base = self.path.split('?').next().unwrap_or_default();
        let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = match rest.chars().next() {
            Some('/') => rest.to_owned(),
            Some('?') => format!("{base}{rest}"),
            _ => format!("{folder}/{rest}"),
        };
        let path: PathAndQuery = path.parse().ok()?;
        Some(Self { path: path.as_str().to_owned(), ..self.clone() })
    }

    fn absolute(text: &str, scheme: Scheme) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        // A query may stand right behind the host.
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Some(Self { scheme, host, port: uri.port_u16().unwrap_or(scheme.usual_port()), path })
    }

    /// The host as a header or URL writes it: an IPv6 address in brackets.
    pub fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}{}", self.scheme, self.bracketed(), self.port, self.path)
    }
}

/// The text with what no URL may hold as per cent escapes, and without its fragment, which is the reader's business.
fn encoded(location: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic();
    let kept = location.split(|byte| *byte == b'#').next().unwrap_or_default();
    kept.iter()
        .map(
            |byte| {
                if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_understood_from_where_it_was_given() {
        let here = Url {
            scheme: Scheme::Https,
            host: "www.example.org".to_owned(),
            port: 8443,
            path: "/a/b?c=/d".to_owned(),
        };
        let cases = [
            ("http://example.net", Some("http://example.net:80/")),
            ("HTTPS://example.net:444/x?y#z", Some("https://example.net:444/x?y")),
            ("http://[2001:db8::1]:81/", Some("http://[2001:db8::1]:81/")),
            ("//example.net/x", Some("https://example.net:443/x")),
            ("/x y", Some("https://www.example.org:8443/x%20y")),
            ("x", Some("https://www.example.org:8443/a/x")),
            ("?q", Some("https://www.example.org:8443/a/b?q")),
            ("http://example.net?q", Some("http://example.net:80/?q")),
            ("/x:y", Some("https://www.example.org:8443/x:y")),
            ("ftp://example.net/", None),
            ("javascript:alert(1)", None),
            ("http://", None),
            ("http://a b/", None),
            ("", None),
        ];
        for (location, url) in cases {
            let next = here.next(location.as_bytes()).map(|url| url.to_string());
            assert_eq!(next.as_deref(), url, "{location}");
        }
    }
}
