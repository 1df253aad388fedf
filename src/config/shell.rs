//! Words of a command line as `/bin/sh` reads them: both engines and NRPE hand their commands to it.

use std::borrow::Cow;

use crate::inventory::Call;

/// One line: every language here ends a value at the end of its line, so that a control character can not be expressed.
/// The inventory refuses such characters; a space in their place keeps a value from breaking out if one came another way.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// One word. A quote in it is written in the other kind of quotes, since a backslash means different things to Nagios,
/// to NRPE and to the shell.
pub(super) fn word(text: &str) -> Cow<'_, str> {
    let text = line(text);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+=,-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text;
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r#"'"'"'"#)))
}

/// The command line of a check, for a shell and for people.
pub fn command_line(call: &Call, plugins: &str) -> String {
    words(&call.words(plugins))
}

/// Words with a space between them.
pub(super) fn words(texts: &[impl AsRef<str>]) -> String {
    texts.iter().map(|text| word(text.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_it_has_to_be() {
        let cases = [
            ("-H", "-H"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(id)", "'$(id)'"),
            ("~root", "'~root'"),
            ("it's", r#"'it'"'"'s'"#),
            ("a\nb", "'a b'"),
        ];
        for (text, expected) in cases {
            assert_eq!(word(text), expected);
        }
    }
}
