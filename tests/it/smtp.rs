//! `check_smtp220` against servers that do what they like.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::fake::{Fake, Identity, converse, hold, say, starttls};
use crate::run::{Ran, run, side_by_side};

const SMTP: &str = env!("CARGO_BIN_EXE_check_smtp220");
const DAY: i64 = 86_400;

fn check(server: &Fake, args: &[&str]) -> Ran {
    let own = server.args();
    let all: Vec<&str> = own.iter().map(String::as_str).chain(args.iter().copied()).collect();
    let ran = run(SMTP, &all);
    assert_eq!(ran.stderr, "");
    assert!(ran.first().contains(" | time="), "{ran:?}");
    ran
}

#[test]
fn the_status_of_the_greeting_is_judged_as_documented() {
    let rows: &[(&str, i32, i32)] = &[
        ("220 hello\r\n", 0, 0),
        ("220-a\r\n220-b\r\n220 c\r\n", 0, 0),
        ("220\r\n", 0, 0),
        ("220 no end", 0, 0),
        ("421 too busy\r\n", 1, 0),
        ("554 go away\r\n", 1, 0),
        ("250 hm\r\n", 1, 0),
        ("wrong\r\n", 2, 2),
        ("22", 2, 2),
        ("2200 x\r\n", 2, 2),
        ("\r\n", 2, 2),
        ("SSH-2.0-x\r\n", 2, 2),
        ("\x1b[31m|x=1\r\n", 2, 2),
    ];
    side_by_side(rows, |(text, core2, core_i5)| {
        for server in [Fake::saying(*text), Fake::closing(*text)] {
            for (plan, code) in [("core2duo", core2), ("corei5-xeon", core_i5)] {
                let ran = check(&server, &["-t", "2", "--plan", plan]);
                assert_eq!(ran.code, *code, "{text:?} {plan} {ran:?}");
                assert!(ran.took < Duration::from_millis(2500), "{ran:?}");
                assert_eq!(ran.stdout.matches('|').count(), 1, "{ran:?}");
            }
        }
    });
}

#[test]
fn the_text_is_that_of_the_peer() {
    let server = Fake::conversing("554 no\r\n", &[("QUIT", "221 bye\r\n")]);
    let here = format!("127.0.0.1 port {}", server.port());
    let text = format!("SMTP WARNING - Invalid SMTP response received from host on {here}: 554 no");
    assert_eq!(check(&server, &[]).verdict(), (1, text.as_str()));
    let ran = check(&server, &["--plan", "corei5-xeon"]);
    assert!(
        ran.verdict().1.ends_with(&format!("sec. response time on {here} [554 no]")),
        "{ran:?}"
    );
}

#[test]
fn an_expectation_is_looked_for_in_the_first_line() {
    let server = Fake::conversing("220-mail.test\r\n220 ready\r\n", &[("QUIT", "221 bye\r\n")]);
    for (text, code) in [("220", 0), ("mail.test", 0), ("ready", 1), ("554", 1)] {
        for plan in ["core2duo", "corei5-xeon"] {
            assert_eq!(check(&server, &["-e", text, "--plan", plan]).code, code, "{text}");
        }
    }
    let refusing = Fake::conversing("554 no\r\n", &[("QUIT", "221 bye\r\n")]);
    assert_eq!(check(&refusing, &["-e", "554"]).code, 0);
}

