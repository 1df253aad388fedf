//! Texts of the file that end in command lines and configuration: each kind has its own plain alphabet.

use toml::Spanned;

use super::name::is_address;
use super::{Refused, refused};

/// An alphabet, with what to do where a text leaves it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// An IP address or a name that a resolver knows.
    Address,
    /// An absolute path.
    Path,
    /// A mail address.
    Mail,
    /// A systemd unit or an init script.
    Unit,
    /// A user's, contact's, zone's or agent's name.
    Name,
    /// An IP address or a network.
    Network,
    /// One line of anything.
    Line,
}

impl Kind {
    /// The text, once it has passed.
    pub(super) fn read(self, text: &Spanned<String>) -> Result<String, Refused> {
        let value = text.get_ref();
        if self.admits(value) {
            Ok(value.clone())
        } else {
            Err(refused(&text.span(), format!("{value:?} {}", self.remedy())))
        }
    }

    /// The text where there is one.
    pub(super) fn maybe(self, text: Option<&Spanned<String>>) -> Result<Option<String>, Refused> {
        text.map(|text| self.read(text)).transpose()
    }

    /// Every text of a list; a doubled one is refused.
    pub(super) fn list(self, texts: &[Spanned<String>]) -> Result<Vec<String>, Refused> {
        let mut read: Vec<String> = Vec::with_capacity(texts.len());
        for text in texts {
            let value = self.read(text)?;
            if read.contains(&value) {
                return Err(refused(&text.span(), format!("{value:?} stands twice: remove one")));
            }
            read.push(value);
        }
        Ok(read)
    }

    fn admits(self, text: &str) -> bool {
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let plain = |more: &[u8]| {
            text.len() <= 1000
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        match self {
            Self::Address => is_address(text),
            Self::Path => {
                text.starts_with('/')
                    && plain(b"/._+@=,-")
                    && !text.split('/').any(|part| part == "..")
            }
            Self::Mail => first && plain(b"._+@-") && text.contains('@'),
            Self::Unit => first && plain(b"._@-"),
            Self::Name => first && plain(b"._-"),
            Self::Network => (first || text.starts_with(':')) && plain(b".:/"),
            Self::Line => text.len() <= 1000 && !text.chars().any(char::is_control),
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Address => "is no address: give an IP address or a name",
            Self::Path => {
                "is no plain path: begin with '/', and use letters, digits, and '/._+@=,-', without '..'"
            }
            Self::Mail => "is no mail address: use letters, digits, and '._+@-'",
            Self::Unit => "is no unit: use letters, digits, and '._@-'",
            Self::Name => {
                "is no name: use letters, digits, '.', '_' and '-', beginning with a letter or digit"
            }
            Self::Network => "is no address: give an IP address, or a network such as 192.0.2.0/24",
            Self::Line => "is not one line: leave out line breaks and control characters",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_keeps_to_its_alphabet() {
        let good = [
            (Kind::Path, "/usr/lib/nagios/plugins"),
            (Kind::Mail, "on-call+night@example.com"),
            (Kind::Unit, "postgresql@15-main.service"),
            (Kind::Name, "fence_ipmilan"),
            (Kind::Network, "2001:db8::/32"),
            (Kind::Line, "the customer's \"$5\" shop; see `wiki` {{ page }}"),
        ];
        for (kind, text) in good {
            assert!(kind.admits(text), "{kind:?} {text:?}");
        }
        for hostile in ["", "-x", "a b", "a;b", "a\"b", "a$b", "a`b", "a\nb", "a\\b", "a|b", "{{"] {
            for kind in [Kind::Path, Kind::Mail, Kind::Unit, Kind::Name, Kind::Network] {
                assert!(!kind.admits(hostile), "{kind:?} {hostile:?}");
                assert!(
                    !kind.admits(&format!("/{hostile}")) || hostile.is_empty() || hostile == "-x"
                );
            }
        }
        assert!(!Kind::Path.admits("/etc/../root") && !Kind::Line.admits("a\nb"));
    }
}
