//! What `-a` expects: an address, a network, or other data as a zone file has it.

use std::net::IpAddr;

use crate::probe::dns::Value;

/// One `-a`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    text: String,
    network: Option<(IpAddr, u32)>,
}

impl Expected {
    /// Reads an address, `ADDRESS/BITS`, or any other text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("nothing is expected".to_owned());
        }
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return Ok(Self { text: text.to_owned(), network: None });
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|it| *it <= most));
        let bits = bits.ok_or_else(|| format!("{text:?} is no network: 0 to {most} bits"))?;
        Ok(Self { text: text.to_owned(), network: Some((address, bits)) })
    }

    /// As it was given.
    pub(super) fn text(&self) -> &String {
        &self.text
    }

    /// Whether a record's data is this. Names compare without regard to case and to the dot at their end.
    pub(super) fn admits(&self, value: &Value) -> bool {
        match (self.network, value.address) {
            (Some((network, bits)), Some(address)) => same_network(network, address, bits),
            _ => plain(&self.text).eq_ignore_ascii_case(plain(&value.text)),
        }
    }
}

/// Values in one text.
pub(super) fn list<'a>(values: impl Iterator<Item = &'a String>) -> String {
    values.map(String::as_str).collect::<Vec<_>>().join(",")
}

fn plain(text: &str) -> &str {
    text.strip_suffix('.').unwrap_or(text)
}

/// Whether the first bits of two addresses of one family are the same.
fn same_network(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let head = |address: u128, width: u32| address.checked_shr(width - bits).unwrap_or(0);
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            head(one.to_bits().into(), 32) == head(other.to_bits().into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            head(one.to_bits(), 128) == head(other.to_bits(), 128)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(expected: &str, value: &str) -> bool {
        let value = Value { text: value.to_owned(), address: value.parse().ok() };
        Expected::parse(expected).unwrap().admits(&value)
    }

    #[test]
    fn addresses_networks_and_names_are_recognised() {
        let cases = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.10", false),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.77/24", "192.0.3.1", false),
            ("192.0.2.0/31", "192.0.2.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:DB8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::1", "2001:db8:0:0::1", true),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/128", "2001:db8::1", false),
            ("www.example.test", "WWW.example.test.", true),
            ("10 mail.example.test.", "10 mail.example.test.", true),
            ("10/8", "10.0.0.1", false),
        ];
        for (expected, value, admitted) in cases {
            assert_eq!(admits(expected, value), admitted, "{expected} {value}");
        }
    }

    #[test]
    fn a_network_of_impossible_size_is_refused() {
        for text in ["", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "2001:db8::/129"] {
            assert!(Expected::parse(text).is_err(), "{text:?}");
        }
    }
}
