//! How each documented service is spoken to.

use crate::policy::{Policy, Service};
use crate::probe::dialogue::Form;
use crate::probe::{Farewell, Speech, mysql};

/// `SSLRequest`. Source: `PostgreSQL`'s manual, "Message Formats".
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The check's name in the policy.
pub(super) const CHECK: &str = "port";

/// A service's manners.
#[derive(Debug)]
pub(super) struct Manners {
    /// First word of the output, as the C peer has it.
    pub(super) title: &'static str,
    /// What makes the server speak; empty where it speaks first.
    pub(super) ask: &'static [u8],
    /// How its answer ends.
    pub(super) form: Form,
    /// Whether it can be spoken to under TLS from the beginning.
    pub(super) tls: Tls,
    farewell: Talk,
}

/// Whether TLS from the beginning is known with a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tls {
    /// It is, on a port of its own.
    Possible,
    /// TLS begins inside the protocol.
    Inside,
}

#[derive(Debug)]
enum Talk {
    Words(&'static [u8]),
    Mysql,
    Postgresql,
}

/// The manners of each service of the policy, by its name.
const MANNERS: [(&str, Manners); 5] = [
    ("ftp", Manners { form: Form::Reply, ..text("FTP", b"QUIT\r\n") }),
    ("pop", text("POP", b"QUIT\r\n")),
    ("imap", text("IMAP", b"a1 LOGOUT\r\n")),
    (
        "mysql",
        Manners {
            title: "MYSQL",
            ask: b"",
            form: Form::Packet,
            tls: Tls::Inside,
            farewell: Talk::Mysql,
        },
    ),
    (
        "postgresql",
        Manners {
            title: "PGSQL",
            ask: &SSL_REQUEST,
            form: Form::Byte,
            tls: Tls::Inside,
            farewell: Talk::Postgresql,
        },
    ),
];

const fn text(title: &'static str, farewell: &'static [u8]) -> Manners {
    let farewell = Talk::Words(farewell);
    Manners { title, ask: b"", form: Form::Line, tls: Tls::Possible, farewell }
}

impl Manners {
    /// Those of a service.
    ///
    /// # Errors
    /// Nobody has taught us how that service is spoken to.
    pub(super) fn of(service: &Service) -> anyhow::Result<&'static Self> {
        let found = MANNERS.iter().find(|(name, _)| *name == service.name);
        found
            .map(|(_, manners)| manners)
            .ok_or_else(|| anyhow::anyhow!("service {:?} is not known here", service.name))
    }

    /// How the server is left.
    pub(super) fn farewell(&self) -> Farewell {
        match self.farewell {
            Talk::Words(words) => Farewell::Words(words.to_vec()),
            Talk::Mysql => Farewell::Mysql,
            Talk::Postgresql => Farewell::Postgresql,
        }
    }

    /// What the server said, for people.
    pub(super) fn words(&self, heard: &Speech) -> Vec<u8> {
        match (self.form, heard.text.as_slice()) {
            (Form::Line | Form::Reply, _) => heard.first_line().to_vec(),
            (Form::Packet, text) => mysql::words(text),
            (Form::Byte, b"S") => b"offers TLS".to_vec(),
            (Form::Byte, b"N") => b"without TLS".to_vec(),
            (Form::Byte, text) => text.trim_ascii_end().to_vec(),
        }
    }
}

/// Reads the name of a service that this check judges.
pub(super) fn named(name: &str) -> Result<&'static Service, String> {
    let policy = Policy::documented();
    let own = policy.services_of(CHECK);
    match policy.service(name) {
        Ok(service) if own.contains(&name) => Ok(service),
        _ => Err(format!("expected {}", own.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_of_the_policy_has_its_manners() {
        for name in Policy::documented().services_of(CHECK) {
            assert!(Manners::of(named(name).unwrap()).is_ok(), "{name}");
        }
        assert_eq!(named("ssh").unwrap_err(), "expected ftp, pop, imap, mysql, postgresql");
    }
}
