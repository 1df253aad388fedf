//! Asking a server to act on itself, through the agent that it has.
//!
//! Four answers are told apart, since different things follow from them: what the server itself told, the silence of a
//! machine, a machine that lives without its agent, and everything else, from which nothing may follow.

use std::path::Path;
use std::time::Duration;

use super::super::process::{self, Ended, Ran};
use super::super::suspension::spelling::{self, Letter};
use super::super::{Agent, Machine, Told};
use super::icinga::Api;
use crate::deadline::Deadline;
use crate::plugin::visible;
use crate::policy::Policy;

mod reach;

pub use reach::{Reach, reach};

/// sudo, whose rules have the words of every act.
const SUDO: &str = "/usr/bin/sudo";
/// Time for one question to a server: NRPE's client has a limit of its own below that.
pub const QUESTION: Duration = Duration::from_secs(35);
/// The longest time for one look at a port: three tries of TCP to connect.
const LOOK: Duration = Duration::from_secs(5);

/// What is wanted of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Want<'a> {
    /// The restart of a service, by the policy's name.
    Restart(&'a str),
    /// A reboot.
    Reboot,
    /// What became of the last act.
    Result,
    /// Which services answer on the server itself.
    Answers,
    /// A piece of a suspension's spelling.
    Suspension(Letter),
}

/// What came of asking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Asked {
    /// The server answered by itself. Whether it accepted is in here, and nowhere else.
    Told {
        /// Exit code of the program on the server, as the way there passed it on.
        code: i32,
        /// Its line for people.
        line: String,
        /// What it told about itself.
        told: Told,
    },
    /// Nobody answers there: no connection came about, or one was accepted and nothing followed until the limit.
    Silent(String),
    /// The machine's kernel refuses the connection: it lives, its agent does not.
    Refused(String),
    /// Anything else, most likely of our own. It never leads to an act.
    Unclear(String),
}

impl From<Reach> for Asked {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Open => Self::Silent("accepts connections and says nothing".to_owned()),
            Reach::Silent(text) => Self::Silent(text),
            Reach::Refused(text) => Self::Refused(text),
            Reach::Unclear(text) => Self::Unclear(text),
        }
    }
}

/// Asks a server. All of it takes no longer than `limit`, which is above the one that the client of the agent has in its words.
/// An Icinga agent is asked through the API whose settings are in the file `api`.
pub fn ask(machine: &Machine, api: &Path, want: Want, limit: Duration) -> Asked {
    if let Want::Restart(name) = want
        && Policy::documented().service(name).is_err()
    {
        return Asked::Unclear(format!("no service {name:?} can be restarted"));
    }
    let deadline = Deadline::within(limit);
    match &machine.agent {
        Agent::Nrpe { words, port } => {
            let words = with(words, ["-c".to_owned(), name(want)]);
            remote(machine, &words, *port, &deadline)
        }
        Agent::Ssh { words, port, plugins } => {
            let line = format!("sudo -n {}", shell_line(&act(want, plugins)));
            remote(machine, &with(words, [line]), *port, &deadline)
        }
        Agent::Local { plugins } => {
            let mut words = act(want, plugins);
            if !nix::unistd::geteuid().is_root() {
                words.splice(0..0, [SUDO, "-n"].map(str::to_owned));
            }
            told(process::run(&words, b"", limit))
        }
        Agent::Icinga { endpoint } => match Api::read(api) {
            Ok(Some(api)) => ask_by(&api, (&machine.address, endpoint), want, &deadline),
            Ok(None) => Asked::Unclear(format!("{} is missing", api.display())),
            Err(error) => Asked::Unclear(format!("{error:#}")),
        },
        Agent::None {} => Asked::Unclear("the server has no agent".to_owned()),
    }
}

/// Asks an Icinga agent: an address and the endpoint there, which is connected to the engine or is not there at all.
pub fn ask_by(
    api: &Api,
    (address, endpoint): (&str, &str),
    want: Want,
    deadline: &Deadline,
) -> Asked {
    let ended = match api.connected(endpoint, deadline) {
        Ok(true) => api.execute(endpoint, &name(want), deadline),
        Ok(false) => {
            let fault = format!("{endpoint} is not connected to Icinga");
            return reach::echo(address, &fault, &deadline.at_most(LOOK)).into();
        }
        Err(error) => Err(error),
    };
    told(ended.map(|ended| Ran::Ended(Ended { code: Some(ended.code), output: ended.output })))
}

