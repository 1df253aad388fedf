//! `check_dns` against name servers of every kind.

mod answers;
mod fake;
mod named;
mod options;
mod strangers;

use std::thread;

use crate::run::{Ran, run};
use fake::{AA, Fake, RA, USUAL, a, answer, later, now};

const CHECK: &str = env!("CARGO_BIN_EXE_check_dns");
const PLANS: [&str; 2] = ["core2duo", "corei5-xeon"];

/// Asks a fake for `www.example.test`, with further arguments.
fn ask(fake: &Fake, args: &[&str]) -> Ran {
    let port = fake.port();
    let usual = ["-H", "www.example.test", "-s", "127.0.0.1", "-p", &port];
    run(CHECK, &[&usual[..], args].concat())
}

/// The value of `time` in the performance data.
fn time(ran: &Ran) -> f64 {
    let data = ran.first().split_once(" | time=").unwrap_or_else(|| panic!("{ran:?}")).1;
    data.split('s').next().and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{ran:?}"))
}

#[test]
fn the_first_line_is_the_one_of_the_peer() {
    let fake = Fake::udp(|query, _| vec![now(answer(query, USUAL, &[a(10)]))]);
    let ran = ask(&fake, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let (text, data) = ran.stdout.split_once(" | ").expect("performance data");
    let seconds = text.strip_prefix("DNS OK: 0.").expect("OK at once");
    assert!(
        seconds.ends_with(" seconds response time. www.example.test returns 192.0.2.10"),
        "{text}"
    );
    assert!(
        data.starts_with("time=0.") && data.ends_with("s;;11.000000;0.000000;11.000000\n"),
        "{data}"
    );
}

#[test]
fn each_documented_time_has_its_state_in_both_plans() {
    let cells = [(4900, [0, 0]), (5100, [0, 1]), (10_900, [0, 1]), (11_100, [2, 2])];
    thread::scope(|scope| {
        for (after, codes) in cells {
            for (plan, code) in PLANS.into_iter().zip(codes) {
                scope.spawn(move || {
                    let fake = Fake::udp(move |query, number| {
                        let first =
                            (number == 0).then(|| later(after, answer(query, USUAL, &[a(1)])));
                        first.into_iter().collect()
                    });
                    let ran = ask(&fake, &["--plan", plan]);
                    assert_eq!(ran.code, code, "{after} {plan} {ran:?}");
                    let silent = ran.first().contains("no answer from 127.0.0.1 port");
                    assert_eq!(silent, code == 2, "{ran:?}");
                    assert!(ran.took.as_secs_f64() < 11.5, "{ran:?}");
                });
            }
        }
    });
}

#[test]
fn what_does_not_resolve_is_critical_in_both_plans() {
    let cases = [
        (3, "Domain 'www.example.test' was not found by the server"),
        (2, "DNS failure for www.example.test at 127.0.0.1 port "),
        (5, "Query was refused by DNS server at 127.0.0.1 port "),
        (9, "answered for www.example.test: "),
        (0, "www.example.test has no address"),
    ];
    for (code, words) in cases {
        let fake = Fake::udp(move |query, _| vec![now(answer(query, USUAL | code, &[]))]);
        for plan in PLANS {
            let ran = ask(&fake, &["--plan", plan]);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(
                ran.first().starts_with("DNS CRITICAL: ") && ran.first().contains(words),
                "{ran:?}"
            );
            assert!(ran.first().contains(" | time="), "{ran:?}");
        }
    }
}

#[test]
fn a_server_without_recursion_is_a_warning_unless_it_is_to_be_the_authority() {
    for flags in [USUAL & !RA, (USUAL & !RA) | AA] {
        let fake = Fake::udp(move |query, _| vec![now(answer(query, flags, &[a(1)]))]);
        for (plan, code) in PLANS.into_iter().zip([1, 0]) {
            let ran = ask(&fake, &["--plan", plan]);
            assert_eq!(ran.code, code, "{ran:?}");
            assert!(
                ran.first().contains("returns 192.0.2.1 (recursion is not available at 127.0.0.1"),
                "{ran:?}"
            );
            let ran = ask(&fake, &["--plan", plan, "-A"]);
            assert_eq!(ran.code, if flags & AA == 0 { 2 } else { 0 }, "{ran:?}");
        }
    }
}

#[test]
fn nobody_there_is_critical_at_once() {
    let port = Fake::silent().port();
    // The fake is gone by now, or will be soon.
    let args = ["www.example.test", "-s", "127.0.0.1", "-p", &port];
    let refused = || {
        run(CHECK, &args).first().contains(&format!("connection to 127.0.0.1 port {port} refused"))
    };
    assert!(crate::server::wait_until(std::time::Duration::from_secs(20), refused));
    let ran = run(CHECK, &args);
    assert!(ran.code == 2 && ran.took.as_secs_f64() < 1.0, "{ran:?}");
    assert!(ran.first().contains(" | time=0.0"), "{ran:?}");
}

#[test]
fn silence_is_critical_at_the_limit_or_what_is_wanted() {
    let fake = Fake::silent();
    for (limit, code) in [("0.9", 2), ("0.9:unknown", 3)] {
        let ran = ask(&fake, &["-t", limit]);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(
            ran.first().contains("no answer from 127.0.0.1 port")
                && ran.first().contains("(first byte)"),
            "{ran:?}"
        );
        assert!((0.9..1.4).contains(&ran.took.as_secs_f64()), "{ran:?}");
        assert!((0.9..1.4).contains(&time(&ran)), "{ran:?}");
    }
}

#[test]
fn a_lost_datagram_is_sent_again_from_the_same_port_and_without_edns() {
    let fake = Fake::udp(|query, number| match number {
        0 => Vec::new(),
        _ => vec![now(answer(query, USUAL, &[a(1)]))],
    });
    let ran = ask(&fake, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!((2.0..2.5).contains(&time(&ran)), "{ran:?}");
    let queries = fake.queries();
    assert_eq!(queries.len(), 2);
    assert_eq!(
        queries[0][..2],
        queries[1][..2],
        "the same number, so that a late answer to either counts"
    );
    assert_eq!((fake::has_edns(&queries[0]), fake::has_edns(&queries[1])), (true, false));
}

#[test]
fn a_server_that_does_not_know_edns_is_asked_without_it() {
    for code in [1, 4] {
        let fake = Fake::udp(move |query, _| {
            let (flags, records) =
                if fake::has_edns(query) { (USUAL | code, vec![]) } else { (USUAL, vec![a(1)]) };
            vec![now(answer(query, flags, &records))]
        });
        let ran = ask(&fake, &[]);
        assert!(ran.code == 0 && time(&ran) < 1.0, "{ran:?}");
        let fake = Fake::udp(move |query, _| vec![now(answer(query, USUAL | code, &[]))]);
        let ran = ask(&fake, &[]);
        assert!(ran.code == 2 && time(&ran) < 1.0, "{ran:?}");
    }
}

#[test]
fn numbers_of_queries_differ() {
    let fake = Fake::udp(|query, _| vec![now(answer(query, USUAL, &[a(1)]))]);
    for _ in 0..8 {
        assert_eq!(ask(&fake, &[]).code, 0);
    }
    let mut numbers: Vec<_> = fake.queries().iter().map(|query| query[..2].to_vec()).collect();
    numbers.sort();
    numbers.dedup();
    assert!(numbers.len() >= 7, "{numbers:?}");
}
