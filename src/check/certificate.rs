//! How long a certificate has to be valid, in days.

use crate::plugin::{Report, Status};
use crate::probe::tls::Certificate;

const DAY: i64 = 86_400;
const HOUR: i64 = 3600;

/// Days of validity as the C peers take them: `WARNING[,CRITICAL]`, where CRITICAL is 0 unless given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    warning: i64,
    critical: i64,
}

impl Validity {
    /// Reads the option.
    ///
    /// # Errors
    /// Text that is no pair of days, with the reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (warning, critical) = text.split_once(',').unwrap_or((text, "0"));
        let days = |text: &str| {
            text.parse::<u16>().map(i64::from).map_err(|_| format!("{text:?} is no number of days"))
        };
        let validity = Self { warning: days(warning)?, critical: days(critical)? };
        if validity.critical > validity.warning {
            return Err(format!("{text:?}: WARNING has to come before CRITICAL"));
        }
        Ok(validity)
    }

    /// Judges a certificate, in the words of the C peers.
    pub fn judge(self, certificate: &Certificate) -> (Status, String) {
        let Certificate { subject, ends, left } = certificate;
        let left = *left;
        let days = left / DAY;
        let near = if days <= self.critical {
            Status::Critical
        } else if days <= self.warning {
            Status::Warning
        } else {
            Status::Ok
        };
        if left <= 0 {
            (Status::Critical, format!("Certificate '{subject}' expired on {ends}."))
        } else if days > 0 && near == Status::Ok {
            (Status::Ok, format!("Certificate '{subject}' will expire on {ends}."))
        } else if days > 0 {
            (near, format!("Certificate '{subject}' expires in {days} day(s) ({ends})."))
        } else {
            let rest = if left >= HOUR {
                format!("{} hours", left / HOUR)
            } else {
                format!("{} minutes", left / 60)
            };
            (
                near.max(Status::Warning),
                format!("Certificate '{subject}' expires in {rest} ({ends})."),
            )
        }
    }

    /// The finding, added to a report.
    pub fn report(self, report: Report, certificate: &Certificate) -> Report {
        let (status, text) = self.judge(certificate);
        report.stated(status, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_judged_by_its_whole_days() {
        let judged = |option: &str, left| {
            let ends = "Wed Dec  2 10:45:31 2026 +0000".to_owned();
            let certificate = Certificate { subject: "a.test".to_owned(), ends, left };
            let (status, text) = Validity::parse(option).unwrap().judge(&certificate);
            format!("{status}: {text}")
        };
        let ends = "Wed Dec  2 10:45:31 2026 +0000";
        for (option, left, text) in [
            ("5", 6 * DAY, format!("OK: Certificate 'a.test' will expire on {ends}.")),
            (
                "5",
                6 * DAY - 1,
                format!("WARNING: Certificate 'a.test' expires in 5 day(s) ({ends})."),
            ),
            (
                "5,5",
                6 * DAY - 1,
                format!("CRITICAL: Certificate 'a.test' expires in 5 day(s) ({ends})."),
            ),
            ("0", DAY - 1, format!("CRITICAL: Certificate 'a.test' expires in 23 hours ({ends}).")),
            ("0", 61, format!("CRITICAL: Certificate 'a.test' expires in 1 minutes ({ends}).")),
            ("9,2", -1, format!("CRITICAL: Certificate 'a.test' expired on {ends}.")),
        ] {
            assert_eq!(judged(option, left), text, "{option} {left}");
        }
    }

    #[test]
    fn only_days_are_taken() {
        for text in ["", ",", "1,", ",1", "-1", "1,2", "1.5", "a", "1,1,1", "99999"] {
            assert!(Validity::parse(text).is_err(), "{text:?}");
        }
    }
}
