//! What a target did instead of answering, apart from what kept us from looking.

use std::fmt;
use std::io;
use std::time::Duration;

use nix::errno::Errno;

use crate::deadline::{Deadline, Phase};

/// What the target did, or failed to do. It is data, and may be CRITICAL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The time limit passed.
    Silent {
        /// What was waited for.
        phase: Phase,
        /// Address and port, or the name.
        target: String,
        /// How long.
        waited: Duration,
    },
    /// The connection was refused.
    Refused(String),
    /// The connection was reset or closed while something was waited for.
    Ended {
        /// What was waited for.
        phase: Phase,
        /// Address and port.
        target: String,
    },
    /// No way to the target: its host or network is reported unreachable.
    Unreachable(String),
    /// The name has no address.
    Unresolved(String),
    /// The TLS handshake failed, with the reason.
    Tls {
        /// Address and port.
        target: String,
        /// The library's words.
        reason: String,
    },
    /// The answer is not of the protocol that was asked for, with what it was instead.
    Garbled(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { phase, target, waited } => {
                write!(f, "no answer from {target} in {:.3} s ({phase})", waited.as_secs_f64())
            }
            Self::Refused(target) => write!(f, "connection to {target} refused"),
            Self::Ended { phase, target } => write!(f, "connection to {target} closed ({phase})"),
            Self::Unreachable(target) => write!(f, "{target} is unreachable"),
            Self::Unresolved(name) => write!(f, "name {name} does not resolve"),
            Self::Tls { target, reason } => write!(f, "TLS with {target} failed: {reason}"),
            Self::Garbled(what) => f.write_str(what),
        }
    }
}

/// Why a probe saw nothing.
#[derive(Debug)]
pub enum Trouble {
    /// The target's doing.
    Target(Fault),
    /// Ours: it is UNKNOWN, and never leads to an act.
    Ours(anyhow::Error),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Target(fault)
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Ours(error)
    }
}

impl Trouble {
    /// Sorts an error of a system call on a connection: what the network or the peer did is the target's, all else ours.
    pub fn from_io(error: io::Error, deadline: &Deadline, target: &str) -> Self {
        let (phase, target) = (deadline.phase(), target.to_owned());
        let ended = || Fault::Ended { phase, target: target.clone() };
        let fault = match (error.kind(), error.raw_os_error().map(Errno::from_raw)) {
            (io::ErrorKind::UnexpectedEof, _) => ended(),
            // What a TLS stream says of bytes that are none of its protocol.
            (io::ErrorKind::InvalidData, _) => Fault::Tls { target, reason: error.to_string() },
            (_, Some(Errno::ETIMEDOUT))
            | (io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock, _) => {
                Fault::Silent { phase, target, waited: deadline.elapsed() }
            }
            (_, Some(Errno::ECONNREFUSED)) => Fault::Refused(target),
            (_, Some(Errno::ECONNRESET | Errno::EPIPE | Errno::ECONNABORTED)) => ended(),
            (
                _,
                Some(Errno::EHOSTUNREACH | Errno::ENETUNREACH | Errno::EHOSTDOWN | Errno::ENETDOWN),
            ) => Fault::Unreachable(target),
            _ => {
                return Self::Ours(
                    anyhow::Error::new(error).context(format!("cannot talk to {target}")),
                );
            }
        };
        Self::Target(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_targets_doing_is_a_fault() {
        let deadline = Deadline::within(Duration::from_secs(1));
        let ours = [
            Errno::EMFILE,
            Errno::ENFILE,
            Errno::EACCES,
            Errno::EPERM,
            Errno::ENOMEM,
            Errno::EADDRNOTAVAIL,
        ];
        for errno in ours {
            let trouble = Trouble::from_io(errno.into(), &deadline, "192.0.2.1 port 21");
            assert!(matches!(trouble, Trouble::Ours(_)), "{errno}");
        }
        let theirs = [
            Errno::ECONNREFUSED,
            Errno::ECONNRESET,
            Errno::EPIPE,
            Errno::ETIMEDOUT,
            Errno::EHOSTUNREACH,
        ];
        for errno in theirs {
            let trouble = Trouble::from_io(errno.into(), &deadline, "192.0.2.1 port 21");
            assert!(matches!(trouble, Trouble::Target(_)), "{errno}");
        }
    }
}
