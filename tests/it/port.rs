//! `check_port` against servers that do what they like.

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use crate::fake::{Closed, Fake, FullBacklog, hold, say};
use crate::run::{Ran, run, side_by_side};

mod addresses;
mod tls;

const PORT: &str = env!("CARGO_BIN_EXE_check_port");

fn check(server: &Fake, args: &[&str]) -> Ran {
    let own = server.args();
    let all: Vec<&str> = own.iter().map(String::as_str).chain(args.iter().copied()).collect();
    run(PORT, &all)
}

/// Code and text, with the address replaced by `HERE` and times by `T`.
fn verdict(ran: &Ran, port: u16) -> (i32, String) {
    let (code, text) = ran.verdict();
    let text = text.replace(&format!("127.0.0.1 port {port}"), "HERE");
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| if word.len() == 5 && word.starts_with("0.") { "T" } else { word })
        .collect();
    assert_eq!(ran.stderr, "");
    (code, words.join(" "))
}

#[test]
fn a_plain_port_is_judged_by_its_connection() {
    let server = Fake::silent();
    let ran = check(&server, &[]);
    assert_eq!(verdict(&ran, server.port()), (0, "TCP OK - T second response time on HERE".into()));
    assert!(ran.first().ends_with("s;;;0.000000;10.000000"), "{ran:?}");
    assert_eq!(check(&server, &["-w", "0:0"]).code, 1);
    assert_eq!(check(&server, &["-w", "0:0", "-c", "0:0"]).code, 2);
    assert_eq!(check(&server, &["-w", "5", "-c", "500ms:10"]).code, 2);
}

#[test]
fn texts_are_expected_as_by_the_peer() {
    let server = Fake::conversing("220 hello\r\n", &[("NOOP", "250 fine\r\n")]);
    let unexpected = "TCP WARNING - Unexpected response from host/socket: 220 hello";
    let ok = "TCP OK - T second response time on HERE [220 hello]";
    let rows: &[(&[&str], i32, &str)] = &[
        (&["-e", "220"], 0, ok),
        (&["-e", "nothing", "-e", "hello"], 0, ok),
        (&["-A", "-e", "hello", "-e", "220"], 0, ok),
        (&["-e", "220", "-j"], 0, "TCP OK - T second response time on HERE"),
        (&["-A", "-e", "hello", "-e", "nothing"], 1, unexpected),
        (&["-e", "221"], 1, unexpected),
        (&["-e", "221", "-M", "ok"], 0, &unexpected.replace("WARNING", "OK")),
        (&["-e", "221", "-M", "crit"], 2, &unexpected.replace("WARNING", "CRITICAL")),
        (&["-e", "221", "-j"], 1, "TCP WARNING - Unexpected response from host/socket on HERE"),
        (&["-m", "3", "-e", "hello"], 1, "TCP WARNING - Unexpected response from host/socket: 220"),
        (&["-m", "3", "-e", "220"], 0, "TCP OK - T second response time on HERE [220]"),
        (
            &["-E", "-s", r"NOOP\r\n", "-e", "fine"],
            0,
            r"TCP OK - T second response time on HERE [220 hello\x0d\x0a250 fine]",
        ),
    ];
    for (args, code, text) in rows {
        let ran = check(&server, args);
        assert_eq!(verdict(&ran, server.port()), (*code, (*text).to_owned()), "{args:?}");
        // After its words a server may pause for two seconds.
        assert!(ran.took < Duration::from_secs(4), "{ran:?}");
    }
}

#[test]
fn a_delay_is_waited_for_and_not_counted() {
    let server = Fake::saying("220 hello\r\n");
    let ran = check(&server, &["-s", "x", "-d", "1", "-e", "220", "-c", "0.9"]);
    assert_eq!((ran.code, ran.took >= Duration::from_secs(1)), (0, true), "{ran:?}");
    assert_eq!(check(&server, &["-d", "2", "-t", "1"]).code, 3);
}

/// What a server hears until the client goes, after it has said something.
fn heard(greeting: &'static [u8], args: &[&str]) -> (Ran, Vec<u8>) {
    let (sender, words) = mpsc::channel();
    let server = Fake::new(move |mut stream| {
        say(&mut stream, greeting);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let mut words = Vec::new();
        let _ = stream.read_to_end(&mut words);
        let _ = sender.send(words);
    });
    let ran = check(&server, args);
    (ran, words.recv_timeout(Duration::from_secs(20)).expect("a client"))
}

#[test]
fn each_protocol_is_left_in_its_own_words() {
    let ftp = b"220-a\r\n220 b\r\n";
    for (args, greeting, words) in [
        (&["--service", "ftp"][..], &ftp[..], &b"QUIT\r\n"[..]),
        (&["--service", "pop"], b"+OK\r\n", b"QUIT\r\n"),
        (&["--service", "imap"], b"* OK\r\n", b"a1 LOGOUT\r\n"),
        (&["--service", "ftp", "--layer", "4"], ftp, b""),
        (&["-q", "BYE"], b"", b"BYE\r\n"),
        (&["-E", "-q", r"BYE\n"], b"", b"BYE\n"),
        (&["--service", "postgresql"], b"N", b"\0\0\0\x08\x04\xd2\x16\x2f"),
    ] {
        let (ran, heard) = heard(greeting, args);
        assert_eq!((ran.code, heard.as_slice()), (0, words), "{args:?}");
    }
}

