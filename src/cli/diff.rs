//! A change of a file as a unified diff.

use std::time::Duration;

use similar::TextDiff;

use super::disk::Change;

/// After this long the diff is less than minimal, and still right.
const PATIENCE: Duration = Duration::from_secs(2);

/// The change with three lines around it.
pub(super) fn unified(change: &Change) -> String {
    let path = change.path.display();
    let (old, new) = (change.old.as_deref(), change.new.as_ref().map(|file| file.text.as_str()));
    let side = |prefix: &str, text: Option<&str>| {
        text.map_or("/dev/null".to_owned(), |_| format!("{prefix}/{path}"))
    };
    let (before, after) = (side("a", old), side("b", new));
    let lines = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(old.unwrap_or_default(), new.unwrap_or_default());
    let text = lines.unified_diff().header(&before, &after).to_string();
    if text.is_empty() { format!("mode of {path} would change\n") } else { text }
}
