//! The question, its message, and which messages are an answer to it.

use std::fmt;
use std::net::IpAddr;

use anyhow::Context;
use hickory_resolver::proto::op::{self, Edns, Header, Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

/// The largest datagram that is asked for: what passes without being cut to pieces on the way (DNS flag day 2020).
const PAYLOAD: u16 = 1232;

/// Which records are asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kind(RecordType);

impl Kind {
    /// Reads the name of a type of records, in any case.
    ///
    /// # Errors
    /// There is no such type, or nobody can ask for it in a query.
    pub fn parse(text: &str) -> Result<Self, String> {
        const META: [RecordType; 4] =
            [RecordType::AXFR, RecordType::TSIG, RecordType::SIG, RecordType::NULL];
        match text.to_ascii_uppercase().parse() {
            Ok(kind) if !META.contains(&kind) => Ok(Self(kind)),
            _ => Err(format!("{text:?} is no type of records that can be asked for")),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A name and the type of its records.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    name: Name,
    kind: RecordType,
}

impl Question {
    /// Addresses of a name; or, where an address is given for the name, the name that belongs to it.
    ///
    /// # Errors
    /// The text is no name.
    pub fn new(text: &str, kind: Option<Kind>) -> Result<Self, String> {
        if let (Ok(address), None | Some(Kind(RecordType::PTR))) = (text.parse::<IpAddr>(), kind) {
            return Ok(Self { name: Name::from(address), kind: RecordType::PTR });
        }
        let read = if text.is_ascii() { Name::from_ascii(text) } else { Name::from_utf8(text) };
        let mut name = read.map_err(|error| format!("{text:?} is no domain name: {error}"))?;
        if text.is_empty() {
            return Err("the name is empty".to_owned());
        }
        name.set_fqdn(true);
        Ok(Self { name, kind: kind.map_or(RecordType::A, |kind| kind.0) })
    }

    /// The question for addresses of IPv6, where this one is for those of IPv4.
    #[must_use]
    pub fn other_addresses(&self) -> Option<Self> {
        let other = Self { name: self.name.clone(), kind: RecordType::AAAA };
        (self.kind == RecordType::A).then_some(other)
    }
}

/// Whether a query says that it understands EDNS (RFC 6891). Few servers do not, and they say so or are silent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Extension {
    Edns,
    None,
}

/// A question on its way: with a random number by which its answers are known.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) question: op::Query,
    id: u16,
    extended: Vec<u8>,
    plain: Vec<u8>,
}

impl Query {
    /// # Errors
    /// The message can not be written.
    pub(super) fn new(question: &Question) -> anyhow::Result<Self> {
        let question = op::Query::query(question.name.clone(), question.kind);
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(question.clone());
        let plain = message.to_vec().context("cannot write the query")?;
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        message.set_edns(edns);
        let extended = message.to_vec().context("cannot write the query")?;
        Ok(Self { question, id: message.metadata.id, extended, plain })
    }

    pub(super) fn bytes(&self, extension: Extension) -> &[u8] {
        match extension {
            Extension::Edns => &self.extended,
            Extension::None => &self.plain,
        }
    }

    /// In words, for the transcript.
    pub(super) fn words(&self, extension: Extension) -> String {
        let edns = if extension == Extension::Edns { ", EDNS" } else { "" };
        format!("query {}: {}{edns}", self.id, self.question)
    }

    /// Reads a message; `None` when it is no answer to this question. A truncated message may end in the middle of a record.
    pub(super) fn answered_by(&self, bytes: &[u8]) -> Option<Message> {
        let mut decoder = BinDecoder::new(bytes);
        let header = Header::read(&mut decoder).ok()?;
        let (head, questions) = (header.metadata, header.counts.queries);
        let ours = head.id == self.id
            && head.message_type == MessageType::Response
            && head.op_code == OpCode::Query;
        let asked = match questions {
            // Servers that can not read a question do not repeat it.
            0 => head.response_code != ResponseCode::NoError,
            1 => op::Query::read(&mut decoder).ok()? == self.question,
            _ => false,
        };
        if !ours || !asked {
            return None;
        }
        Message::from_vec(bytes).ok().or_else(|| {
            let mut cut = Message::response(self.id, OpCode::Query);
            cut.metadata = head;
            head.truncation.then_some(cut)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, kind: Option<&str>) -> Result<String, String> {
        let kind = kind.map(Kind::parse).transpose()?;
        Question::new(name, kind).map(|it| format!("{} {}", it.name, it.kind))
    }

    #[test]
    fn a_name_is_looked_up_as_it_is_and_an_address_backwards() {
        let cases = [
            ("example.test", None, "example.test. A"),
            ("example.test.", Some("mx"), "example.test. MX"),
            ("_sip._tcp.example.test", Some("SRV"), "_sip._tcp.example.test. SRV"),
            ("localhost", Some("AAAA"), "localhost. AAAA"),
            (".", Some("NS"), ". NS"),
            ("192.0.2.1", None, "1.2.0.192.in-addr.arpa. PTR"),
            ("192.0.2.1", Some("PTR"), "1.2.0.192.in-addr.arpa. PTR"),
            ("192.0.2.1", Some("TXT"), "192.0.2.1. TXT"),
        ];
        for (name, kind, text) in cases {
            assert_eq!(question(name, kind).as_deref(), Ok(text), "{name} {kind:?}");
        }
        assert!(question("2001:db8::1", None).unwrap().ends_with(".ip6.arpa. PTR"));
        assert!(question("bücher.example", None).is_ok());
    }

    #[test]
    fn what_is_no_name_and_no_type_is_refused() {
        for name in ["", "..", "a..b", &"a".repeat(64), &"a.".repeat(128)] {
            assert!(question(name, None).is_err(), "{name:?}");
        }
        for kind in ["", "B", "AXFR", "TSIG", "OPT", "A "] {
            assert!(question("example.test", Some(kind)).is_err(), "{kind:?}");
        }
    }

    fn query() -> Query {
        Query::new(&Question::new("Example.test", None).unwrap()).unwrap()
    }

    fn answer(query: &Query, change: impl FnOnce(&mut Message)) -> Vec<u8> {
        let mut message = Message::response(query.id, OpCode::Query);
        message.add_query(query.question.clone());
        change(&mut message);
        message.to_vec().unwrap()
    }

    #[test]
    fn only_an_answer_with_our_number_and_question_is_one() {
        let query = query();
        let taken = |change: fn(&mut Message)| query.answered_by(&answer(&query, change)).is_some();
        assert!(taken(|_| {}));
        assert!(taken(|it| it.metadata.response_code = ResponseCode::NXDomain));
        assert!(!taken(|it| it.metadata.id ^= 1), "another number");
        assert!(!taken(|it| it.metadata.message_type = MessageType::Query), "a query");
        assert!(!taken(|it| it.metadata.op_code = OpCode::Notify), "another operation");
        assert!(!taken(|it| it.queries.clear()), "no question");
        assert!(!taken(|it| it.queries.extend(it.queries.clone())), "two questions");
        let other = || op::Query::query(Name::from_ascii("other.test.").unwrap(), RecordType::A);
        assert!(query.answered_by(&answer(&query, |it| it.queries = vec![other()])).is_none());
        assert!(taken(|it| {
            it.queries.clear();
            it.metadata.response_code = ResponseCode::FormErr;
        }));
    }

    #[test]
    fn no_bytes_make_it_fall_over_and_a_cut_message_is_a_truncated_one() {
        let query = query();
        let whole = answer(&query, |it| it.metadata.truncation = true);
        let counted = [&whole[..6], &[0, 1], &whole[8..], &[0xc0, 12, 0, 1]].concat();
        assert!(query.answered_by(&counted).unwrap().metadata.truncation);
        for end in 0..whole.len() {
            assert!(query.answered_by(&whole[..end]).is_none(), "{end}");
        }
        // A name that points to itself.
        let endless = [&whole[..12], &[0xc0, 12, 0, 1, 0, 1]].concat();
        assert!(query.answered_by(&endless).is_none());
    }
}
