//! Datagrams that are no answer, and answers that do not fit.

use std::time::Duration;

use super::fake::{Due, Fake, Stream, TC, USUAL, a, answer, framed, later, name, now, question};
use super::{PLANS, ask, time};

/// Datagrams that are no answer to a query.
fn strange(query: &[u8]) -> Vec<Due> {
    let right = answer(query, USUAL, &[a(66)]);
    let with = |at: usize, byte: u8| {
        let mut bytes = right.clone();
        bytes[at] ^= byte;
        now(bytes)
    };
    // A name that points to itself, and one that points behind the end.
    let ends = |tail: &[u8]| now([&right[..12], tail].concat());
    let records = [&answer(query, USUAL, &[])[..6], &[0, 9, 0, 0, 0, 0], question(query)].concat();
    vec![
        with(0, 0xff),
        with(2, 0x80),
        with(2, 0x78),
        with(13, 0x01),
        with(12 + question(query).len() - 1, 0x02),
        Due { stranger: true, ..now(right.clone()) },
        now(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        now(vec![]),
        now(vec![0; 11]),
        now(vec![0xff; 4096]),
        ends(&[0xc0, 12, 0, 1, 0, 1]),
        ends(&[0xff, 0xff, 0, 1, 0, 1]),
        now(records),
        now(right[..right.len() - 3].to_vec()),
    ]
}

#[test]
fn what_is_no_answer_is_passed_over() {
    let fake = Fake::udp(|query, _| {
        let right = later(300, answer(query, USUAL, &[a(1)]));
        strange(query).into_iter().chain([right]).collect()
    });
    let ran = ask(&fake, &["-vvv"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.first().contains(" returns 192.0.2.1 |") && time(&ran) >= 0.3, "{ran:?}");
    assert_eq!(ran.stdout.matches("that are no answer to the query").count(), 13, "{ran:?}");
}

#[test]
fn nothing_but_strange_datagrams_is_no_answer() {
    let fake = Fake::udp(|query, _| strange(query));
    let ran = ask(&fake, &["-t", "0.8"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.first().contains("no answer from") && ran.took < Duration::from_millis(1300),
        "{ran:?}"
    );
}

#[test]
fn a_flood_ends_at_the_limit() {
    let fake = Fake::udp(|query, _| (0..500).flat_map(|_| strange(query)).collect());
    let ran = ask(&fake, &["-t", "1"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.took < Duration::from_millis(1500), "{ran:?}");
}

#[test]
fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let behaviour = |query: &[u8], _| vec![now(answer(query, USUAL | TC, &[a(1)]))];
    let fake = Fake::both(
        behaviour,
        &Stream::Says(|query| framed(&answer(query, USUAL, &[a(1), a(2), a(3)]))),
    );
    for plan in PLANS {
        let ran = ask(&fake, &["--plan", plan]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.first().contains("returns 192.0.2.1,192.0.2.2,192.0.2.3 |"), "{ran:?}");
    }
}

#[test]
fn a_truncated_answer_without_tcp_is_a_warning_where_the_plan_knows_one() {
    let streams = [
        (Stream::Refused, "refused"),
        (Stream::Silent, "no answer"),
        (Stream::Says(|_| vec![0, 9, 1]), "closed"),
        (Stream::Says(|_| framed(b"HTTP/1.1 400 Bad Request")), "answered something else"),
        (Stream::Says(|query| framed(&answer(query, USUAL | TC, &[]))), "answered something else"),
    ];
    for (stream, words) in streams {
        let fake = Fake::both(|query, _| vec![now(answer(query, USUAL | TC, &[a(1)]))], &stream);
        for (plan, code) in PLANS.into_iter().zip([1, 0]) {
            let ran = ask(&fake, &["--plan", plan, "-t", "2"]);
            assert_eq!(ran.code, code, "{words} {ran:?}");
            assert!(
                ran.stdout.contains("returns 192.0.2.1 (the answer is truncated, and over TCP"),
                "{ran:?}"
            );
            assert!(
                ran.stdout.contains(words) && ran.took < Duration::from_secs(2),
                "{words} {ran:?}"
            );
        }
    }
}

#[test]
fn a_truncated_answer_without_a_record_and_without_tcp_does_not_resolve() {
    let whole = |query: &[u8]| answer(query, USUAL | TC, &[]);
    // One that says how many records there were, and ends in the middle of the first.
    let cut = |query: &[u8]| {
        let bytes = answer(query, USUAL | TC, &[a(1)]);
        bytes[..bytes.len() - 2].to_vec()
    };
    for behaviour in [whole as fn(&[u8]) -> Vec<u8>, cut] {
        let fake = Fake::udp(move |query, _| vec![now(behaviour(query))]);
        for plan in PLANS {
            let ran = ask(&fake, &["--plan", plan]);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(
                ran.stdout.contains("has no address in a truncated answer: connection to"),
                "{ran:?}"
            );
        }
    }
}

#[test]
fn the_largest_message_of_pointed_names_is_read_in_time() {
    let fake = Fake::both(
        |query, _| vec![now(answer(query, USUAL | TC, &[]))],
        &Stream::Says(|query| {
            // Names of 127 labels, each by one pointer: 65,000 bytes that unfold to more than a megabyte.
            let deep = name(&["a"; 110].join("."));
            let at = u16::try_from(12 + question(query).len() + 2 + 10).expect("near") | 0xc000;
            let first = (vec![0xc0, 12], 5, deep);
            let rest = (0..4500).map(|_| (at.to_be_bytes().to_vec(), 1, vec![192, 0, 2, 1]));
            let records: Vec<_> = std::iter::once(first).chain(rest).collect();
            let mut bytes = answer(query, USUAL, &records[..4000]);
            bytes.truncate(65_000);
            framed(&bytes)
        }),
    );
    let ran = ask(&fake, &["-t", "5"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.took < Duration::from_secs(5), "{ran:?}");
}
