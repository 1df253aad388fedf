//! `check_ssh_banner` against servers that do what they like.

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use crate::fake::{Fake, say};
use crate::run::{Ran, run, side_by_side};

const SSH: &str = env!("CARGO_BIN_EXE_check_ssh_banner");
const OPENSSH: &str = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";

fn check(server: &Fake, args: &[&str]) -> Ran {
    let own = server.args();
    let all: Vec<&str> = own.iter().map(String::as_str).chain(args.iter().copied()).collect();
    let ran = run(SSH, &all);
    assert_eq!(ran.stderr, "");
    assert!(ran.first().contains(" | time="), "{ran:?}");
    ran
}

#[test]
fn a_header_with_ssh_is_what_is_documented() {
    let rows: &[(&str, i32, &str)] = &[
        (OPENSSH, 0, "SSH OK - OpenSSH_9.2p1 Debian-2 (protocol 2.0) on HERE"),
        ("Welcome\r\nfriends\nSSH-1.99-x\r\n", 0, "SSH OK - x (protocol 1.99) on HERE"),
        ("HELLO SSH\r\n", 0, "SSH OK - HELLO SSH on HERE"),
        ("SSH", 0, "SSH OK - SSH on HERE"),
        ("SSH-2.0-no end", 0, "SSH OK - SSH-2.0-no end on HERE"),
        ("SSH-2.0-a|b\x1b[31m\r\n", 0, r"SSH OK - a b\x1b[31m (protocol 2.0) on HERE"),
        ("220 hello\r\n", 2, r#"SSH CRITICAL - header of HERE lacks "SSH": 220 hello"#),
        ("ssh-2.0-x\r\n", 2, r#"SSH CRITICAL - header of HERE lacks "SSH": ssh-2.0-x"#),
        ("|x=1\x07\n", 2, r#"SSH CRITICAL - header of HERE lacks "SSH":  x=1\x07"#),
    ];
    side_by_side(rows, |(text, code, verdict)| {
        let (held, closed) = (Fake::saying(*text), Fake::closing(*text));
        for server in [held, closed] {
            for plan in ["core2duo", "corei5-xeon"] {
                let ran = check(&server, &["-t", "2", "--plan", plan]);
                let here = format!("127.0.0.1 port {}", server.port());
                assert_eq!(ran.verdict(), (*code, verdict.replace("HERE", &here).as_str()));
                assert!(ran.took < Duration::from_millis(2500), "{ran:?}");
            }
        }
    });
}

#[test]
fn versions_are_compared_as_by_the_peer() {
    let server = Fake::saying(OPENSSH);
    let shown = "OpenSSH_9.2p1 Debian-2 (protocol 2.0)";
    for (args, code, text) in [
        (&["-r", "OpenSSH_9.2p1 Debian-2"][..], 0, "SSH OK - "),
        (&["-P", "2.0"], 0, "SSH OK - "),
        (
            &["-r", "OpenSSH_9.2p1"],
            2,
            "SSH CRITICAL - OpenSSH_9.2p1 Debian-2 (protocol 2.0) version mismatch, expected 'OpenSSH_9.2p1'",
        ),
        (
            &["-P", "1.99"],
            2,
            "SSH CRITICAL - OpenSSH_9.2p1 Debian-2 (protocol 2.0) protocol version mismatch, expected '1.99'",
        ),
    ] {
        let ran = check(&server, args);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.first().starts_with(text) && ran.first().contains(shown), "{ran:?}");
    }
}

#[test]
fn a_dripping_header_is_enough_when_it_says_ssh() {
    let rows: &[(&str, &[&str], i32, u64)] = &[
        (OPENSSH, &["-t", "8"], 0, 5),
        (OPENSSH, &["-t", "1.5"], 2, 3),
        ("220 hello", &["-t", "3"], 2, 4),
        (OPENSSH, &["-t", "5", "-r", "OpenSSH_9.2p1"], 2, 6),
    ];
    side_by_side(rows, |(text, args, code, most)| {
        let ran = check(&Fake::dripping(*text), args);
        assert_eq!(ran.code, *code, "{ran:?}");
        assert!(ran.took < Duration::from_secs(*most), "{ran:?}");
    });
}

#[test]
fn a_flood_a_line_without_end_and_silence_are_critical() {
    let servers = [Fake::flooding("x\r\n"), Fake::flooding("x"), Fake::silent(), Fake::closing("")];
    side_by_side(&servers, |server| {
        let ran = check(server, &["-t", "1"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.took < Duration::from_millis(1500), "{ran:?}");
    });
    let ran = check(&Fake::silent(), &["-t", "1:unknown"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.first().contains("(greeting)"), "{ran:?}");
}

#[test]
fn the_server_is_told_who_we_are_and_that_we_leave() {
    let (sender, words) = mpsc::channel();
    let server = Fake::new(move |mut stream| {
        say(&mut stream, OPENSSH.as_bytes());
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let mut words = Vec::new();
        let _ = stream.read_to_end(&mut words);
        let _ = sender.send(words);
    });
    assert_eq!(check(&server, &[]).code, 0);
    let heard = words.recv_timeout(Duration::from_secs(20)).expect("a client");
    let own = format!("SSH-2.0-firstaid_{}\r\n", env!("CARGO_PKG_VERSION"));
    assert!(heard.starts_with(own.as_bytes()), "{heard:?}");
    assert_eq!(heard.len(), own.len() + 24);
}
