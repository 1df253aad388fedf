//! Objects of Nagios: the one place where its language is written and quoted.

use crate::config::shell;

/// A text of definitions that grows.
#[derive(Debug, Default)]
pub(super) struct Objects(String);

/// The value of a directive, quoted for its line.
#[derive(Clone, Debug)]
pub(super) struct Value(
    // Invariant: one line, whose semicolons do not begin a comment.
    String,
);

/// A part of a command's line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// Text that Nagios and the shell leave as it is.
    Text(&'a str),
    /// A macro of Nagios, such as `$HOSTNAME$`, whose value becomes one word.
    Macro(&'static str),
    /// A macro whose value is words of our own.
    Words(&'static str),
    /// Arguments that a call brings along, which are words already.
    Arguments,
    /// The output goes to what follows.
    Pipe,
}

impl Objects {
    /// Adds a definition.
    pub(super) fn define(&mut self, kind: &str, directives: &[(&str, Value)]) {
        self.0.push_str("define ");
        self.0.push_str(kind);
        self.0.push_str(" {\n");
        for (name, Value(value)) in directives {
            for part in ["    ", name, " ", value, "\n"] {
                self.0.push_str(part);
            }
        }
        self.0.push_str("}\n\n");
    }

    /// Adds a comment of one line.
    pub(super) fn comment(&mut self, text: &str) {
        for part in ["# ", &shell::line(text), "\n"] {
            self.0.push_str(part);
        }
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Value {
    /// A text that is not looked into for macros.
    pub(super) fn text(text: &str) -> Self {
        let mut line = shell::line(text).replace(';', "\\;");
        // A backslash at the end would join the next line to this one.
        if line.ends_with('\\') {
            line.push(' ');
        }
        Self(line)
    }

    /// Names, separated by commas; names have none.
    pub(super) fn names(names: &[impl AsRef<str>]) -> Self {
        Self::text(&names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(","))
    }

    /// A number of minutes, which is Nagios's unit of time with `interval_length=60`.
    pub(super) fn minutes(seconds: u32) -> Self {
        Self((f64::from(seconds) / 60.0).to_string())
    }

    /// A call of a command, whose words become the command's only argument.
    pub(super) fn call(command: &str, words: &[impl AsRef<str>]) -> Self {
        // Nagios reads this line four times: comments go, arguments are split, macros are put in, the shell splits words.
        let argument = shell::words(words).replace('$', "$$").replace('!', "\\!");
        Self::text(&format!("{command}!{argument}"))
    }

    /// The line of a command.
    pub(super) fn command_line(parts: &[Part]) -> Self {
        let write = |part: &Part| match part {
            Part::Text(text) => shell::word(text).replace('$', "$$"),
            Part::Macro(name) => format!("'{name}'"),
            Part::Words(name) => (*name).to_owned(),
            Part::Arguments => "$ARG1$".to_owned(),
            Part::Pipe => "|".to_owned(),
        };
        Self::text(&parts.iter().map(write).collect::<Vec<_>>().join(" "))
    }

    /// A command line that begins with one of the plugins.
    pub(super) fn plugin(program: &str, parts: &[Part]) -> Self {
        let Self(rest) = Self::command_line(parts);
        Self(format!("$USER1$/{program} {rest}"))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_survives_all_four_readings() {
        let Value(line) = Value::call("firstaid_port", &["-H", "a;b!c$d", "it's", ""]);
        assert_eq!(line, r#"firstaid_port!-H 'a\;b\!c$$d' 'it'"'"'s' ''"#);
    }

    #[test]
    fn a_text_stays_on_its_line() {
        let Value(line) = Value::text("a\n}\ndefine host { \\");
        assert_eq!(line, "a } define host { \\ ");
    }

    #[test]
    fn times_are_written_in_minutes() {
        let written = [300, 240, 90].map(|seconds| Value::minutes(seconds).0);
        assert_eq!(written, ["5", "4", "1.5"]);
    }
}
