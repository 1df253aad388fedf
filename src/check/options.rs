//! Options that checks share.

use std::time::Duration;

use crate::plugin::{Status, Transcript, decimal};
use crate::policy::Plan;
use crate::probe::tcp::Family;

/// The longest time limit that is accepted, in seconds: a day.
const LONGEST: f64 = 86_400.0;

/// Options of every check.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Time for the target in seconds, and the state when it has passed
    #[arg(short, long, value_name = "SECONDS[:STATE]", value_parser = Timeout::parse)]
    timeout: Option<Timeout>,
    /// State when the target is silent for the whole time [default: critical]
    #[arg(long, value_name = "STATE")]
    timeout_result: Option<Status>,
    /// Documented thresholds that hold without -w and -c
    #[arg(long, value_enum, default_value_t)]
    plan: Plan,
    /// Add lines: -v detail, -vv settings and times, -vvv protocol transcript
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// A time limit as `-t` takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeout {
    limit: Duration,
    state: Option<Status>,
}

impl Timeout {
    fn parse(text: &str) -> Result<Self, String> {
        let (number, state) = match text.split_once(':') {
            None => (text, None),
            Some((number, state)) => (number, Some(state.parse()?)),
        };
        let seconds = decimal(number)?;
        if seconds > 0.0 && seconds <= LONGEST {
            Ok(Self { limit: Duration::from_secs_f64(seconds), state })
        } else {
            Err(format!("a time limit is more than 0 and at most {LONGEST} seconds"))
        }
    }
}

/// The shared options as they are meant.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The plan whose documented thresholds hold.
    pub plan: Plan,
    /// Time for the target.
    pub timeout: Duration,
    /// State when the target is silent for that time.
    pub timeout_result: Status,
    /// How many `-v`.
    pub verbose: u8,
}

impl Settings {
    pub(super) fn from_options(options: &Common, default: u32) -> Self {
        let own = options.timeout;
        let state = options.timeout_result.or(own.and_then(|it| it.state));
        Self {
            plan: options.plan,
            timeout: own.map_or(Duration::from_secs(default.into()), |it| it.limit),
            timeout_result: state.unwrap_or(Status::Critical),
            verbose: options.verbose,
        }
    }

    pub(super) fn transcript(&self) -> Transcript {
        if self.verbose >= 3 { Transcript::Kept } else { Transcript::Dropped }
    }
}

/// Which host a network check talks to.
#[derive(Clone, Debug, clap::Args)]
pub struct Target {
    /// Name or address of the host
    #[arg(
        short = 'H',
        long,
        value_name = "HOST",
        required_unless_present = "host",
        conflicts_with = "host"
    )]
    hostname: Option<String>,
    /// The same as -H
    #[arg(value_name = "HOST")]
    host: Option<String>,
    #[command(flatten)]
    families: Families,
}

/// Which addresses of a name are used.
#[derive(Clone, Copy, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Families {
    /// Use IPv4 addresses alone
    #[arg(short = '4', long = "use-ipv4", overrides_with = "ipv6")]
    ipv4: bool,
    /// Use IPv6 addresses alone
    #[arg(short = '6', long = "use-ipv6", overrides_with = "ipv4")]
    ipv6: bool,
}

impl Families {
    /// The family that is meant.
    pub(super) fn family(self) -> Family {
        match (self.ipv4, self.ipv6) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            (false, false) => Family::Any,
        }
    }
}

impl Target {
    /// Name or address of the host.
    pub fn host(&self) -> &str {
        self.hostname.as_deref().or(self.host.as_deref()).unwrap_or_default()
    }

    /// Which of its addresses are used.
    pub fn family(&self) -> Family {
        self.families.family()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_positive_and_may_name_its_state() {
        let limit = |seconds, state| Ok(Timeout { limit: Duration::from_secs_f64(seconds), state });
        assert_eq!(Timeout::parse("10"), limit(10.0, None));
        assert_eq!(Timeout::parse("0.5:unknown"), limit(0.5, Some(Status::Unknown)));
        for text in ["", "0", "-1", "nan", "1e9", "999999", "10:broken", "10s"] {
            assert!(Timeout::parse(text).is_err(), "{text:?}");
        }
    }
}
