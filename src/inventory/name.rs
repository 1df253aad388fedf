//! Names that are safe wherever they are written: configuration, command lines, file names.

use std::fmt;

/// The name of a host: letters, digits, `.`, `_` and `-`, beginning with a letter or digit.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HostName(
    // Invariant: passed `is_plain`.
    String,
);

impl HostName {
    /// Accepts a plain name.
    ///
    /// # Errors
    /// Any other text, with what a name may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        if is_plain(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "{text:?} is no host name: use letters, digits, '.', '_' and '-', at most 253, no other character first than a letter or digit"
            ))
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text can be an IP address or a name that a resolver knows.
pub(super) fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || is_plain(text)
}

fn is_plain(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first
        && text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_not_break_out_of_anything() {
        for name in ["web1", "a", "web-1.example.com", "10_web"] {
            assert_eq!(HostName::parse(name).map(|name| name.to_string()).as_deref(), Ok(name));
        }
        for name in [
            "",
            "-H",
            ".x",
            "a b",
            "a\"b",
            "a$b",
            "a;b",
            "a`b",
            "a\nb",
            "é",
            "a/b",
            "..",
            &"x".repeat(254),
        ] {
            assert!(HostName::parse(name).is_err(), "{name:?}");
        }
    }
}
