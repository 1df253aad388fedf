//! A command that an agent runs by the engine's word, and what came of it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::{Api, Object};
use crate::deadline::Deadline;

/// From one look at a command that is not done to the next.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);

/// How a command ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Execution {
    /// Its exit code.
    pub code: i32,
    /// What it said.
    pub output: String,
}

impl Api {
    /// Lets an agent run one of its event commands, and waits for the end. The command's name is all that is given: the agent
    /// knows its command line. It is run about the host [`carrier`] of the agent's own zone: Icinga 2.13 drops the result of
    /// one that is about an object of the zone above (issue 8616), after it was run.
    ///
    /// # Errors
    /// The engine refuses, or the command did not end within the limit: whether it runs is unknown then.
    pub fn execute(&self, endpoint: &str, command: &str, deadline: &Deadline) -> Result<Execution> {
        let host = &carrier(endpoint);
        let parameters = [
            ("command_type", json!("EventCommand")),
            ("command", json!(command)),
            ("endpoint", json!(endpoint)),
            // Seconds for which the agent may still begin.
            ("ttl", json!(deadline.left().as_secs().max(1))),
        ];
        let parameters: Map<_, _> =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let begun = self.act("execute-command", Object::Host(host), parameters, deadline)?;
        let id = begun["execution"].as_str().context("Icinga names no execution")?;
        loop {
            let all = self.attribute("hosts", "host", (host.as_str(), "executions"), deadline)?;
            if let Some(ended) = ended(&all[id])? {
                return Ok(ended);
            }
            if deadline.pause(BETWEEN_LOOKS).is_err() {
                bail!("{endpoint} did not say what became of {command}");
            }
        }
    }
}

/// The host that an agent's commands are about: one of its own zone, which nobody checks.
pub fn carrier(endpoint: &str) -> String {
    format!("firstaid-agent-{endpoint}")
}

/// An execution with an exit code has ended.
fn ended(execution: &Value) -> Result<Option<Execution>> {
    let Some(code) = execution.get("exit") else { return Ok(None) };
    // Icinga's numbers are floating ones.
    let code = code.as_f64().filter(|code| code.fract() == 0.0 && (0.0..256.0).contains(code));
    let code = code.context("an exit code is no number")?;
    let output = execution["output"].as_str().unwrap_or_default().to_owned();
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number below 256")]
    Ok(Some(Execution { code: code as i32, output }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exit_code_is_an_end() {
        let of = |value: Value| ended(&value);
        let done = Execution { code: 2, output: "x".to_owned() };
        assert_eq!(of(json!({"exit": 2.0, "output": "x"})).unwrap(), Some(done));
        for pending in [json!({"pending": true}), json!(null), json!(3), json!([])] {
            assert_eq!(of(pending.clone()).unwrap(), None, "{pending}");
        }
        for odd in [json!("2"), json!(2.5), json!(-1), json!(1e9), json!(null)] {
            assert!(of(json!({"exit": odd})).is_err(), "{odd}");
        }
    }
}
