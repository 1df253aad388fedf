//! Servers that lie, stall, drip and flood.

use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use super::{OK, check, holding, labels, page, request, verdict};
use crate::fake::{Fake, hold, say, wait};

/// Sends the first part at once, and the rest byte by byte, one a second.
fn dripping(first: &'static str, rest: &'static str) -> Fake {
    Fake::new(move |mut stream| {
        request(&mut stream);
        let _ = stream.set_nodelay(true);
        say(&mut stream, first.as_bytes());
        for byte in rest.as_bytes() {
            wait(Duration::from_millis(300));
            say(&mut stream, &[*byte]);
        }
        hold(stream);
    })
}

/// Sends the first part once and the second one for ever.
fn flooding(first: &'static str, rest: &'static str) -> Fake {
    let rest = rest.repeat(1000);
    Fake::new(move |mut stream| {
        request(&mut stream);
        say(&mut stream, first.as_bytes());
        while stream.write_all(rest.as_bytes()).is_ok() {}
    })
}

#[test]
fn silence_is_cut_off_in_every_phase_and_the_phase_is_named() {
    let silent = "HTTP CRITICAL: no answer from 127.0.0.1 port PORT in T s";
    thread::scope(|scope| {
        for (server, phase) in [
            (Fake::silent(), "first byte"),
            (dripping("", "HTTP/1.0 200 OK\r\n\r\n"), "body"),
            (dripping("HTTP/1.0 200 OK\r\n", "A: long header that drips\r\n\r\n"), "body"),
            (holding("HTTP/1.0 200 OK\r\nA: b\r\n"), "body"),
            (holding("H"), "body"),
        ] {
            scope.spawn(move || {
                let ran = check(server.port(), &["-t", "1"]);
                let text = super::masked(ran.verdict().1, server.port());
                assert_eq!((ran.code, text), (2, format!("{silent} ({phase})")));
                assert!(ran.took < Duration::from_millis(1500), "{phase} {:?}", ran.took);
                assert_eq!(labels(&ran), ["time"]);
                assert_eq!(check(server.port(), &["-t", "0.2:unknown"]).code, 3, "{phase}");
            });
        }
    });
}

#[test]
fn a_page_that_drips_does_not_change_what_was_found_of_the_answer() {
    let drip = || dripping("HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\n", "dripdripdripdrip");
    let server = drip();
    let ran = check(server.port(), &["-t", "1"]);
    assert!(
        ran.code == 0 && ran.first().contains("(page not complete after 1.0"),
        "{}",
        ran.stdout
    );
    assert!(ran.took < Duration::from_millis(1500) && super::value(&ran, "time") < 0.5);
    assert_eq!(labels(&ran), ["time"]);
    // What is asked of the page has to be there within the limit.
    for option in [["-s", "absent"], ["-r", "absent"], ["-m", "1"]] {
        let ran = check(server.port(), &[&option[..], &["-t", "0.7"]].concat());
        assert!(ran.code == 2 && ran.first().contains("(body)"), "{option:?} {}", ran.stdout);
        let unknown = [&option[..], &["-t", "0.7:unknown"]].concat();
        assert_eq!(check(server.port(), &unknown).code, 3, "{option:?}");
    }
    assert_eq!(check(server.port(), &["-s", "d", "-t", "1"]).code, 0);
    let ran = check(server.port(), &["-N", "-t", "5"]);
    assert!(ran.code == 0 && ran.took < Duration::from_secs(1), "{}", ran.stdout);
}

#[test]
fn floods_are_cut_off() {
    let begin = "HTTP/1.0 200 OK\r\n\r\n";
    for (server, code, text) in [
        (flooding(begin, "flood of a page "), 0, "HTTP OK: HTTP/1.0 200 OK - more than "),
        (flooding("HTTP/1.0 200 OK\r\n", "A: b\r\n"), 2, "HTTP CRITICAL: HTTP headers from 127"),
        (flooding("HTTP/1.0 200 ", "O"), 2, "HTTP CRITICAL: HTTP headers from 127.0.0.1 port"),
        (flooding("", "garbage"), 2, "HTTP CRITICAL: Invalid HTTP response from 127.0.0.1 port"),
        (flooding("", "HTTP/1.1 100 Continue\r\n\r\n"), 2, "HTTP "),
    ] {
        let ran = check(server.port(), &["-t", "3"]);
        assert!(ran.first().starts_with(text), "{} {}", ran.took.as_secs_f64(), ran.stdout);
        assert!(ran.took < Duration::from_millis(3500), "{text} {:?}", ran.took);
        assert!(ran.code == code || text == "HTTP ", "{}", ran.stdout);
    }
}

#[test]
fn a_chunked_flood_without_sense_is_cut_off() {
    let begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for rest in
        ["zzzz\r\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ffffffffffffffff\r\n", "1\r\nab", "-1\r\n"]
    {
        let server = flooding(begin, rest);
        let ran = check(server.port(), &["--http-version", "1.1", "-t", "3"]);
        assert!(ran.code == 0 && ran.took < Duration::from_millis(3500), "{rest} {}", ran.stdout);
    }
}

