//! The records that answer a question.

use std::fmt::Write;
use std::net::IpAddr;

use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{DNSClass, RData, Record, RecordType};

/// Aliases that are followed one after another; resolvers give up about here too.
const ALIASES: usize = 16;

/// A record's data.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Value {
    /// As in a zone file.
    pub text: String,
    /// As an address, where it is one.
    pub address: Option<IpAddr>,
}

/// The values of the name that was asked for, or of the name that it is an alias of, in order and each once.
pub(super) fn values(records: &[Record], question: &Query) -> Vec<Value> {
    let mut owner = question.name();
    for _ in 0..=ALIASES {
        let own = || records.iter().filter(|it| it.name == *owner && it.dns_class == DNSClass::IN);
        let mut found: Vec<Value> = own()
            .filter(|it| answers(it, question.query_type()))
            .map(|it| value(&it.data))
            .collect();
        if !found.is_empty() {
            found.sort();
            found.dedup();
            return found;
        }
        let alias = own()
            .find_map(|it| if let RData::CNAME(name) = &it.data { Some(&name.0) } else { None });
        let Some(alias) = alias else { break };
        owner = alias;
    }
    Vec::new()
}

fn answers(record: &Record, kind: RecordType) -> bool {
    kind.is_any() || record.record_type() == kind
}

fn value(data: &RData) -> Value {
    let mut text = String::new();
    // Writing fails for data without a text alone; then there is none to show.
    let _ = write!(text, "{data}");
    Value { text, address: data.ip_addr() }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use hickory_resolver::proto::rr::Name;
    use hickory_resolver::proto::rr::rdata::{A, CNAME, TXT};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn a(owner: &str, last: u8) -> Record {
        Record::from_rdata(name(owner), 1, RData::A(A(Ipv4Addr::new(192, 0, 2, last))))
    }

    fn alias(owner: &str, target: &str) -> Record {
        Record::from_rdata(name(owner), 1, RData::CNAME(CNAME(name(target))))
    }

    fn found(records: &[Record], kind: RecordType) -> Vec<String> {
        let question = Query::query(name("www.test."), kind);
        values(records, &question).into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn aliases_are_followed_to_the_addresses_and_strangers_are_left_out() {
        let records = [
            a("evil.test.", 66),
            alias("WWW.test.", "a.test."),
            a("b.test.", 2),
            alias("a.test.", "b.test."),
            a("B.test.", 1),
            a("b.test.", 2),
        ];
        assert_eq!(found(&records, RecordType::A), ["192.0.2.1", "192.0.2.2"]);
        assert_eq!(found(&records, RecordType::CNAME), ["a.test."]);
        assert_eq!(found(&records, RecordType::AAAA), [""; 0]);
        assert_eq!(found(&records[..2], RecordType::A), [""; 0]);
    }

    #[test]
    fn aliases_in_a_circle_end() {
        let circle = [alias("www.test.", "a.test."), alias("a.test.", "www.test.")];
        assert_eq!(found(&circle, RecordType::A), [""; 0]);
    }

    #[test]
    fn another_class_is_no_answer() {
        let mut chaos = a("www.test.", 1);
        chaos.dns_class = DNSClass::CH;
        assert_eq!(found(&[chaos], RecordType::A), [""; 0]);
    }

    #[test]
    fn every_record_answers_a_question_for_any() {
        let text = RData::TXT(TXT::from_bytes(vec![b"one\xff", b"two"]));
        let records = [Record::from_rdata(name("www.test."), 1, text), a("www.test.", 1)];
        assert_eq!(found(&records, RecordType::ANY).len(), 2);
    }
}
