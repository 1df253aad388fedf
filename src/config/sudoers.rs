//! Rules for sudo: what NRPE's user may do as root, word by word.
//!
//! A wildcard of sudoers matches spaces, so that one alone would let a caller add words. There is none here.

use std::fmt::Write;

use super::{Act, File};
use crate::inventory::Inventory;
use crate::policy::Policy;

/// Users that run NRPE, and an Icinga agent: Debian's, and Red Hat's two.
const USERS: &str = "nagios, nrpe, icinga";

/// Everything below `sudoers/`.
pub fn write(policy: &Policy, inventory: &Inventory) -> Vec<File> {
    let acts = Act::all(policy, &inventory.site().plugins);
    let commands: Vec<String> = acts.iter().filter_map(|act| exact(&act.words)).collect();
    let mut body =
        "# Belongs into /etc/sudoers.d/firstaid of every server that is restarted through an agent, with mode 0440.\n"
            .to_owned();
    if !commands.is_empty() {
        let commands = commands.join(", \\\n    ");
        let _ = write!(
            body,
            "User_Alias FIRSTAID_AGENT = {USERS}\n\
             Cmnd_Alias FIRSTAID = \\\n    {commands}\n\
             Defaults!FIRSTAID !requiretty\n\
             FIRSTAID_AGENT ALL = (root) NOPASSWD: FIRSTAID\n"
        );
    }
    vec![File { mode: 0o440, ..File::new("sudoers/firstaid", "#", &body) }]
}

/// A command as sudoers spells it, or nothing: sudo drops a backslash before a wildcard, so that a word with one can
/// come to match more than itself. What is not plain gets no rule.
fn exact(words: &[String]) -> Option<String> {
    let spelled = words.iter().map(|word| spelled(word));
    spelled.collect::<Option<Vec<_>>>().map(|words| words.join(" "))
}

fn spelled(word: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./@%+-".contains(&byte);
    let mut text = String::with_capacity(word.len());
    for byte in word.bytes() {
        match byte {
            b',' | b':' | b'=' => text.extend(['\\', char::from(byte)]),
            byte if plain(byte) => text.push(char::from(byte)),
            _ => return None,
        }
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(words: &[&str]) -> Option<String> {
        exact(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_is_written_word_by_word_or_not_at_all() {
        assert_eq!(rule(&["/bin/x", "-a", "b=c"]).as_deref(), Some("/bin/x -a b\\=c"));
        for word in ["", "*", "a b", "a\\", "a;b", "#1", "!x", "^x$", "a\nb", "é", "\"\"", "[a]"] {
            assert_eq!(rule(&["/bin/x", word]), None, "{word:?}");
        }
    }
}
