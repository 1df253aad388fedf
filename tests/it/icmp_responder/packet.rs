//! Bytes of ICMP for both families: reading an echo request, writing what answers it. No input or
//! output here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::profile::Fault;

const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_ICMPV6: u8 = 58;
const HOPS: u8 = 64;

/// An echo request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Who asked.
    pub(crate) asker: IpAddr,
    /// Who was asked.
    pub(crate) target: IpAddr,
    /// The identifier the asker knows his replies by.
    pub(crate) identifier: u16,
    /// The asker's number of this request.
    pub(crate) sequence: u16,
    /// The bytes that have to come back.
    pub(crate) payload: Vec<u8>,
}

impl Request {
    /// Reads an IPv4 packet with its header; `None` for anything but an echo request.
    pub(crate) fn from_v4(packet: &[u8]) -> Option<Self> {
        let header = usize::from(packet.first()? & 15) * 4;
        let address =
            |at: usize| <[u8; 4]>::try_from(packet.get(at..at + 4)?).ok().map(Ipv4Addr::from);
        Self::from_echo(8, packet.get(header..)?, address(12)?.into(), address(16)?.into())
    }

    /// Reads an IPv6 one, which comes without its header; `None` for anything but an echo request.
    pub(crate) fn from_v6(message: &[u8], asker: Ipv6Addr, target: Ipv6Addr) -> Option<Self> {
        Self::from_echo(128, message, asker.into(), target.into())
    }

    fn from_echo(kind: u8, message: &[u8], asker: IpAddr, target: IpAddr) -> Option<Self> {
        let [first, 0, _, _, id0, id1, seq0, seq1, payload @ ..] = message else { return None };
        let (identifier, sequence) =
            (u16::from_be_bytes([*id0, *id1]), u16::from_be_bytes([*seq0, *seq1]));
        (*first == kind).then(|| Self {
            asker,
            target,
            identifier,
            sequence,
            payload: payload.to_vec(),
        })
    }

    /// The packet, with its IP header, that answers this request from `source`.
    pub(crate) fn answered(&self, fault: Fault, source: IpAddr) -> Vec<u8> {
        let mut message = match unreachable(fault, self.asker) {
            Some((kind, code)) => [vec![kind, code, 0, 0, 0, 0, 0, 0], self.quoted()].concat(),
            None => self.reply(fault),
        };
        let sum =
            checksum(&[pseudo_header(source, self.asker, message.len()), message.clone()].concat());
        let sum = if fault == Fault::WrongChecksum { sum ^ 0x5555 } else { sum };
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        [ip_header(source, self.asker, message.len()), message].concat()
    }

    fn reply(&self, fault: Fault) -> Vec<u8> {
        let identifier = if fault == Fault::ForeignIdentifier {
            self.identifier ^ 0x5555
        } else {
            self.identifier
        };
        let sequence =
            if fault == Fault::ForeignSequence { self.sequence ^ 0x8000 } else { self.sequence };
        let mut payload = self.payload.clone();
        match (fault, payload.last_mut()) {
            // The last byte, since the first ones often are a time, which would only look strange.
            (Fault::CorruptedPayload, Some(byte)) => *byte = !*byte,
            (Fault::ShortenedPayload, _) => payload.truncate(payload.len() / 2),
            _ => {}
        }
        let kind = if self.asker.is_ipv4() { 0 } else { 129 };
        [echo(kind, identifier, sequence), payload].concat()
    }

    /// The request as an error message quotes it: its IP header and its beginning.
    fn quoted(&self) -> Vec<u8> {
        let mut message = [
            echo(if self.asker.is_ipv4() { 8 } else { 128 }, self.identifier, self.sequence),
            self.payload.clone(),
        ]
        .concat();
        let sum = checksum(
            &[pseudo_header(self.asker, self.target, message.len()), message.clone()].concat(),
        );
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        let mut packet = [ip_header(self.asker, self.target, message.len()), message].concat();
        packet.truncate(520);
        packet
    }
}

fn echo(kind: u8, identifier: u16, sequence: u16) -> Vec<u8> {
    let ([id0, id1], [seq0, seq1]) = (identifier.to_be_bytes(), sequence.to_be_bytes());
    vec![kind, 0, 0, 0, id0, id1, seq0, seq1]
}

