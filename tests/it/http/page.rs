//! What is expected of an answer and its page.

use super::{OK, check, labels, page, value, verdict};

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n{body}")
}

#[test]
fn the_first_line_is_the_peers() {
    let server = page(OK);
    let text = "HTTP OK: HTTP/1.0 200 OK - 43 bytes in T second response time";
    assert_eq!(verdict(server.port(), &[]), (0, text.to_owned()));
    assert_eq!(labels(&check(server.port(), &[])), ["time", "size"]);
    assert!((value(&check(server.port(), &[]), "size") - 43.0).abs() < 0.1);
}

#[test]
fn expectations_of_the_status_line_replace_all_rules_for_it() {
    let cases = [
        ("404", 0, "HTTP OK: Status line output matched \"404\" - "),
        ("200,404", 0, "HTTP OK: Status line output matched \"404\" - "),
        ("HTTP/1.1 404", 0, "HTTP OK: Status line output matched \"HTTP/1.1 404\" - "),
        (
            "200",
            2,
            "HTTP CRITICAL: Invalid HTTP response from 127.0.0.1 port PORT: HTTP/1.1 404 Gone",
        ),
    ];
    for (expected, code, text) in cases {
        let server = page("HTTP/1.1 404 Gone\r\n\r\n");
        let (ended, line) = verdict(server.port(), &["-e", expected]);
        assert!(ended == code && line.starts_with(text), "{expected}: {line}");
    }
    assert_eq!(check(page("ICY 200 OK\r\n\r\n").port(), &["-e", "ICY"]).code, 0);
}

#[test]
fn the_page_is_searched() {
    for (options, code) in [
        (&["-s", "hello"][..], 0),
        (&["-s", "absent"], 2),
        (&["-r", "h.l+o"], 0),
        (&["-r", "absent"], 2),
        (&["-R", "HELLO"], 0),
        (&["-r", "hello", "--invert-regex"], 2),
        (&["-r", "absent", "--invert-regex"], 0),
        (&["-d", "X-A: b"], 0),
        (&["-d", "X-B"], 2),
        (&["-m", "10"], 0),
        (&["-m", "1000"], 1),
        (&["-m", "1:10"], 1),
        (&["-s", "absent", "-m", "1000"], 2),
        (&["-M", "1d"], 3),
    ] {
        let server = page(ok("hello\0 world"));
        let ran = check(server.port(), options);
        assert_eq!(ran.code, code, "{options:?} {}", ran.stdout);
        assert_eq!(labels(&ran), ["time", "size"], "{options:?}");
    }
    let server = page(ok("a\0hidden"));
    assert_eq!(check(server.port(), &["-s", "hidden"]).code, 0);
    let server = page(ok(&format!("{}needle", "x".repeat(1_000_000))));
    assert_eq!(check(server.port(), &["-s", "needle"]).code, 0);
    assert_eq!(check(server.port(), &["-r", "x+needle$"]).code, 0);
}

#[test]
fn chunks_are_put_together() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nA: b\r\n\r\n";
    let server = page(chunked);
    assert_eq!(check(server.port(), &["--http-version", "1.1", "-s", "hello"]).code, 0);
    let cut = chunked.split("2;").next().unwrap();
    let ran = check(page(cut).port(), &["--http-version", "1.1"]);
    assert!(ran.code == 0 && ran.first().contains("(page cut off)"), "{}", ran.stdout);
    let ran = check(page(cut).port(), &["--http-version", "1.1", "-s", "hello"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[test]
fn a_status_and_a_page_that_are_both_wrong_are_both_named() {
    let server = page("HTTP/1.1 404 Not Found\r\n\r\nx");
    let text = "HTTP CRITICAL: HTTP/1.1 404 Not Found - pattern not found - 27 bytes in T second response time";
    assert_eq!(verdict(server.port(), &["-r", "y"]), (2, text.to_owned()));
}

#[test]
fn stages_are_shown_where_they_are_asked_for() {
    let ran = check(page(OK).port(), &["-E"]);
    let plain = ["time", "size", "time_connect", "time_headers", "time_firstbyte", "time_transfer"];
    assert_eq!(labels(&ran), plain);
}
