//! What recovery does on a server: fixed command lines, each known to NRPE by a name and to sudo word by word.

use crate::policy::Policy;
use crate::recover::suspension::spelling::{self, Letter};

/// One command of recovery on the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Act {
    /// NRPE's name for it.
    pub(super) name: String,
    /// The words of the command, the program first.
    pub(super) words: Vec<String>,
}

impl Act {
    /// Every act: a restart of each documented service, a reboot, the questions how the last act ended and which services answer
    /// there, and the letters of a suspension.
    pub(super) fn all(policy: &Policy, plugins: &str) -> Vec<Self> {
        let restart = |name: &&'static str| {
            Self::new(format!("firstaid_restart_{name}"), plugins, &["restart", "--service", name])
        };
        let services: Vec<&'static str> = policy.services.iter().map(|it| it.name).collect();
        let mut acts: Vec<Self> = services.iter().map(restart).collect();
        for name in ["reboot", "result", "answers"] {
            acts.push(Self::new(format!("firstaid_{name}"), plugins, &[name]));
        }
        for letter in Letter::all() {
            let name = letter.name();
            let act = format!("{}{name}", spelling::ACT);
            acts.push(Self::new(format!("firstaid_suspension_{name}"), plugins, &[&act]));
        }
        acts
    }

    fn new(name: String, plugins: &str, act: &[&str]) -> Self {
        let mut words = vec![format!("{plugins}/recover_service"), "--act".to_owned()];
        words.extend(act.iter().map(|word| (*word).to_owned()));
        Self { name, words }
    }
}
