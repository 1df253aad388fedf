//! ICMP error messages in words: what a router or the target itself says about a packet of ours.

use std::fmt;
use std::net::IpAddr;

use pnet::packet::icmp::destination_unreachable::IcmpCodes;
use pnet::packet::icmp::{IcmpCode, IcmpTypes};
use pnet::packet::icmpv6::Icmpv6Types;

use super::packet::Protocol;

/// Why a packet did not arrive, and who says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Complaint {
    what: String,
    from: Option<IpAddr>,
}

impl Complaint {
    /// What this machine says about an address of its own link or an `unreachable` route.
    pub(super) fn own() -> Self {
        Self { what: "host unreachable".to_owned(), from: None }
    }

    /// What a message of this type and code says; `None` where the packet may still arrive.
    pub(super) fn read(
        protocol: Protocol,
        kind: u8,
        code: u8,
        from: Option<IpAddr>,
    ) -> Option<Self> {
        let what = match protocol {
            Protocol::V4 => v4(kind, code)?,
            Protocol::V6 => v6(kind, code)?,
        };
        Some(Self { what, from })
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from {
            Some(from) => write!(f, "{} from {from}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// RFC 792, RFC 1812 section 5.2.7.1.
fn v4(kind: u8, code: u8) -> Option<String> {
    if kind == IcmpTypes::TimeExceeded.0 {
        return Some("time to live exceeded".to_owned());
    }
    if kind == IcmpTypes::ParameterProblem.0 {
        return Some("parameter problem".to_owned());
    }
    let what = match IcmpCode(code) {
        _ if kind != IcmpTypes::DestinationUnreachable.0 => return None,
        IcmpCodes::DestinationNetworkUnreachable
        | IcmpCodes::DestinationNetworkUnknown
        | IcmpCodes::NetworkUnreachableForTOS => "network unreachable",
        IcmpCodes::DestinationHostUnreachable
        | IcmpCodes::DestinationHostUnknown
        | IcmpCodes::HostUnreachableForTOS => "host unreachable",
        IcmpCodes::DestinationProtocolUnreachable => "protocol unreachable",
        IcmpCodes::DestinationPortUnreachable => "port unreachable",
        IcmpCodes::FragmentationRequiredAndDFFlagSet => "packet too big",
        IcmpCodes::NetworkAdministrativelyProhibited
        | IcmpCodes::HostAdministrativelyProhibited
        | IcmpCodes::CommunicationAdministrativelyProhibited => "administratively prohibited",
        IcmpCode(other) => return Some(format!("destination unreachable (code {other})")),
    };
    Some(what.to_owned())
}

/// RFC 4443 section 3.
fn v6(kind: u8, code: u8) -> Option<String> {
    if kind == Icmpv6Types::PacketTooBig.0 {
        return Some("packet too big".to_owned());
    }
    if kind == Icmpv6Types::TimeExceeded.0 {
        return Some("hop limit exceeded".to_owned());
    }
    if kind == Icmpv6Types::ParameterProblem.0 {
        return Some("parameter problem".to_owned());
    }
    let what = match code {
        _ if kind != Icmpv6Types::DestinationUnreachable.0 => return None,
        0 => "network unreachable",
        1 => "administratively prohibited",
        2 => "beyond scope of source address",
        3 => "host unreachable",
        4 => "port unreachable",
        5 => "source address failed policy",
        6 => "route rejected",
        other => return Some(format!("destination unreachable (code {other})")),
    };
    Some(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_has_its_words_and_its_sender() {
        let from = Some([192, 0, 2, 254].into());
        let words = |protocol, kind, code| {
            Complaint::read(protocol, kind, code, from).map(|it| it.to_string())
        };
        let cases = [
            (Protocol::V4, 3, 0, "network unreachable"),
            (Protocol::V4, 3, 1, "host unreachable"),
            (Protocol::V4, 3, 13, "administratively prohibited"),
            (Protocol::V4, 3, 99, "destination unreachable (code 99)"),
            (Protocol::V4, 11, 0, "time to live exceeded"),
            (Protocol::V6, 1, 3, "host unreachable"),
            (Protocol::V6, 2, 0, "packet too big"),
            (Protocol::V6, 3, 0, "hop limit exceeded"),
        ];
        for (protocol, kind, code, text) in cases {
            let text = format!("{text} from 192.0.2.254");
            assert_eq!(words(protocol, kind, code), Some(text), "{protocol:?} {kind} {code}");
        }
    }

    #[test]
    fn a_redirect_or_a_source_quench_loses_no_packet() {
        for (protocol, kind) in [(Protocol::V4, 5), (Protocol::V4, 4), (Protocol::V6, 137)] {
            assert_eq!(Complaint::read(protocol, kind, 1, None), None);
        }
    }
}
