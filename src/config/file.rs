//! A generated file, before it is on disk.

use std::path::PathBuf;

use crate::policy::Policy;

/// What a writer makes: nothing here touches the disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Path below the output folder.
    pub path: PathBuf,
    /// The whole text, ending in a newline.
    pub text: String,
    /// Permission bits.
    pub mode: u32,
}

/// Bytes that most lines of data do not exceed.
const USUAL: usize = 1600;
/// What the first line of every generated file says.
const MADE: &str = "Made by firstaid";

impl File {
    /// A file of configuration, with the header that says what made it. `comment` begins a comment line in its language.
    pub fn new(path: impl Into<PathBuf>, comment: &str, body: &str) -> Self {
        let (version, policy) = (env!("CARGO_PKG_VERSION"), Policy::documented().version);
        let made = format!(
            "{comment} {MADE} {version} (policy {policy}) from the inventory: `firstaid generate`."
        );
        let warning = format!("{comment} Never edit it: the next run writes it anew.");
        Self { path: path.into(), text: format!("{made}\n{warning}\n\n{body}"), mode: 0o644 }
    }

    /// A file of JSON lines, which has no comments: the first line says what made it.
    pub fn data(path: impl Into<PathBuf>, lines: impl Iterator<Item = String>) -> Self {
        let (version, policy) = (env!("CARGO_PKG_VERSION"), Policy::documented().version);
        let made = format!("{{\"made\":\"{MADE} {version} (policy {policy}): never edit it\"}}\n");
        // Of a large inventory this is a large text: a place that grows would be copied, and hold it twice.
        let most = lines.size_hint().1.unwrap_or(0);
        let mut text = String::with_capacity(made.len() + most * USUAL);
        text.push_str(&made);
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
        Self { path: path.into(), text, mode: 0o644 }
    }
}

/// Whether the text of a file carries the header, so that it may be replaced and removed.
pub fn is_ours(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.contains(MADE))
}
