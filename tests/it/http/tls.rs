//! HTTP over TLS.

use std::time::Duration;

use openssl::ssl::{NameType, SslVersion};

use super::{BINARY, OK, check, labels, page, request, value};
use crate::fake::{Fake, Identity, hold, say};
use crate::run::run;

const DAY: i64 = 86_400;

/// A web server under TLS whose certificate is valid for so many seconds.
fn server(seconds: i64) -> Fake {
    let acceptor = Identity::until("www.example.test", seconds).acceptor();
    Fake::new(move |stream| {
        if let Ok(mut tls) = acceptor.accept(stream) {
            let name = tls.ssl().servername(NameType::HOST_NAME).unwrap_or("none").to_owned();
            request(&mut tls);
            say(&mut tls, format!("HTTP/1.0 200 OK\r\nX-Sni: {name}\r\n\r\nhello").as_bytes());
            let _ = tls.shutdown();
        }
    })
}

#[test]
fn an_invalid_certificate_alone_does_not_change_the_state() {
    for seconds in [90 * DAY, 3600, -3600] {
        let ran = check(server(seconds).port(), &["-S"]);
        assert!(ran.code == 0 && ran.first().contains("HTTP/1.0 200 OK"), "{}", ran.stdout);
    }
}

#[test]
fn verification_is_an_option() {
    let ran = check(server(90 * DAY).port(), &["-S", "--verify-cert"]);
    assert!(ran.code == 2 && ran.first().contains("TLS with 127.0.0.1 port "), "{}", ran.stdout);
}

#[test]
fn days_that_are_left_are_judged() {
    for (days, left, code, text) in [
        ("5", 90 * DAY, 0, "Certificate 'www.example.test' will expire on "),
        ("30", 10 * DAY + 60, 1, "Certificate 'www.example.test' expires in 10 day(s) ("),
        ("30,15", 10 * DAY + 60, 2, "Certificate 'www.example.test' expires in 10 day(s) ("),
        ("5", -DAY, 2, "Certificate 'www.example.test' expired on "),
    ] {
        let server = server(left);
        let ran = check(server.port(), &["-C", days]);
        assert!(ran.code == code && ran.first().contains(text), "{}", ran.stdout);
        let ran = check(server.port(), &["-C", days, "--continue-after-certificate"]);
        assert!(ran.code == code && ran.first().contains("HTTP/1.0 200 OK"), "{}", ran.stdout);
        assert!(code == 0 || ran.stdout.contains(text), "{}", ran.stdout);
    }
}

#[test]
fn the_name_is_sent_where_there_is_one() {
    let server = server(DAY);
    let port = server.port().to_string();
    for (name, sent) in
        [("www.example.test", "X-Sni: www.example.test"), ("127.0.0.1", "X-Sni: none")]
    {
        let ran = run(BINARY, &["-H", name, "-I", "127.0.0.1", "-p", &port, "-S", "-d", sent]);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
    }
}

#[test]
fn versions_are_offered_as_asked_for() {
    let old = Identity::until("localhost", DAY).saying_by(SslVersion::TLS1_2, OK.as_bytes());
    for (option, code) in
        [("-S", 0), ("-S1.2", 0), ("-S1.2+", 0), ("--ssl=1.2", 0), ("-S1.3", 2), ("-S1.3+", 2)]
    {
        let ran = check(old.port(), &[option, "-t", "3"]);
        assert_eq!(ran.code, code, "{option} {}", ran.stdout);
    }
    for option in ["-S2", "-S3"] {
        assert_eq!(check(old.port(), &[option]).code, 3);
    }
}

#[test]
fn handshakes_that_fail_are_the_targets_fault_in_their_phase() {
    let alert = Fake::new(|mut stream| {
        // A fatal alert: handshake_failure.
        say(&mut stream, &[21, 3, 3, 0, 2, 2, 40]);
        hold(stream);
    });
    let ran = check(alert.port(), &["-S"]);
    assert!(ran.code == 2 && ran.first().contains("TLS with 127.0.0.1 port "), "{}", ran.stdout);
    let silent = Fake::silent();
    let ran = check(silent.port(), &["-S", "-t", "1"]);
    assert!(ran.code == 2 && ran.first().contains("(tls)"), "{}", ran.stdout);
    assert!(ran.took < Duration::from_millis(1500), "{:?}", ran.took);
    let plain = Fake::saying("HTTP/1.0 400 Bad Request\r\n\r\n");
    let ran = check(plain.port(), &["-S"]);
    assert!(ran.code == 2 && ran.first().contains("TLS with"), "{}", ran.stdout);
    let ran = check(Fake::closing("").port(), &["-S"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[test]
fn silence_behind_the_handshake_is_no_answer() {
    let acceptor = Identity::until("localhost", DAY).acceptor();
    let server = Fake::new(move |stream| {
        if let Ok(tls) = acceptor.accept(stream)
            && let Ok(stream) = tls.get_ref().try_clone()
        {
            hold(stream);
        }
    });
    let ran = check(server.port(), &["-S", "-t", "1"]);
    assert!(ran.code == 2 && ran.first().contains("(first byte)"), "{}", ran.stdout);
    assert!(ran.took < Duration::from_millis(1500), "{:?}", ran.took);
}

#[test]
fn the_handshake_is_a_stage_of_its_own() {
    let ran = check(server(DAY).port(), &["-S", "-E"]);
    let stages = [
        "time",
        "size",
        "time_connect",
        "time_ssl",
        "time_headers",
        "time_firstbyte",
        "time_transfer",
    ];
    assert_eq!(labels(&ran), stages);
    assert!(value(&ran, "time_ssl") > 0.0, "{}", ran.stdout);
}

#[test]
fn a_redirect_may_lead_to_tls() {
    let tls = server(DAY);
    let location = format!("https://127.0.0.1:{}/", tls.port());
    let plain = page(format!("HTTP/1.0 301 Moved\r\nLocation: {location}\r\n\r\n"));
    let ran = check(plain.port(), &["-f", "follow", "-d", "X-Sni"]);
    assert!(
        ran.code == 0 && ran.stdout.contains(&format!("redirected to {location}")),
        "{}",
        ran.stdout
    );
}
