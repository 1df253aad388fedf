//! What stands in an answer: chains of names, hostile text, what was expected.

use super::fake::{Fake, Record, Stream, TC, USUAL, a, answer, framed, name, now};
use super::{PLANS, ask};

fn serving(records: Vec<Record>) -> Fake {
    Fake::udp(move |query, _| vec![now(answer(query, USUAL, &records))])
}

#[test]
fn a_chain_of_names_resolves_and_a_circle_does_not() {
    let own = vec![0xc0, 12];
    let chain = serving(vec![
        (own.clone(), 5, name("one.example.test")),
        (name("two.example.test"), 1, vec![192, 0, 2, 7]),
        (name("ONE.example.test"), 5, name("two.example.test")),
    ]);
    let ran = ask(&chain, &[]);
    assert!(
        ran.code == 0 && ran.first().contains("www.example.test returns 192.0.2.7 |"),
        "{ran:?}"
    );
    let dangling = serving(vec![(own.clone(), 5, name("nowhere.test"))]);
    let circle = serving(vec![(own.clone(), 5, own.clone())]);
    let foreign = serving(vec![(name("other.test"), 1, vec![192, 0, 2, 66])]);
    for fake in [dangling, circle, foreign] {
        let ran = ask(&fake, &[]);
        assert!(
            ran.code == 2 && ran.first().contains("www.example.test has no address"),
            "{ran:?}"
        );
    }
}