#[test]
fn foreign_text_neither_forges_data_nor_acts_on_a_terminal() {
    for (line, shown) in [
        ("HTTP/1.0 200 OK|time=9s", "HTTP OK: HTTP/1.0 200 OK time=9s - "),
        ("HTTP/1.0 200 \x1b[31mOK\x07", "HTTP OK: HTTP/1.0 200 \\x1b[31mOK\\x07 - "),
        ("HTTP/1.0 200 a\0b", "HTTP OK: HTTP/1.0 200 a\\x00b - "),
        ("HTTP/1.0 200 \u{202e}KO", "HTTP OK: HTTP/1.0 200 \\u{202e}KO - "),
    ] {
        let server = page(format!("{line}\r\nContent-Length: 0\r\n\r\n"));
        let ran = check(server.port(), &[]);
        assert!(ran.code == 0 && ran.first().starts_with(shown), "{}", ran.stdout);
    }
    let long = "x".repeat(5000);
    let server = page(format!("HTTP/1.0 200 {long}\r\n\r\n"));
    let ran = check(server.port(), &[]);
    assert!(ran.code == 0 && ran.first().len() < 260, "{}", ran.stdout);
}

#[test]
fn headers_are_no_reason_to_miss_an_answer() {
    let many = "X-Again: y\r\n".repeat(500);
    let large = format!("X: {}\r\n", "y".repeat(64 * 1024));
    for headers in [
        many.as_str(),
        &large,
        "no colon\r\n",
        "Bad Name: x\r\n",
        ": nameless\r\n",
        "X: \x01\x02\r\n",
        "Content-Length: many\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "folded: a\r\n b\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Encoding: gzip\r\n",
    ] {
        let name = headers.get(..30).unwrap_or(headers);
        for (status, code) in [(200, 0), (404, 1), (503, 2)] {
            let server = page(format!("HTTP/1.0 {status} x\r\n{headers}\r\nhello"));
            assert_eq!(check(server.port(), &["-t", "2"]).code, code, "{name} {status}");
        }
    }
}

#[test]
fn heads_are_read_however_their_lines_end() {
    for text in [
        "HTTP/1.0 200 OK\n\nhello",
        "HTTP/1.0 200 OK\nA: b\n\nhello",
        "HTTP/1.0 200 OK\r\nA: b\n\r\nhello",
        "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.0 200 OK\r\nA: b\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.0 200 OK",
    ] {
        assert_eq!(check(page(text).port(), &["-t", "2"]).code, 0, "{text:?}");
    }
}

#[test]
fn a_wrong_length_is_told_and_changes_nothing() {
    let server = page("HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\nhello");
    let text = "HTTP OK: HTTP/1.0 200 OK - 45 bytes (page cut off) in T second response time";
    assert_eq!(verdict(server.port(), &[]), (0, text.to_owned()));
    let server = holding("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhello");
    assert_eq!(check(server.port(), &["-t", "2"]).code, 0);
}

#[test]
fn a_connection_that_ends_early_is_told_with_its_phase() {
    let closing = Fake::closing("");
    let ran = check(closing.port(), &[]);
    assert!(ran.code == 2 && ran.first().contains("closed (first byte)"), "{}", ran.stdout);
    let closed = Fake::new(|mut stream| {
        request(&mut stream);
        let _ = stream.shutdown(Shutdown::Both);
    });
    let ran = check(closed.port(), &[]);
    assert!(ran.code == 2 && ran.first().contains("closed (first byte)"), "{}", ran.stdout);
}

#[test]
fn a_reset_behind_the_headers_leaves_the_answer() {
    let server = Fake::resetting("HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\nhe");
    let ran = check(server.port(), &["-t", "3"]);
    assert!(ran.code == 0 && ran.first().contains("(page cut off)"), "{}", ran.stdout);
    let server = Fake::resetting("HTTP/1.0 200 OK\r\nA: ");
    let ran = check(server.port(), &["-t", "3"]);
    assert!(ran.code == 2 && ran.first().contains("closed (body)"), "{}", ran.stdout);
}

#[test]
fn an_interim_answer_is_followed_by_the_one_that_counts() {
    for text in [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n",
    ] {
        for version in ["1.0", "1.1"] {
            let ran = check(page(text).port(), &["--http-version", version, "-t", "2"]);
            assert!(ran.code == 1 && ran.first().contains("404 Not Found"), "{}", ran.stdout);
        }
    }
    let late = Fake::new(|mut stream| {
        request(&mut stream);
        say(&mut stream, b"HTTP/1.1 100 Continue\r\n\r\n");
        wait(Duration::from_millis(300));
        say(&mut stream, OK.as_bytes());
    });
    let ran = check(late.port(), &["--http-version", "1.1"]);
    assert!(ran.code == 0 && ran.first().contains("200 OK"), "{}", ran.stdout);
    assert!(super::value(&ran, "time") >= 0.3, "{}", ran.stdout);
}

#[test]
fn an_interim_answer_alone_is_one_to_http_1_0_only() {
    let server = holding("HTTP/1.0 100 Continue\r\n\r\n");
    assert_eq!(check(server.port(), &["-t", "0.5"]).code, 0);
    assert_eq!(check(server.port(), &["-t", "0.5", "--http-version", "1.1"]).code, 2);
}