/// Type and code of the error message (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3), if
/// it is one.
fn unreachable(fault: Fault, asker: IpAddr) -> Option<(u8, u8)> {
    let (old, new) = match fault {
        Fault::NetworkUnreachable => ((3, 0), (1, 0)),
        Fault::HostUnreachable => ((3, 1), (1, 3)),
        Fault::PortUnreachable => ((3, 3), (1, 4)),
        Fault::Prohibited => ((3, 13), (1, 1)),
        Fault::TimeExceeded => ((11, 0), (3, 0)),
        Fault::None
        | Fault::ForeignIdentifier
        | Fault::ForeignSequence
        | Fault::CorruptedPayload
        | Fault::ShortenedPayload
        | Fault::WrongChecksum => return None,
    };
    Some(if asker.is_ipv4() { old } else { new })
}

fn ip_header(source: IpAddr, destination: IpAddr, length: usize) -> Vec<u8> {
    let length = u16::try_from(length).expect("an answer is as short as its request");
    match (source, destination) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let [high, low] = (length + 20).to_be_bytes();
            let mut header = [
                &[0x45, 0, high, low, 0, 0, 0, 0, HOPS, PROTOCOL_ICMP, 0, 0][..],
                &from.octets(),
                &to.octets(),
            ]
            .concat();
            let sum = checksum(&header);
            header[10..12].copy_from_slice(&sum.to_be_bytes());
            header
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let [high, low] = length.to_be_bytes();
            [&[0x60, 0, 0, 0, high, low, PROTOCOL_ICMPV6, HOPS][..], &from.octets(), &to.octets()]
                .concat()
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
            panic!("{source} cannot write to {destination}")
        }
    }
}

/// What the checksum covers beside the message: nothing for IPv4, the addresses for IPv6 (RFC 8200
/// section 8.1).
fn pseudo_header(source: IpAddr, destination: IpAddr, length: usize) -> Vec<u8> {
    let (IpAddr::V6(from), IpAddr::V6(to)) = (source, destination) else { return Vec::new() };
    let length = u32::try_from(length).expect("an answer is as short as its request");
    [&from.octets()[..], &to.octets(), &length.to_be_bytes(), &[0, 0, 0, PROTOCOL_ICMPV6]].concat()
}

/// The internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u64 = bytes
        .chunks(2)
        .map(|pair| u64::from(pair[0]) << 8 | u64::from(pair.get(1).copied().unwrap_or(0)))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).expect("a folded sum fits")
}

#[test]
fn a_v4_reply_has_the_bytes_of_the_request_and_sums_to_zero() {
    let request = Request::from_v4(
        &[
            &[
                0x45, 0, 0, 31, 0, 0, 0, 0, 64, 1, 0, 0, 10, 78, 255, 254, 10, 78, 0, 1, 8, 0, 0,
                0, 1, 2, 3, 4,
            ][..],
            b"abc",
        ]
        .concat(),
    );
    let request = request.expect("an echo request");
    let reply = request.answered(Fault::None, request.target);

    assert_eq!((request.identifier, request.sequence), (0x102, 0x304));
    assert_eq!(&reply[12..22], [10, 78, 0, 1, 10, 78, 255, 254, 0, 0]);
    assert_eq!(&reply[24..], b"\x01\x02\x03\x04abc");
    assert_eq!((checksum(&reply[..20]), checksum(&reply[20..])), (0, 0));
}

#[test]
fn what_is_no_echo_request_is_left_alone() {
    let neighbour = Ipv6Addr::LOCALHOST;
    for message in [
        &[][..],
        &[128, 0, 0],
        &[129, 0, 0, 0, 0, 0, 0, 0],
        &[135, 0, 0, 0, 0, 0, 0, 0],
        &[128, 1, 0, 0, 0, 0, 0, 0],
    ] {
        assert_eq!(Request::from_v6(message, neighbour, neighbour), None, "{message:?}");
    }
    for packet in [&[][..], &[0x45], &[0x4f; 30]] {
        assert_eq!(Request::from_v4(packet), None, "{packet:?}");
    }
}
