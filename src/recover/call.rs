//! A call of the engine, read from its macros. What can not be read is a doubt, and refused.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::{Options, Refusal};
use crate::plugin::decimal;
use crate::policy::{Policy, Service};

/// The service that shows a fault of the server itself.
const PING: &str = "ping";

/// What has failed.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The server itself.
    Host,
    /// One of the documented services.
    Service(&'static Service),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("a server"),
            Self::Service(service) => write!(f, "service {}", service.name),
        }
    }
}

/// A call as it is meant.
#[derive(Clone, Debug)]
pub struct Call {
    /// What has failed.
    pub fault: Fault,
    /// Kind of notification.
    pub kind: String,
    /// State of the failed object.
    pub state: String,
    /// Type of that state.
    pub state_type: String,
    /// State of the host.
    pub host_state: String,
    /// Whether the failed object could be reached at its last result.
    pub reachable: bool,
    /// Downtimes of host and object, and whether it is acknowledged: nothing of it may be in effect.
    pub suppressions: [(&'static str, u32); 3],
    /// Time of the last OK result.
    pub last_ok: SystemTime,
    /// Time of the last result.
    pub last_check: SystemTime,
    /// Time of the change to HARD; none where the engine does not know it.
    pub hard_since: Option<SystemTime>,
}

impl Call {
    /// Reads a call about a server that is checked every so many seconds.
    ///
    /// # Errors
    /// A refusal: a value is missing, is an unresolved macro, or is not what it should be.
    pub fn read(options: &Options, interval: u32) -> Result<Self, Refusal> {
        let fault = match options.service.as_deref() {
            None | Some(PING) => Fault::Host,
            Some(name) => Fault::Service(
                Policy::documented().service(name).map_err(|error| doubt(error.to_string()))?,
            ),
        };
        Ok(Self {
            fault,
            kind: word("--kind", &options.kind)?,
            state: word("--state", &options.state)?,
            state_type: word("--state-type", &options.state_type)?,
            host_state: word("--host-state", &options.host_state)?,
            reachable: truth("--reachable", &options.reachable)?,
            suppressions: [
                ("downtime of the host", count("--host-downtimes", &options.host_downtimes)?),
                ("downtime", count("--downtimes", &options.downtimes)?),
                ("acknowledgement", count("--acknowledged", &options.acknowledged)?),
            ],
            last_ok: last_ok(options, interval)?,
            last_check: time("--last-check", &options.last_check)?,
            hard_since: time("--hard-since", &options.hard_since).ok(),
        })
    }

    /// The fault's name in the ledger: what has failed, and when it was last well.
    pub fn fault_id(&self) -> String {
        format!("{}@{}", self.service_name().unwrap_or("-"), self.last_ok_seconds())
    }

    /// What has failed on a host, for people.
    pub fn fault_of(&self, host: &str) -> String {
        match self.fault {
            Fault::Host => host.to_owned(),
            Fault::Service(service) => format!("{} of {host}", service.name),
        }
    }

    /// The failed service's name; none where the server itself has failed.
    pub fn service_name(&self) -> Option<&'static str> {
        match self.fault {
            Fault::Host => None,
            Fault::Service(service) => Some(service.name),
        }
    }

    /// Time of the last OK result, in seconds since 1970.
    pub fn last_ok_seconds(&self) -> u64 {
        seconds(self.last_ok)
    }

    /// Time of the last result, in seconds since 1970.
    pub fn last_check_seconds(&self) -> u64 {
        seconds(self.last_check)
    }

    /// Time of the change to HARD, in seconds since 1970.
    pub fn hard_since_seconds(&self) -> Option<u64> {
        self.hard_since.map(seconds)
    }
}

/// A time was read as a positive number of seconds: it can not lie before 1970.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Icinga writes a boolean as a word or a number.
fn truth(option: &str, text: &str) -> Result<bool, Refusal> {
    match text {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(doubt(format!("{option} is {text:?}, not 0 or 1"))),
    }
}

fn doubt(reason: String) -> Refusal {
    Refusal { guard: "readable", reason }
}

/// Nagios keeps the time at which OK ended; the last OK result came one interval before, as its intervals are exact.
fn last_ok(options: &Options, interval: u32) -> Result<SystemTime, Refusal> {
    let told = time("--last-ok", &options.last_ok)?;
    if options.last_ok_is != "first-failure" {
        return Ok(told);
    }
    let interval = Duration::from_secs(interval.into());
    told.checked_sub(interval).ok_or_else(|| doubt("--last-ok is too long ago".to_owned()))
}

/// Engines leave an unresolved macro as it is, or empty.
fn word(option: &str, text: &str) -> Result<String, Refusal> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if plain {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(doubt(format!("{option} is {text:?}, not a word")))
    }
}

fn count(option: &str, text: &str) -> Result<u32, Refusal> {
    text.parse().map_err(|_| doubt(format!("{option} is {text:?}, not a count")))
}

/// Icinga writes fractions of a second.
fn time(option: &str, text: &str) -> Result<SystemTime, Refusal> {
    let refusal = || doubt(format!("{option} is {text:?}, not a time"));
    let seconds = decimal(text).map_err(|_| refusal())?;
    let since = Duration::try_from_secs_f64(seconds).map_err(|_| refusal())?;
    if since.is_zero() {
        return Err(doubt(format!("{option} is 0: there was none")));
    }
    SystemTime::UNIX_EPOCH.checked_add(since).ok_or_else(refusal)
}