#[test]
fn a_mysql_server_is_logged_in_to() {
    let greeting = b"\x0d\0\0\0\x0a10.6-MariaDB";
    let (ran, words) = heard(greeting, &["--service", "mysql"]);
    assert!(words.ends_with(b"mariadb.sys\0\0mysql_native_password\0"), "{words:?}");
    assert!(ran.first().contains("[10.6-MariaDB]"), "{ran:?}");
    let (ran, words) = heard(b"\x05\0\0\0\xff\x69\x04No", &["--service", "mysql"]);
    assert_eq!((ran.code, words.as_slice()), (0, &b""[..]));
    assert!(ran.first().contains("[error 1129: No]"), "{ran:?}");
}

#[test]
fn a_server_that_never_lets_go_costs_a_second_and_no_state() {
    let server = Fake::saying("220 hello\r\n");
    let ran = check(&server, &["--service", "ftp", "-c", "0.9"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.took < Duration::from_secs(2), "{ran:?}");
}

#[test]
fn whatever_hangs_the_limit_holds_and_the_phase_is_named() {
    let (silent, full) = (Fake::silent(), FullBacklog::at([127, 0, 0, 1].into(), 0));
    let (silent, full) = (silent.port().to_string(), full.port().to_string());
    let rows: &[(&String, &[&str], &str)] = &[
        (&silent, &["--service", "ftp"], "(greeting)"),
        (&silent, &["--service", "mysql"], "(greeting)"),
        (&silent, &["--service", "postgresql"], "(first byte)"),
        (&silent, &["-e", "x"], "(greeting)"),
        (&silent, &["-S"], "(tls)"),
        (&full, &["--service", "imap"], "(connect)"),
        (&full, &["-S"], "(connect)"),
    ];
    side_by_side(rows, |(port, args, phase)| {
        let args = [&["-H", "127.0.0.1", "-t", "1", "-p", port], *args].concat();
        let ran = run(PORT, &args);
        assert_eq!(ran.code, 2, "{args:?} {ran:?}");
        assert!(ran.first().contains(phase), "{args:?} {ran:?}");
        assert!(ran.first().contains(&format!("127.0.0.1 port {port}")), "{args:?} {ran:?}");
        assert!(ran.took < Duration::from_millis(1500), "{args:?} {ran:?}");
        let asked = run(PORT, &[args.as_slice(), &["--timeout-result", "unknown"]].concat());
        assert_eq!(asked.code, 3, "{asked:?}");
    });
}

#[test]
fn a_flood_and_a_line_without_end_are_answers() {
    side_by_side(&["ftp", "pop", "imap", "mysql", "postgresql"], |service| {
        for server in [Fake::flooding("220 hello\r\n"), Fake::flooding("x")] {
            let ran = check(&server, &["--service", service]);
            assert_eq!(ran.code, 0, "{ran:?}");
            assert!(ran.stdout.len() < 1024 && ran.took < Duration::from_secs(4), "{ran:?}");
        }
    });
    assert_eq!(check(&Fake::flooding("x"), &["-e", "nothing", "-t", "3"]).code, 1);
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let text = b"220 |x=1;2 \x1b[31m\x07\xff\xe2\x80\xae\x00 ok\r\n";
    for args in [&["--service", "ftp"][..], &["-e", "220"], &["-e", "no", "-t", "5"]] {
        let server = Fake::saying(&text[..]);
        let ran = check(&server, args);
        assert_eq!(ran.stdout.matches('|').count(), 1, "{ran:?}");
        let first = ran.first();
        assert!(first.contains(r"220  x=1;2 \x1b[31m\x07"), "{first}");
        assert!(first.contains("\u{fffd}\\u{202e}\\x00 ok"), "{first}");
    }
}

#[test]
fn a_refused_connection_is_what_the_operator_says() {
    let closed = Closed::new();
    let port = closed.port().to_string();
    for (state, code) in [("ok", 0), ("warn", 1), ("crit", 2)] {
        let ran = run(PORT, &["-H", "127.0.0.1", "-p", &port, "-r", state]);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.first().contains(" | time="), "{ran:?}");
    }
}

#[test]
fn what_makes_no_sense_is_unknown_and_says_why() {
    for args in [
        &["-H", "127.0.0.1"][..],
        &["-H", "127.0.0.1", "-p", "0"],
        &["-H", "127.0.0.1", "-p", "65536"],
        &["-H", "127.0.0.1", "--service", "ssh"],
        &["-H", "127.0.0.1", "--service", "ftp", "-s", "x"],
        &["-H", "127.0.0.1", "--service", "ftp", "--layer", "5"],
        &["-H", "127.0.0.1", "--service", "ftp", "--layer", "4", "-S"],
        &["-H", "127.0.0.1", "--service", "mysql", "-S"],
        &["-H", "127.0.0.1", "-p", "1", "-D", "x"],
        &["-H", "127.0.0.1", "-p", "1", "-D", "1,2"],
        &["-H", "127.0.0.1", "-p", "1", "-m", "0"],
        &["-H", "127.0.0.1", "-p", "1", "-M", "fine"],
        &["-H", "127.0.0.1", "-p", "1", "127.0.0.1"],
        &["-p", "1"],
        &["-H", "", "-p", "1"],
        &["-H", "/run/socket", "-p", "1"],
    ] {
        let ran = run(PORT, args);
        assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{args:?} {ran:?}");
        assert!(ran.first().contains(" UNKNOWN - "), "{ran:?}");
    }
}

#[test]
fn a_transcript_changes_neither_first_line_nor_values() {
    let server = Fake::conversing("+OK hi\r\n", &[("QUIT", "+OK bye\r\n")]);
    let plain = check(&server, &["--service", "pop"]);
    let ran = check(&server, &["--service", "pop", "-vvv"]);
    assert_eq!(verdict(&ran, server.port()), verdict(&plain, server.port()));
    for line in ["< +OK hi", "> QUIT", "< +OK bye"] {
        assert!(ran.stdout.lines().any(|it| it == line), "{ran:?}");
    }
    drop(Fake::new(hold));
}
