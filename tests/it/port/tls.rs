//! TLS: certificates of any kind, and handshakes that stop.

use std::io::Read;
use std::time::Duration;

use openssl::ssl::SslVersion;

use super::{check, verdict};
use crate::fake::{Fake, Identity, hold, say};
use crate::run::side_by_side;

const DAY: i64 = 86_400;

#[test]
fn an_invalid_certificate_alone_is_no_fault() {
    for identity in [Identity::until("good.test", 9 * DAY), Identity::until("old.test", -DAY)] {
        let server = identity.saying(b"220 hello\r\n");
        for args in [&["-S", "-e", "220"][..], &["-S", "--service", "ftp"]] {
            let ran = check(&server, args);
            let (code, text) = verdict(&ran, server.port());
            assert_eq!(code, 0, "{ran:?}");
            assert!(text.ends_with("OK - T second response time on HERE [220 hello]"), "{text}");
        }
    }
}

#[test]
fn the_age_of_a_certificate_is_judged_where_it_is_asked_for() {
    let good = Identity::until("good.test", 9 * DAY + 3600);
    let old = Identity::until("old.test", -DAY);
    for (identity, days, code, text) in [
        (&good, "8", 0, "TCP OK - Certificate 'good.test' will expire on "),
        (&good, "9", 1, "TCP WARNING - Certificate 'good.test' expires in 9 day(s) ("),
        (&good, "20,9", 2, "TCP CRITICAL - Certificate 'good.test' expires in 9 day(s) ("),
        (&old, "1", 2, "TCP CRITICAL - Certificate 'old.test' expired on "),
    ] {
        let server = identity.saying(b"");
        let ran = check(&server, &["-D", days]);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.first().starts_with(text), "{ran:?}");
        assert!(ran.first().contains(" | time="), "{ran:?}");
    }
}

#[test]
fn a_hostile_name_in_a_certificate_does_nothing() {
    let server = Identity::until("a|b\x1b[31m", 9 * DAY).saying(b"");
    let ran = check(&server, &["-D", "1"]);
    assert!(ran.first().starts_with(r"TCP OK - Certificate 'a b\x1b[31m' will expire"), "{ran:?}");
    assert_eq!(ran.stdout.matches('|').count(), 1);
}

#[test]
fn servers_of_2007_are_understood() {
    for version in [SslVersion::TLS1, SslVersion::TLS1_1, SslVersion::TLS1_2] {
        let server = Identity::until("old.test", -DAY).saying_by(version, b"220 old\r\n");
        let ran = check(&server, &["-S", "-e", "220"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn a_handshake_that_fails_is_critical_with_its_reason() {
    for (server, reason) in [
        (Fake::saying("220 hello\r\n"), "failed: wrong version number"),
        (Fake::closing(""), "closed (tls)"),
        // The reset may be there before the connection is seen to be.
        (Fake::resetting(""), "closed ("),
        (Fake::flooding("x"), "failed: "),
    ] {
        let ran = check(&server, &["-S", "-t", "3"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.first().contains(reason), "{ran:?}");
    }
}

#[test]
fn a_handshake_that_stops_ends_with_the_limit() {
    let start_of_a_record = |mut stream: std::net::TcpStream| {
        let _ = stream.read(&mut [0; 1024]);
        say(&mut stream, &[22, 3, 3, 0, 100, 2]);
        hold(stream);
    };
    let by_drips = Fake::dripping([22, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3, 0, 0, 0, 0]);
    let servers = [Fake::new(start_of_a_record), by_drips];
    let options = [&["-S"][..], &["-D", "1"], &["--service", "imap", "-S"]];
    let rows: Vec<_> = servers.iter().flat_map(|it| options.map(|args| (it, args))).collect();
    side_by_side(&rows, |(server, args)| {
        let ran = check(server, &[*args, &["-t", "1"]].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.first().contains("(tls)"), "{ran:?}");
        assert!(ran.took < Duration::from_millis(1500), "{ran:?}");
    });
}
