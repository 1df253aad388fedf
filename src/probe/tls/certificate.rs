//! What a server's certificate says about itself.

use anyhow::Context;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::nid::Nid;
use openssl::x509::X509;

/// What a certificate says about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// Its common name.
    pub subject: String,
    /// When it ends: `Sun Nov 22 10:37:43 2026 +0000`, as the C peers write it.
    pub ends: String,
    /// Seconds until then; negative when it has expired.
    pub left: i64,
}

impl Certificate {
    pub(super) fn read(certificate: &X509) -> anyhow::Result<Self> {
        let name = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next();
        let subject = match name {
            None => "Unknown CN".to_owned(),
            Some(entry) => String::from_utf8_lossy(entry.data().as_slice()).into_owned(),
        };
        let ends = certificate.not_after();
        let left = Asn1Time::days_from_now(0)?.diff(ends).context("its end can not be read")?;
        let left = i64::from(left.days) * 86_400 + i64::from(left.secs);
        Ok(Self { subject, ends: in_peers_words(ends)?, left })
    }
}

/// OpenSSL writes `Nov 22 10:37:43 2026 GMT`; the C peers begin with the day of the week.
fn in_peers_words(time: &Asn1TimeRef) -> anyhow::Result<String> {
    // 1970 began on a Thursday.
    const WEEK: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = Asn1Time::from_unix(0)?.diff(time)?.days.rem_euclid(7);
    let weekday = usize::try_from(days).ok().and_then(|day| WEEK.get(day)).unwrap_or(&"");
    let text = time.to_string();
    Ok(format!("{weekday} {} +0000", text.strip_suffix(" GMT").unwrap_or(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_written_as_the_peers_write_it() {
        let written = |time| in_peers_words(&Asn1Time::from_unix(time).unwrap()).unwrap();
        assert_eq!(written(1_796_208_331), "Wed Dec  2 10:45:31 2026 +0000");
        assert_eq!(written(-86_400), "Wed Dec 31 00:00:00 1969 +0000");
    }
}
