//! What a server tells about itself when it is asked for an act or for a result: one line of JSON below the plugin's own.
//!
//! The monitoring server believes nothing else: not the exit code of the way there, and not the silence of a command.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::suspension::Window;

/// A server, and the last act on it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Told {
    /// Its machine id: which server this is.
    pub machine: String,
    /// The id of its present boot.
    pub boot: String,
    /// Seconds since that boot.
    pub age: u64,
    /// The last act that was begun or refused there; none where there never was one, or where something else was asked.
    pub job: Option<Job>,
    /// Seconds since the last restart of each service, by its name, and since the last `reboot`, whoever asked for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub acts: BTreeMap<String, u64>,
    /// By service, whether it answers on the server itself, by its protocol; none where nobody could look. Told where it was asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Option<bool>>,
    /// What it knows of suspensions; none where nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Box<Suspension>>,
}

/// What a server knows of its own suspensions.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Suspension {
    /// Windows in which it holds still.
    pub windows: Vec<Window>,
    /// How many letters it holds of the next one.
    pub letters: usize,
}

/// An act on a server.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Job {
    /// Its number in the server's own ledger.
    pub id: u64,
    /// What is done.
    pub act: Act,
    /// The service that is restarted.
    pub service: Option<String>,
    /// How far it is.
    pub state: State,
    /// Seconds since it began; at least, where the server has been started again since.
    pub since: u64,
    /// What happened, for people.
    pub text: String,
}

/// What is done on a server.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// A service is stopped and started.
    Restart,
    /// The server is rebooted.
    Reboot,
}

/// How far an act is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It goes on.
    Running,
    /// It ended well: the service answered for long enough, or the server has a new boot id.
    Done,
    /// It ended badly.
    Failed,
    /// A guard on the server refused it; nothing was done.
    Refused,
    /// It was cut off, and nobody knows how far it came.
    Interrupted,
}

impl Told {
    /// The line.
    pub fn line(&self) -> String {
        // Strings, numbers and lists: nothing of it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Finds the line in what came back.
    ///
    /// # Errors
    /// There is none, or one that can not be understood.
    pub fn find(output: &str) -> Result<Self> {
        let line = output
            .lines()
            .find(|line| line.starts_with('{'))
            .context("the server said nothing about itself")?;
        serde_json::from_str(line.trim_end()).context("cannot understand what the server said")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood_again() {
        let job = Job {
            id: 7,
            act: Act::Restart,
            service: Some("ssh".to_owned()),
            state: State::Done,
            since: 12,
            text: "answers again".to_owned(),
        };
        let told = Told {
            machine: "m".to_owned(),
            boot: "b".to_owned(),
            age: 9000,
            job: Some(job),
            acts: [("ssh".to_owned(), 12), ("reboot".to_owned(), 90_000)].into(),
            answers: [("ssh".to_owned(), Some(true)), ("http".to_owned(), None)].into(),
            suspension: Some(Box::new(Suspension {
                windows: vec![Window { from: 60, until: 120 }],
                letters: 3,
            })),
        };
        let output = format!("RECOVER OK - restart of ssh: answers again\n{}\n", told.line());
        assert_eq!(Told::find(&output).unwrap(), told);
    }

    #[test]
    fn anything_else_is_not() {
        for output in ["", "CHECK_NRPE: Socket timeout", "{", "{\"machine\":\"m\"}"] {
            assert!(Told::find(output).is_err(), "{output:?}");
        }
    }
}
