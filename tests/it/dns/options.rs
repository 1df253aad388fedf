//! The options, those that are refused included, and the server that is asked by default.

use std::fs;

use super::fake::{Fake, USUAL, a, answer, name, now, question};
use super::{CHECK, ask};
use crate::run::{Ran, command, finish, run};

#[test]
fn an_address_is_looked_up_backwards() {
    let pointer = |query: &[u8], _| {
        vec![now(answer(query, USUAL, &[(vec![0xc0, 12], 12, name("host.test"))]))]
    };
    let fake = Fake::udp(pointer);
    let port = fake.port();
    for (address, asked) in [
        ("192.0.2.1", "1.2.0.192.in-addr.arpa"),
        ("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
    ] {
        let ran = run(CHECK, &[address, "-s", "127.0.0.1", "-p", &port]);
        assert!(
            ran.code == 0 && ran.first().contains(&format!("{address} returns host.test. |")),
            "{ran:?}"
        );
        let queries = fake.queries();
        let last = question(queries.last().expect("a query"));
        assert_eq!(last, [&name(asked)[..], &[0, 12, 0, 1]].concat(), "{address}");
    }
}

#[test]
fn thresholds_of_the_command_line_override_one_by_one() {
    let fake = Fake::udp(|query, _| vec![super::later(300, answer(query, USUAL, &[a(1)]))]);
    for (args, code) in [
        (&["-w", "0.2"][..], 1),
        (&["-w", "200ms", "-c", "0.25"], 2),
        (&["-w", "1", "-c", "2"], 0),
        (&["-w1:"], 1),
    ] {
        assert_eq!(ask(&fake, args).code, code, "{args:?}");
    }
}

#[test]
fn a_server_may_be_a_name_and_the_family_is_an_option() {
    let fake = Fake::udp(|query, _| vec![now(answer(query, USUAL, &[a(1)]))]);
    let port = fake.port();
    let ran = run(CHECK, &["www.example.test", "-s", "localhost", "-4", "-p", &port]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run(CHECK, &["www.example.test", "-s", "127.0.0.1", "-6", "-p", &port]);
    assert_eq!(ran.verdict(), (2, "DNS CRITICAL: name 127.0.0.1 does not resolve"));
    // ::1 refuses, 127.0.0.1 answers.
    let ran = run(CHECK, &["www.example.test", "-s", "localhost", "-p", &port]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn what_means_nothing_is_refused() {
    let refused: &[&[&str]] = &[
        &[],
        &["a.test", "-q", "NOSUCH"],
        &["a.test", "-q", ""],
        &["a.test", "-p", "0"],
        &["a.test", "-p", "65536"],
        &["a.test", "-a", ""],
        &["a.test", "-a", "192.0.2.0/33"],
        &["a.test", "-a", "192.0.2.1", "-n"],
        &["a.test", "-L"],
        &["a.test", "-w", "abc"],
        &["a.test", "-c", "2:1"],
        &["a.test", "b.test"],
        &["a..test", "-s", "127.0.0.1"],
        &["", "-s", "127.0.0.1"],
        &["a.test", "--bogus"],
    ];
    for args in refused {
        let ran = run(CHECK, args);
        assert_eq!(ran.code, 3, "{args:?} {ran:?}");
        assert!(ran.first().starts_with("DNS UNKNOWN: "), "{args:?} {ran:?}");
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""), "{args:?}");
    }
}

/// Runs the check where `/etc/resolv.conf` has this text.
fn with_resolv_conf(text: &str, args: &str) -> Ran {
    let file = tempfile::NamedTempFile::new().expect("cannot make a temporary file");
    fs::write(file.path(), text).expect("cannot write a temporary file");
    let script =
        format!("mount --bind {} /etc/resolv.conf && exec {CHECK} {args}", file.path().display());
    finish(&mut command("unshare", &["--mount", "sh", "-c", &script]))
}

#[test]
fn the_first_configured_server_is_asked_by_default_and_none_is_unknown() {
    let fake = Fake::udp(|query, _| vec![now(answer(query, USUAL, &[a(1)]))]);
    let text =
        "# a comment\nsearch test\nnameserver 127.0.0.1\nnameserver 192.0.2.53\noptions edns0\n";
    let ran = with_resolv_conf(text, &format!("www.example.test -p {}", fake.port()));
    assert!(ran.code == 0 && ran.first().contains("returns 192.0.2.1"), "{ran:?}");
    for text in ["", "search test\n", "nameserver nonsense\n"] {
        let ran = with_resolv_conf(text, "www.example.test");
        assert_eq!(ran.code, 3, "{text:?} {ran:?}");
        assert!(
            ran.first().starts_with("DNS UNKNOWN: no resolver is configured in /etc/resolv.conf"),
            "{ran:?}"
        );
    }
}

#[test]
fn verbose_adds_lines_and_changes_nothing_else() {
    let fake = Fake::udp(|query, _| vec![now(answer(query, USUAL, &[a(1)]))]);
    let ran = ask(&fake, &["-vvv"]);
    assert_eq!(ran.code, 0);
    for words in ["plan core2duo", "> query ", "< answer of "] {
        assert!(ran.stdout.contains(words), "{ran:?}");
    }
    assert_eq!(ask(&fake, &[]).stdout.lines().count(), 1);
}
