//! The language of Icinga 2: every quote and every indentation of it is written here.

use std::fmt::Write;

/// A value of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A text in which `$name$` is a macro.
    Macro(String),
    /// A text that means itself, whatever is in it.
    Text(String),
    /// An expression: a number, a constant, a function.
    Code(String),
    /// An array.
    List(Vec<Value>),
    /// A dictionary.
    Dict(Vec<(String, Value)>),
    /// A dictionary whose pairs are added to those of a template.
    Added(Vec<(String, Value)>),
    /// The rest of a statement, such as a condition.
    Rule(String),
}

/// Pairs of a dictionary or an object, in the order in which they are written.
pub(super) type Pairs = Vec<(String, Value)>;

/// A text with macros.
pub(super) fn macros(text: impl Into<String>) -> Value {
    Value::Macro(text.into())
}

/// A text that means itself.
pub(super) fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// An expression.
pub(super) fn code(text: impl Into<String>) -> Value {
    Value::Code(text.into())
}

/// Pairs from names that are known here.
pub(super) fn pairs<const N: usize>(pairs: [(&str, Value); N]) -> Pairs {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Seconds as people write them.
pub(super) fn duration(seconds: u32) -> Value {
    match seconds % 60 {
        0 => code(format!("{}m", seconds / 60)),
        _ => code(format!("{seconds}s")),
    }
}

/// An object, a template or an apply rule.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// What stands before the brace.
    pub(super) head: String,
    /// Templates that it is made from.
    pub(super) imports: Vec<String>,
    /// Its attributes.
    pub(super) attributes: Pairs,
    /// Lines of code that follow, such as conditions.
    pub(super) code: Vec<&'static str>,
}

impl Object {
    /// `kind` is such as `object Host` or `template Service`.
    pub(super) fn new(kind: &str, name: &str, attributes: Pairs) -> Self {
        let head = format!("{kind} {}", quoted(name));
        Self { head, imports: Vec::new(), attributes, code: Vec::new() }
    }

    /// A rule whose head is more than kind and name.
    pub(super) fn rule(head: &str, attributes: Pairs) -> Self {
        Self { head: head.to_owned(), imports: Vec::new(), attributes, code: Vec::new() }
    }

    #[must_use]
    pub(super) fn import(mut self, template: &str) -> Self {
        self.imports.push(template.to_owned());
        self
    }

    #[must_use]
    pub(super) fn code(mut self, lines: impl IntoIterator<Item = &'static str>) -> Self {
        self.code.extend(lines);
        self
    }

    /// Appends the object and an empty line.
    pub(super) fn write(&self, out: &mut String) {
        out.push_str(&self.head);
        out.push_str(" {\n");
        for template in &self.imports {
            out.push_str("  import ");
            quote(template, out);
            out.push('\n');
        }
        for (name, value) in &self.attributes {
            let sign = match value {
                Value::Added(_) => " += ",
                Value::Rule(_) => " ",
                Value::Macro(_)
                | Value::Text(_)
                | Value::Code(_)
                | Value::List(_)
                | Value::Dict(_) => " = ",
            };
            let _ = write!(out, "  {name}{sign}");
            value.write(out, 1);
            out.push('\n');
        }
        for line in &self.code {
            let _ = writeln!(out, "  {line}");
        }
        out.push_str("}\n\n");
    }
}

/// Lines of comment: whatever is in them, they stay one.
pub(super) fn comment(out: &mut String, lines: &str) {
    for line in lines.lines() {
        let _ = writeln!(out, "// {}", line.replace(char::is_control, " "));
    }
}

impl Value {
    fn write(&self, out: &mut String, depth: usize) {
        match self {
            // The engine reads two as one that begins no macro.
            Self::Text(text) if text.contains('$') => quote(&text.replace('$', "$$"), out),
            Self::Macro(text) | Self::Text(text) => quote(text, out),
            Self::Code(code) | Self::Rule(code) => out.push_str(code),
            Self::List(values) => {
                out.push('[');
                for (number, value) in values.iter().enumerate() {
                    out.push_str(if number == 0 { " " } else { ", " });
                    value.write(out, depth);
                }
                out.push_str(if values.is_empty() { "]" } else { " ]" });
            }
            Self::Dict(pairs) | Self::Added(pairs) => write_dict(pairs, out, depth),
        }
    }
}

/// A dictionary of plain values stands on one line where it is short.
fn write_dict(pairs: &Pairs, out: &mut String, depth: usize) {
    let is_flat = pairs.len() <= 3 && !pairs.iter().any(|(_, it)| matches!(it, Value::Dict(_)));
    if pairs.is_empty() {
        out.push_str("{ }");
        return;
    }
    out.push('{');
    for (number, (name, value)) in pairs.iter().enumerate() {
        if is_flat {
            out.push_str(if number == 0 { " " } else { ", " });
        } else {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth + 1));
        }
        key(name, out);
        out.push_str(" = ");
        value.write(out, depth + 1);
    }
    if is_flat {
        out.push_str(" }");
    } else {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
        out.push('}');
    }
}

fn key(name: &str, out: &mut String) {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let is_plain = first
        && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_');
    if is_plain { out.push_str(name) } else { quote(name, out) }
}

/// A text as a string of the language.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // The language knows three octal digits for the rest.
            control if control.is_ascii_control() => {
                let _ = write!(out, "\\{:03o}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Value) -> String {
        let mut out = String::new();
        value.write(&mut out, 1);
        out
    }

    #[test]
    fn a_text_never_leaves_its_string() {
        assert_eq!(
            written(&text("a\"b\\c\n$d$ {{e}} ; `f` \u{1b}")),
            r#""a\"b\\c\n$$d$$ {{e}} ; `f` \033""#
        );
        assert_eq!(written(&macros("$address$")), "\"$address$\"");
        let mut out = String::new();
        comment(&mut out, "one\u{85}\rtwo");
        assert_eq!(out, "// one  two\n");
    }

    #[test]
    fn dictionaries_are_written_flat_where_they_are_short() {
        let short = Value::Dict(pairs([("a", code("1")), ("B-2", code("true"))]));
        assert_eq!(written(&short), r#"{ a = 1, "B-2" = true }"#);
        let deep = Value::Dict(pairs([("a", short), ("b", Value::List(vec![]))]));
        assert_eq!(written(&deep), "{\n    a = { a = 1, \"B-2\" = true }\n    b = []\n  }");
    }

    #[test]
    fn durations_are_in_minutes_where_they_can_be() {
        assert_eq!(duration(300), code("5m"));
        assert_eq!(duration(30), code("30s"));
    }
}
