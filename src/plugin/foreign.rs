//! Text from outside is hostile: a banner may forge performance data, or write to the operator's terminal.

use std::fmt::Write;

/// Characters of foreign text that are shown.
const LIMIT: usize = 120;

/// Makes foreign bytes fit to be shown: invalid UTF-8 becomes U+FFFD, `|` a blank, and what a terminal or a log viewer would
/// act on a visible escape. At most 120 characters.
pub fn visible(bytes: &[u8]) -> String {
    // A character takes at most four bytes: what lies behind can not be shown, however long it is.
    let head = bytes.get(..4 * LIMIT + 4).unwrap_or(bytes);
    shortened(&escaped(&String::from_utf8_lossy(head)), LIMIT)
}

/// The text with `|` as a blank and everything that is not printed as itself escaped, whatever its length.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' => shown.push(' '),
            other if acts(other) => escape(&mut shown, other),
            other => shown.push(other),
        }
    }
    shown
}

/// A label of performance data, quoted where it must be. Characters that the engines' parsers stumble over are escaped, so that
/// two different labels stay different.
pub(super) fn visible_label(bytes: &[u8]) -> String {
    let mut label = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        if acts(character) || matches!(character, '|' | '=' | '\'' | '"') {
            escape(&mut label, character);
        } else {
            label.push(character);
        }
    }
    let label = shortened(&label, LIMIT);
    if label.contains([' ', ';']) || label.is_empty() { format!("'{label}'") } else { label }
}

/// The first characters of a text, with `...` at the end where some are missing.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(3)).collect();
    kept + "..."
}

fn escape(text: &mut String, character: char) {
    let code = u32::from(character);
    // Writing to a String never fails.
    let _ =
        if code < 0x100 { write!(text, "\\x{code:02x}") } else { write!(text, "\\u{{{code:x}}}") };
}

/// Whether a character does something instead of being seen: controls, line separators, bidirectional and invisible ones.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_foreign_text_acts() {
        let cases: &[(&[u8], &str)] = &[
            (b"220 ok |x=1", "220 ok  x=1"),
            (b"\x1b[31mred\x07\x7f", "\\x1b[31mred\\x07\\x7f"),
            (b"a\r\nb\tc\0", "a\\x0d\\x0ab\\x09c\\x00"),
            ("\u{202e}evil\u{2028}\u{85}".as_bytes(), "\\u{202e}evil\\u{2028}\\x85"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            ("日本語".as_bytes(), "日本語"),
        ];
        for (bytes, text) in cases {
            assert_eq!(visible(bytes), *text);
        }
    }

    #[test]
    fn foreign_text_is_at_most_120_characters_even_when_escaped() {
        for bytes in [vec![b'a'; 100_000], vec![0x1b; 100_000], "é".repeat(500).into_bytes()] {
            let shown = visible(&bytes);
            assert_eq!(shown.chars().count(), 120);
            assert!(shown.ends_with("..."));
        }
        assert_eq!(visible(&[b'a'; 120]), "a".repeat(120));
    }

    #[test]
    fn labels_stay_one_label() {
        assert_eq!(visible_label(b"/home"), "/home");
        assert_eq!(visible_label(b"/my data"), "'/my data'");
        assert_eq!(visible_label(b"/a=1|b'\n"), "/a\\x3d1\\x7cb\\x27\\x0a");
    }
}