/// The name that NRPE and Icinga have for an act.
fn name(want: Want) -> String {
    match want {
        Want::Restart(service) => format!("firstaid_restart_{service}"),
        Want::Reboot => "firstaid_reboot".to_owned(),
        Want::Result => "firstaid_result".to_owned(),
        Want::Answers => "firstaid_answers".to_owned(),
        Want::Suspension(letter) => format!("firstaid_suspension_{}", letter.name()),
    }
}

/// The command line of an act, as sudo's rules have it.
fn act(want: Want, plugins: &str) -> Vec<String> {
    let mut words = vec![format!("{plugins}/recover_service"), "--act".to_owned()];
    words.extend(match want {
        Want::Restart(service) => ["restart", "--service", service].map(str::to_owned).to_vec(),
        Want::Reboot => vec!["reboot".to_owned()],
        Want::Result => vec!["result".to_owned()],
        Want::Answers => vec!["answers".to_owned()],
        Want::Suspension(letter) => vec![format!("{}{}", spelling::ACT, letter.name())],
    });
    words
}

fn with<const N: usize>(words: &[String], more: [String; N]) -> Vec<String> {
    words.iter().cloned().chain(more).collect()
}

/// Words for the shell of an account. Only the folder of the plugins comes from outside.
fn shell_line(words: &[String]) -> String {
    let quoted = words.iter().map(|word| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
        if word.bytes().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Asks by a client. Whether anybody listens is looked at by a connection of our own, before the client and where it failed:
/// clients word that each in their own way.
fn remote(machine: &Machine, words: &[String], port: u16, deadline: &Deadline) -> Asked {
    let look = LOOK.min(deadline.left() / 4);
    let before = reach(&machine.address, port, &deadline.at_most(look));
    if before != Reach::Open {
        return before.into();
    }
    let ran = process::run(words, b"", deadline.left().saturating_sub(look));
    let ran_out = ran.as_ref().is_ok_and(ran_out_of_time);
    let asked = told(ran);
    if !matches!(asked, Asked::Unclear(_)) {
        return asked;
    }
    match reach(&machine.address, port, &deadline.at_most(look)) {
        Reach::Refused(text) => Asked::Refused(text),
        reach if ran_out => reach.into(),
        // It answered something: one that falls silent only now is for the next call to see.
        Reach::Open | Reach::Silent(_) | Reach::Unclear(_) => asked,
    }
}

/// Whether a client waited to its limit, or ours. One that says so in words of the server's is not told apart; it is asked
/// here only where the server told nothing about itself.
fn ran_out_of_time(ran: &Ran) -> bool {
    match ran {
        Ran::Killed { .. } => true,
        // check_nrpe, with -u and without; and ssh, whose own failures end in 255.
        Ran::Ended(Ended { code: Some(2 | 3), output }) => {
            output.starts_with("CHECK_NRPE STATE ") && output.contains(": Socket timeout")
        }
        Ran::Ended(Ended { code: Some(255), output }) => {
            ["timed out", "not responding"].iter().any(|text| output.contains(text))
        }
        Ran::Ended(_) => false,
    }
}

/// What a program's end says. Without the server's own words it is unclear, whatever its exit code: sudo refuses with 1, too.
fn told(ran: anyhow::Result<Ran>) -> Asked {
    let ended = match ran {
        Ok(Ran::Ended(ended)) => ended,
        Ok(Ran::Killed { output }) => return unclear("did not end in time", &output),
        Err(error) => return Asked::Unclear(format!("{error:#}")),
    };
    match (ended.code, Told::find(&ended.output)) {
        (Some(code), Ok(told)) => Asked::Told { code, line: line(&ended.output), told },
        (Some(_), Err(error)) => unclear(&error.to_string(), &ended.output),
        (None, _) => unclear("was killed", &ended.output),
    }
}

fn unclear(why: &str, output: &str) -> Asked {
    let said = output.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    Asked::Unclear(format!("{why}: {}", visible(said.as_bytes())))
}

/// The line for people: the one before the server's own. Those before it are sudo's, or of a shell's start.
fn line(output: &str) -> String {
    let before = output.lines().take_while(|line| !line.starts_with('{'));
    visible(before.last().unwrap_or_default().trim_end().as_bytes())
}

#[cfg(test)]
mod tests;
