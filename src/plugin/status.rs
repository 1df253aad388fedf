//! The four states of a plugin.

use std::fmt;
use std::str::FromStr;

/// State of a check. Variants are declared in order of severity: what was found broken outranks a hint, and both outrank
/// that something could not be looked at.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Status {
    /// As it should be.
    #[default]
    Ok,
    /// Could not be looked at.
    Unknown,
    /// A hint.
    Warning,
    /// Broken.
    Critical,
}

impl Status {
    /// The exit code of the plugin interface.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}

impl FromStr for Status {
    type Err = String;

    /// Reads the names that the C peers take, in any case, and the exit codes.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "ok" | "0" => Ok(Self::Ok),
            "warning" | "warn" | "1" => Ok(Self::Warning),
            "critical" | "crit" | "2" => Ok(Self::Critical),
            "unknown" | "3" => Ok(Self::Unknown),
            _ => Err("expected ok, warning, critical or unknown".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_states_is_what_was_found_broken() {
        let all = [Status::Unknown, Status::Critical, Status::Ok, Status::Warning];
        assert_eq!(all.into_iter().max(), Some(Status::Critical));
        assert_eq!([Status::Unknown, Status::Warning].into_iter().max(), Some(Status::Warning));
        assert_eq!([Status::Unknown, Status::Ok].into_iter().max(), Some(Status::Unknown));
    }

    #[test]
    fn names_and_codes_are_read_back() {
        for status in [Status::Ok, Status::Warning, Status::Critical, Status::Unknown] {
            assert_eq!(status.to_string().parse(), Ok(status));
            assert_eq!(status.code().to_string().parse(), Ok(status));
        }
    }
}