#[test]
fn commands_are_sent_and_their_replies_compared() {
    let replies = [
        ("EHLO mon.test", "250-hi\r\n250 x\r\n"),
        ("MAIL FROM:<a@b>", "250 ok\r\n"),
        ("NOOP", "250 fine\r\n"),
        ("QUIT", "221 bye\r\n"),
    ];
    let server = Fake::conversing("220 hello\r\n", &replies);
    let named = ["-F", "mon.test"];
    for (args, code) in [
        (&["-f", "a@b"][..], 0),
        (&["-C", "NOOP"], 0),
        (&["-C", "NOOP", "-R", "250"], 0),
        (&["-C", "NOOP", "-R", "fine", "-C", "HELP", "-R", "500"], 0),
        (&["-C", "NOOP", "-R", "^250 (fine|well)$"], 0),
        (&["-C", "NOOP", "-R", r"^\d+ \w+$"], 0),
        (&["-C", "NOOP", "-R", "551"], 1),
    ] {
        let ran = check(&server, &[&named, args].concat());
        assert_eq!(ran.code, code, "{args:?} {ran:?}");
    }
    assert_eq!(run(SMTP, &["-H", "127.0.0.1", "-C", "NOOP", "-R", "("]).code, 3);
    let ran = check(&server, &["-F", "mon.test", "-C", "NOOP", "-R", "551", "-vvv"]);
    let text = "SMTP WARNING - Invalid response '250 fine' to command 'NOOP'";
    assert_eq!(ran.verdict(), (1, text));
    for line in ["> EHLO mon.test", "> NOOP", "> QUIT"] {
        assert!(ran.stdout.lines().any(|it| it == line), "{ran:?}");
    }
}

#[test]
fn tls_is_started_where_it_is_offered() {
    let identity = Identity::until("mail.test", 9 * DAY + 3600);
    let server = starttls(&identity, "220 hello\r\n");
    for (args, code, text) in [
        (&["-S"][..], 0, "SMTP OK - "),
        (&["-S", "-C", "NOOP", "-R", "250 under TLS"], 0, "SMTP OK - "),
        (&["-D", "8"], 0, "SMTP OK - Certificate 'mail.test' will expire on "),
        (&["-D", "9"], 1, "SMTP WARNING - Certificate 'mail.test' expires in 9 day(s) ("),
    ] {
        let ran = check(&server, args);
        assert_eq!(ran.code, code, "{args:?} {ran:?}");
        assert!(ran.first().starts_with(text), "{ran:?}");
    }
    let plain = Fake::conversing("220 hello\r\n", &[("EHLO", "250 x\r\n"), ("QUIT", "221\r\n")]);
    assert_eq!(check(&plain, &["-S"]).verdict(), (1, "SMTP WARNING - TLS not supported by server"));
    let refusing = Fake::conversing(
        "220 hello\r\n",
        &[("EHLO", "250 STARTTLS\r\n"), ("STARTTLS", "454 no\r\n")],
    );
    assert_eq!(
        check(&refusing, &["-S"]).verdict(),
        (1, "SMTP WARNING - Server does not support STARTTLS")
    );
    let server = identity.saying(b"220 hello\r\n");
    assert_eq!(check(&server, &["--ssl"]).code, 0);
}

#[test]
fn whatever_hangs_the_limit_holds_and_the_phase_is_named() {
    let hanging_in_tls = Fake::new(|mut stream: TcpStream| {
        say(&mut stream, b"220 hello\r\n");
        let replies = [("EHLO", "250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n")];
        converse(&mut stream, &replies.map(|(it, reply)| (it.to_owned(), reply.to_owned())));
        let _ = stream.flush();
        hold(stream);
    });
    let rows: &[(Fake, &[&str], &str)] = &[
        (Fake::silent(), &[], "(greeting)"),
        (Fake::silent(), &["--ssl"], "(tls)"),
        (hanging_in_tls, &["-S"], "(tls)"),
        (Fake::saying("220 hello\r\n"), &["-C", "NOOP"], "(first byte)"),
        (Fake::saying("220-hello\r\n"), &["-S"], ""),
    ];
    side_by_side(rows, |(server, args, phase)| {
        let ran = check(server, &[args, &["-t", "1"][..]].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.first().contains(phase), "{ran:?}");
        assert!(ran.took < Duration::from_millis(1500), "{ran:?}");
    });
}

#[test]
fn a_flood_and_a_line_without_end_are_judged_by_their_beginning() {
    let rows = [("220 x\r\n", 0), ("220-x\r\n", 0), ("x", 2), ("554 x", 1)];
    side_by_side(&rows, |(text, code)| {
        let ran = check(&Fake::flooding(*text), &["-t", "3"]);
        assert_eq!(ran.code, *code, "{text:?} {ran:?}");
        assert!(ran.stdout.len() < 1024, "{ran:?}");
    });
}
