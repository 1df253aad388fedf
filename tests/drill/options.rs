//! What a person asks of a drill.

/// What to play, and how to tell it.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Names of the stories; all of them where there is none.
    pub(crate) stories: Vec<String>,
    /// How many runs in a row.
    pub(crate) runs: u32,
    /// Whether the short form is meant: what a change has to pass.
    pub(crate) short: bool,
}

const USAGE: &str = "usage: drill [--short] [--runs N] [STORY...]\n\
    Plays every story, or those that are named, and judges them; --short those of a test run; --runs N times in a row.";

/// Reads the command line.
pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { stories: Vec::new(), runs: 1, short: false };
    let mut words = words;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--short" => options.short = true,
            "--runs" => {
                let number = words.next().and_then(|number| number.parse().ok());
                options.runs = number.filter(|number| *number > 0).ok_or(USAGE)?;
            }
            word if word.starts_with('-') => return Err(USAGE.to_owned()),
            _ => options.stories.push(word),
        }
    }
    Ok(options)
}