#[test]
fn data_of_an_answer_forge_neither_performance_data_nor_the_terminal() {
    let text = b"\x1f|time=0s;;;; \x1b[31m\n\xff\r\x07 'a'";
    let fake = serving(vec![(vec![0xc0, 12], 16, text.to_vec())]);
    let ran = ask(&fake, &["-q", "TXT", "-v"]);
    assert_eq!(ran.code, 2, "a length beyond the record is no answer: {ran:?}");
    let text = [&[u8::try_from(text.len() - 1).expect("short")], &text[1..]].concat();
    let fake = serving(vec![(vec![0xc0, 12], 16, text)]);
    let ran = ask(&fake, &["-q", "txt"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((ran.stdout.matches('|').count(), ran.stdout.lines().count()), (1, 1), "{ran:?}");
    assert!(
        ran.first().contains("\\x1b[31m\\x0a\u{fffd}\\x0d\\x07") && !ran.stdout.contains('\x1b'),
        "{ran:?}"
    );
}

#[test]
fn a_hostile_name_is_shown_without_what_acts_in_it() {
    let owner = b"\x05a|b=1\x06\x1b[31m\n\x04test\x00".to_vec();
    let fake = serving(vec![(vec![0xc0, 12], 5, owner)]);
    let ran = ask(&fake, &["-q", "CNAME"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((ran.stdout.matches('|').count(), ran.stdout.lines().count()), (1, 1), "{ran:?}");
    assert!(!ran.stdout.contains('\x1b'), "{ran:?}");
}

#[test]
fn a_huge_text_is_cut() {
    let fake = Fake::both(
        |query, _| vec![now(answer(query, USUAL | TC, &[]))],
        &Stream::Says(|query| {
            let piece = [&[255], &[b'x'; 255][..]].concat();
            framed(&answer(query, USUAL, &[(vec![0xc0, 12], 16, piece.repeat(250))]))
        }),
    );
    let ran = ask(&fake, &["-q", "TXT"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.len() <= 1023 && ran.first().contains("...") && ran.first().contains(" | time="),
        "{ran:?}"
    );
}

#[test]
fn expected_addresses_come_in_any_order_and_by_network() {
    let fake = serving(vec![a(3), a(1), a(2)]);
    let fine: &[&[&str]] = &[
        &["-a", "192.0.2.1", "-a", "192.0.2.2", "-a", "192.0.2.3"],
        &["-a", "192.0.2.3", "-a", "192.0.2.2", "-a", "192.0.2.1", "-L"],
        &["-a", "192.0.2.0/30"],
        &["-a", "192.0.2.0/30", "--all"],
        &["-a", "192.0.2.0/31", "-a", "192.0.2.2/31"],
        &["--expected-address=192.0.2.0/24", "-a", "198.51.100.1"],
    ];
    let wrong: &[&[&str]] = &[
        &["-a", "192.0.2.1"],
        &["-a", "192.0.2.1", "-a", "192.0.2.2"],
        &["-a", "192.0.2.4/30"],
        &["-a", "2001:db8::1"],
        &["-a", "www.example.test."],
        &["-a", "192.0.2.0/24", "-a", "198.51.100.1", "-L"],
    ];
    for (plan, code) in PLANS.into_iter().zip([1, 2]) {
        for args in fine {
            let ran = ask(&fake, &[*args, &["--plan", plan]].concat());
            assert_eq!(ran.code, 0, "{args:?} {ran:?}");
        }
        for args in wrong {
            let ran = ask(&fake, &[*args, &["--plan", plan]].concat());
            assert_eq!(ran.code, code, "{args:?} {ran:?}");
            let got = "' but got '192.0.2.1,192.0.2.2,192.0.2.3' | time=";
            assert!(ran.first().contains(": expected '") && ran.first().contains(got), "{ran:?}");
        }
    }
}

#[test]
fn a_name_that_must_not_exist_is_fine_only_when_it_does_not() {
    for plan in PLANS {
        let missing = Fake::udp(|query, _| vec![now(answer(query, USUAL | 3, &[]))]);
        let ran = ask(&missing, &["-n", "--plan", plan]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.first().contains(" seconds response time. www.example.test returns NXDOMAIN |")
        );
        let ran = ask(&serving(vec![a(1)]), &["-n", "--plan", plan]);
        assert_eq!(
            ran.verdict(),
            (2, "DNS CRITICAL: Domain 'www.example.test' was found by the server: '192.0.2.1'")
        );
        let failing = Fake::udp(|query, _| vec![now(answer(query, USUAL | 2, &[]))]);
        assert_eq!(ask(&failing, &["-n", "--plan", plan]).code, 2);
    }
}

#[test]
fn types_of_records_are_asked_for_and_shown() {
    let own = vec![0xc0, 12];
    let soa = [name("ns.test"), name("root.test"), [0, 0, 0, 7].repeat(5)].concat();
    let cases = [
        ("AAAA", 28, [&[0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[1]].concat(), "2001:db8::1"),
        ("MX", 15, [&[0, 10][..], &name("mail.test")].concat(), "10 mail.test."),
        ("NS", 2, name("ns.test"), "ns.test."),
        ("PTR", 12, name("host.test"), "host.test."),
        ("SRV", 33, [&[0, 1, 0, 2, 0, 80][..], &name("srv.test")].concat(), "1 2 80 srv.test."),
        ("SOA", 6, soa, "ns.test. root.test. 7 7 7 7 7"),
        ("TXT", 16, b"\x06v=spf1\x05 -all".to_vec(), "v=spf1 -all"),
    ];
    for (kind, number, data, text) in cases {
        let fake = serving(vec![(own.clone(), number, data)]);
        for asked in [kind, &kind.to_lowercase(), "ANY"] {
            let ran = ask(&fake, &["-q", asked]);
            assert_eq!(ran.code, 0, "{ran:?}");
            assert!(ran.first().contains(&format!("www.example.test returns {text} |")), "{ran:?}");
            let ran = ask(&fake, &["-q", asked, "-a", text.trim_end_matches('.')]);
            assert_eq!(ran.code, 0, "{ran:?}");
        }
        let asked: Vec<_> =
            fake.queries().iter().map(|query| super::fake::question(query).to_vec()).collect();
        assert!(asked[0].ends_with(&[&number.to_be_bytes()[..], &[0, 1]].concat()), "{asked:?}");
    }
}
