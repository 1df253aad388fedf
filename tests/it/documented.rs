//! The documented table of services, cell by cell, in real seconds on both sides of each bound.

use std::thread;
use std::time::Duration;

use crate::fake::{Closed, Fake};
use crate::run::{Ran, run};

const PORT: &str = env!("CARGO_BIN_EXE_check_port");
const SSH: &str = env!("CARGO_BIN_EXE_check_ssh_banner");
const SMTP: &str = env!("CARGO_BIN_EXE_check_smtp220");

const BOTH: &[&str] = &["core2duo", "corei5-xeon"];
const CORE2: &[&str] = &["core2duo"];
const CORE_I5: &[&str] = &["corei5-xeon"];

/// States by the lateness of the answer in milliseconds. A server is late from the moment it accepts, which is after the check
/// began to count: a bound that is hit exactly is passed. Just below a bound there is room for a busy machine.
type Row = (&'static [&'static str], &'static str, &'static [(u64, &'static str)]);

/// "6-11 s" is WARNING, "no answer for 11 s or more" CRITICAL.
const SLOW: &[(u64, &str)] =
    &[(0, "OK"), (5500, "OK"), (6000, "WARNING"), (10_500, "WARNING"), (11_000, "CRITICAL")];
/// "More than 5 s" is WARNING.
const SLOW_FROM_FIVE: &[(u64, &str)] =
    &[(0, "OK"), (4500, "OK"), (5000, "WARNING"), (10_500, "WARNING"), (11_000, "CRITICAL")];

const ROWS: &[Row] = &[
    (BOTH, "ftp", SLOW),
    (CORE2, "pop", SLOW),
    (CORE_I5, "pop", SLOW_FROM_FIVE),
    (CORE2, "imap", SLOW),
    (CORE_I5, "imap", SLOW_FROM_FIVE),
    (BOTH, "mysql", SLOW),
    (BOTH, "postgresql", SLOW),
    (BOTH, "ssh", &[(0, "OK"), (10_500, "OK"), (11_000, "CRITICAL")]),
    (CORE2, "smtp", &[(0, "OK"), (9500, "OK"), (10_000, "CRITICAL")]),
    (
        CORE_I5,
        "smtp",
        &[(0, "OK"), (4500, "OK"), (5000, "WARNING"), (9500, "WARNING"), (10_000, "CRITICAL")],
    ),
];

/// First word of the output, and what the server says first.
fn manners(service: &str) -> (&'static str, &'static [u8]) {
    match service {
        "ftp" => ("FTP", b"220 ready\r\n"),
        "pop" => ("POP", b"+OK ready\r\n"),
        "imap" => ("IMAP", b"* OK ready\r\n"),
        "mysql" => ("MYSQL", b"\x05\0\0\0\x0a8.0\0"),
        "postgresql" => ("PGSQL", b"N"),
        "ssh" => ("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n"),
        "smtp" => ("SMTP", b"220 ready\r\n"),
        other => panic!("no such service: {other}"),
    }
}

fn server(service: &str, late: Duration) -> Fake {
    let (_, text) = manners(service);
    if service == "postgresql" { Fake::asked(late, text) } else { Fake::late(late, text) }
}

fn check(service: &str, plan: &str, port: u16) -> Ran {
    let port = port.to_string();
    let common = ["-H", "127.0.0.1", "-p", &port, "--plan", plan];
    match service {
        "ssh" => run(SSH, &common),
        "smtp" => run(SMTP, &common),
        other => run(PORT, &[&["--service", other], common.as_slice()].concat()),
    }
}

/// What is wrong with a run that should have ended in a state, if anything.
fn wrong(ran: &Ran, service: &str, state: &str) -> Option<String> {
    let code = ["OK", "WARNING", "CRITICAL", "UNKNOWN"].iter().position(|it| *it == state);
    let start = format!("{} {state} - ", manners(service).0);
    let right = ran.code == i32::try_from(code?).ok()?
        && ran.first().starts_with(&start)
        && ran.first().contains(" | time=")
        && ran.stderr.is_empty();
    (!right).then(|| format!("{state} expected: {ran:?}"))
}

#[test]
fn every_service_is_judged_by_the_time_to_its_answer() {
    let cells = ROWS.iter().flat_map(|(plans, service, cells)| {
        plans.iter().flat_map(move |plan| cells.iter().map(move |cell| (*plan, *service, *cell)))
    });
    let found: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = cells
            .map(|(plan, service, (late, state))| {
                scope.spawn(move || {
                    let server = server(service, Duration::from_millis(late));
                    let ran = check(service, plan, server.port());
                    wrong(&ran, service, state)
                        .map(|it| format!("{plan} {service} late by {late} ms: {it}"))
                })
            })
            .collect();
        runs.into_iter().filter_map(|run| run.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_service_that_is_down_is_critical_at_once() {
    for (plans, service, _) in ROWS {
        for plan in *plans {
            let closed = Closed::new();
            let ends = [Fake::closing(""), Fake::resetting("")];
            for port in [closed.port(), ends[0].port(), ends[1].port()] {
                let ran = check(service, plan, port);
                assert_eq!(wrong(&ran, service, "CRITICAL"), None, "{plan}");
                assert!(ran.took < Duration::from_secs(3), "{ran:?}");
                assert!(ran.first().contains(&format!("127.0.0.1 port {port} ")), "{ran:?}");
            }
        }
    }
}

#[test]
fn the_time_of_a_service_that_answers_in_drips_is_that_of_its_first_byte() {
    thread::scope(|scope| {
        for (plans, service, _) in ROWS {
            let plan = plans[0];
            scope.spawn(move || {
                let (_, text) = manners(service);
                let server = Fake::dripping([text, &[b'x'; 20]].concat());
                let ran = check(service, plan, server.port());
                assert_eq!(wrong(&ran, service, "OK"), None);
                let time = ran.first().split("time=").nth(1).unwrap();
                assert!(time.starts_with("0."), "{ran:?}");
                // SSH and SMTP need four bytes; the rest is for politeness.
                assert!(ran.took < Duration::from_secs(6), "{ran:?}");
            });
        }
    });
}
