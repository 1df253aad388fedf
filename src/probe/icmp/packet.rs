//! Echo packets of both families: what is sent, and what counts as its reply.

use pnet::packet::Packet;
use pnet::packet::icmp::{self, IcmpPacket, IcmpTypes};
use pnet::packet::icmpv6::{self, Icmpv6Types};
use pnet::packet::ipv4::Ipv4Packet;

/// Bytes of an echo message before its payload.
const HEADER: usize = 8;

/// The protocol of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Protocol {
    /// ICMP, RFC 792.
    V4,
    /// ICMP for IPv6, RFC 4443.
    V6,
}

/// The head of an echo message with its payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Echo<'a> {
    pub(super) identifier: u16,
    pub(super) sequence: u16,
    pub(super) payload: &'a [u8],
}

impl Echo<'_> {
    /// The request as it is sent. For IPv6 the kernel fills in the checksum, which covers addresses that it chooses.
    pub(super) fn request(&self, protocol: Protocol) -> Vec<u8> {
        let mut bytes = vec![0; HEADER + self.payload.len()];
        match protocol {
            Protocol::V4 => self.fill_v4(&mut bytes),
            Protocol::V6 => self.fill_v6(&mut bytes),
        };
        bytes
    }

    /// `None` never happens: the buffer holds at least a header.
    fn fill_v4(&self, bytes: &mut [u8]) -> Option<()> {
        let mut packet = icmp::echo_request::MutableEchoRequestPacket::new(bytes)?;
        packet.set_icmp_type(IcmpTypes::EchoRequest);
        packet.set_identifier(self.identifier);
        packet.set_sequence_number(self.sequence);
        packet.set_payload(self.payload);
        let sum = icmp::checksum(&IcmpPacket::new(packet.packet())?);
        packet.set_checksum(sum);
        Some(())
    }

    /// As [`Echo::fill_v4`].
    fn fill_v6(&self, bytes: &mut [u8]) -> Option<()> {
        let mut packet = icmpv6::echo_request::MutableEchoRequestPacket::new(bytes)?;
        packet.set_icmpv6_type(Icmpv6Types::EchoRequest);
        packet.set_identifier(self.identifier);
        packet.set_sequence_number(self.sequence);
        packet.set_payload(self.payload);
        Some(())
    }
}

/// Reads an echo reply; anything else is `None`, an ICMP message with a wrong checksum included: raw sockets pass it on.
pub(super) fn reply(message: &[u8], protocol: Protocol) -> Option<Echo<'_>> {
    match protocol {
        Protocol::V4 => {
            let packet = icmp::echo_reply::EchoReplyPacket::new(message)?;
            let whole = icmp::checksum(&IcmpPacket::new(message)?) == packet.get_checksum();
            let ours =
                packet.get_icmp_type() == IcmpTypes::EchoReply && packet.get_icmp_code().0 == 0;
            (ours && whole).then(|| echo(message)).flatten()
        }
        Protocol::V6 => {
            let packet = icmpv6::echo_reply::EchoReplyPacket::new(message)?;
            let ours = packet.get_icmpv6_type() == Icmpv6Types::EchoReply
                && packet.get_icmpv6_code().0 == 0;
            ours.then(|| echo(message)).flatten()
        }
    }
}

/// Reads the request that an error message quotes, which is cut off somewhere behind its header.
pub(super) fn quoted(message: &[u8], protocol: Protocol) -> Option<Echo<'_>> {
    let request = match protocol {
        Protocol::V4 => IcmpTypes::EchoRequest.0,
        Protocol::V6 => Icmpv6Types::EchoRequest.0,
    };
    (message.first() == Some(&request)).then(|| echo(message)).flatten()
}

/// The message of an IPv4 packet, which a raw socket delivers with its header.
pub(super) fn message_of(packet: &[u8]) -> Option<&[u8]> {
    let header = usize::from(Ipv4Packet::new(packet)?.get_header_length()) * 4;
    packet.get(header..)
}

/// Both families lay out identifier, sequence number and payload alike.
fn echo(message: &[u8]) -> Option<Echo<'_>> {
    let packet = icmp::echo_reply::EchoReplyPacket::new(message)?;
    Some(Echo {
        identifier: packet.get_identifier(),
        sequence: packet.get_sequence_number(),
        payload: message.get(HEADER..)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECHO: Echo<'static> = Echo { identifier: 0x102, sequence: 0x304, payload: b"abc" };

    #[test]
    fn a_request_has_the_bytes_of_the_rfc() {
        assert_eq!(ECHO.request(Protocol::V4), b"\x08\x00\x2f\x97\x01\x02\x03\x04abc");
        assert_eq!(ECHO.request(Protocol::V6), b"\x80\x00\x00\x00\x01\x02\x03\x04abc");
    }

    #[test]
    fn only_a_whole_echo_reply_is_one() {
        let v4 = b"\x00\x00\x37\x97\x01\x02\x03\x04abc";
        let v6 = b"\x81\x00\x00\x00\x01\x02\x03\x04abc";
        assert_eq!(reply(v4, Protocol::V4), Some(ECHO));
        assert_eq!(reply(v6, Protocol::V6), Some(ECHO));
        for cut in 0..HEADER {
            assert_eq!(reply(&v4[..cut], Protocol::V4), None, "{cut}");
            assert_eq!(reply(&v6[..cut], Protocol::V6), None, "{cut}");
        }
        assert_eq!(reply(b"\x00\x00\x37\x98\x01\x02\x03\x04abc", Protocol::V4), None, "checksum");
        assert_eq!(reply(&ECHO.request(Protocol::V4), Protocol::V4), None, "a request");
        assert_eq!(reply(&ECHO.request(Protocol::V6), Protocol::V6), None, "a request");
    }

    #[test]
    fn an_error_message_quotes_at_least_the_header() {
        let request = ECHO.request(Protocol::V4);
        assert_eq!(quoted(&request[..8], Protocol::V4), Some(Echo { payload: b"", ..ECHO }));
        assert_eq!(quoted(&request[..7], Protocol::V4), None);
        assert_eq!(quoted(b"\x00\x35\x00\x35\x00\x00\x00\x00", Protocol::V4), None, "UDP");
    }

    #[test]
    fn the_message_stands_behind_an_ip_header_of_any_length() {
        let mut packet = vec![0x46; 24];
        packet.extend(b"rest");
        assert_eq!(message_of(&packet), Some(&b"rest"[..]));
        assert_eq!(message_of(&[0x4f; 20]), None);
        assert_eq!(message_of(b""), None);
    }
}
