//! How the values of options are written.

use crate::plugin::Range;

/// A second port that must accept a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Second {
    /// There is none.
    None,
    /// This one.
    Port(u16),
}

impl Second {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "none" => Ok(Self::None),
            Ok(port) if port > 0 => Ok(Self::Port(port)),
            _ => Err(format!("{text:?} is neither a port nor none")),
        }
    }
}

/// A name or address with a port behind it that only the Host header shows. An IPv6 address needs brackets for that.
pub(super) fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
            (host, Some(port))
        }
        _ => (text, None),
    };
    let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    let plain = |it: char| it.is_alphanumeric() || matches!(it, '-' | '.' | '_' | ':' | '%');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(format!("{text:?} is no name or address of a host"));
    }
    Ok((host.to_owned(), port))
}

/// A header as it is sent.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once(':').filter(|(name, _)| !name.is_empty());
    let (name, value) = parts.ok_or_else(|| format!("{text:?} is not NAME: VALUE"))?;
    Ok((name.trim_end().to_owned(), value.trim().to_owned()))
}

/// Where on the server: a path, since no proxy is spoken to.
pub(super) fn path(text: &str) -> Result<String, String> {
    let fine = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fine || text == "*" {
        // What follows `#` is the reader's business and is never sent.
        Ok(text.split('#').next().unwrap_or_default().to_owned())
    } else {
        Err(format!("{text:?} is no path: it begins with / and has no blanks"))
    }
}

/// Bounds of a page's size in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSize {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    /// The same as a range.
    pub(super) range: Range,
}

impl PageSize {
    /// Reads `MIN[:MAX]`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once(':').unwrap_or((text, ""));
        let bound = |part: &str| part.parse::<u32>().ok().filter(|_| !part.starts_with('+'));
        let max = if high.is_empty() { Some(None) } else { bound(high).map(Some) };
        match (bound(low), max, format!("{low}:{high}").parse()) {
            (Some(min), Some(max), Ok(range)) => Ok(Self { min, max, range }),
            _ => Err(format!("{text:?} is not MIN or MIN:MAX in bytes")),
        }
    }
}

/// A page's greatest age in seconds, or with `m`, `h` or `d` in other units.
pub(super) fn age(text: &str) -> Result<u64, String> {
    let units = [("m", 60), ("h", 3600), ("d", 86_400), ("s", 1)];
    let found = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (number, factor) = found.unwrap_or((text, 1));
    let number: Option<u64> = number.parse().ok();
    let seconds = number.and_then(|number| number.checked_mul(factor));
    seconds.ok_or_else(|| format!("{text:?} is no age: 600, 10m, 10h or 10d"))
}

/// Strings of which one has to be found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Strings(Vec<String>);

impl Strings {
    /// Reads `STRING[,STRING...]`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let strings: Vec<String> = text.split(',').map(str::to_owned).collect();
        if strings.iter().any(String::is_empty) {
            return Err(format!("{text:?} has an empty part: that would match everything"));
        }
        Ok(Self(strings))
    }

    /// The first one that is in a text.
    pub(super) fn found_in(&self, text: &str) -> Option<&str> {
        self.0.iter().map(String::as_str).find(|string| text.contains(string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_carry_the_port_of_its_header() {
        let cases = [
            ("www.example.org", ("www.example.org", None)),
            ("www.example.org:81", ("www.example.org", Some(81))),
            ("192.0.2.1:81", ("192.0.2.1", Some(81))),
            ("2001:db8::1", ("2001:db8::1", None)),
            ("[2001:db8::1]", ("2001:db8::1", None)),
            ("[2001:db8::1]:81", ("2001:db8::1", Some(81))),
        ];
        for (text, (host, port)) in cases {
            assert_eq!(host_and_port(text), Ok((host.to_owned(), port)), "{text}");
        }
        for text in ["", ":80", "a b", "a:x", "a:99999", "a/b", "a\r\nb", "http://a"] {
            assert!(host_and_port(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn values_are_read_as_the_peer_writes_them() {
        assert_eq!(age("10m"), Ok(600));
        assert_eq!(age("2d"), Ok(172_800));
        assert_eq!(age("5"), Ok(5));
        let size = |text| PageSize::parse(text).map(|it| (it.min, it.max, it.range.to_string()));
        assert_eq!(size("10:20"), Ok((10, Some(20), "10:20".to_owned())));
        assert_eq!(size("10"), Ok((10, None, "10:".to_owned())));
        assert_eq!(header("X-A: b:c"), Ok(("X-A".to_owned(), "b:c".to_owned())));
        assert_eq!(path("/a#b"), Ok("/a".to_owned()));
        assert_eq!(Second::parse("none"), Ok(Second::None));
        assert_eq!(Second::parse("443"), Ok(Second::Port(443)));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "x", "-1", "5w", "99999999999999999999", "m"] {
            assert!(age(text).is_err(), "age {text:?}");
        }
        for text in ["", ":", ":5", "+1", "1:+2", "9:5", "-1:5", "a", "1:2:3"] {
            assert!(PageSize::parse(text).is_err(), "size {text:?}");
        }
        for text in ["", "a", "http://a/", "/a b", "/ä", "/a\n"] {
            assert!(path(text).is_err(), "path {text:?}");
        }
        assert!(header("no colon").is_err() && header(": x").is_err());
        assert!(Strings::parse("").is_err() && Strings::parse("200,").is_err());
        assert!(Second::parse("0").is_err() && Second::parse("any").is_err());
    }
}
