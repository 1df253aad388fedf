//! Every cell of the documented rows of http and https, on each side of each bound.

use std::thread;
use std::time::Duration;

use super::{BINARY, OK, answering, check, labels, page, value};
use crate::fake::{Closed, Fake, FullBacklog, Identity, hold, say, wait};
use crate::run::run;

const PLANS: [&str; 2] = ["core2duo", "corei5-xeon"];

/// A web server under TLS that answers after a time.
fn secure(time: Duration, text: &'static str) -> Fake {
    let acceptor = Identity::until("localhost", 86_400).acceptor();
    Fake::new(move |stream| {
        if let Ok(mut tls) = acceptor.accept(stream) {
            super::request(&mut tls);
            wait(time);
            say(&mut tls, text.as_bytes());
            let _ = tls.shutdown();
        }
    })
}

fn status_line(status: u16) -> String {
    format!("HTTP/1.0 {status} Words\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn the_status_decides_in_core2duo_and_where_strict_rules_are_asked_for() {
    let cells = [
        (100, 0),
        (199, 0),
        (200, 0),
        (399, 0),
        (400, 1),
        (499, 1),
        (500, 2),
        (599, 2),
        (600, 2),
        (999, 2),
    ];
    for (status, code) in cells {
        let server = page(status_line(status));
        assert_eq!(check(server.port(), &[]).code, code, "{status}");
        let strict = ["--plan", "corei5-xeon", "--status", "strict", "--with-port", "none"];
        assert_eq!(check(server.port(), &strict).code, code, "strict {status}");
        let lenient = ["--plan", "corei5-xeon", "--with-port", "none"];
        assert_eq!(check(server.port(), &lenient).code, 0, "corei5-xeon {status}");
    }
}

#[test]
fn the_status_decides_over_tls_in_the_same_way() {
    for (text, code) in [
        ("HTTP/1.0 399 x\r\n\r\n", 0),
        ("HTTP/1.0 400 x\r\n\r\n", 1),
        ("HTTP/1.0 499 x\r\n\r\n", 1),
        ("HTTP/1.0 500 x\r\n\r\n", 2),
    ] {
        let (server, other) = (secure(Duration::ZERO, text), page(OK));
        let with = ["--service", "https", "--with-port", &other.port().to_string()];
        assert_eq!(check(server.port(), &with).code, code, "{text}");
        let lenient = [&with[..], &["--plan", "corei5-xeon"]].concat();
        assert_eq!(check(server.port(), &lenient).code, 0, "{text}");
    }
}

#[test]
fn what_is_no_http_is_critical_in_both_plans() {
    for text in [
        "blurb\r\n",
        "<html>old</html>",
        "HTTP/1.0 099 x\r\n\r\n",
        "HTTP/1.0 20 x\r\n\r\n",
        "\0\0\0",
        "",
    ] {
        let server = page(text);
        for plan in PLANS {
            let ran = check(server.port(), &["--plan", plan, "--with-port", "none"]);
            assert_eq!(ran.code, 2, "{text:?} {}", ran.stdout);
        }
    }
}

/// Seconds that the answer takes, its limit, and the state in both plans.
const TIMES: [(f64, Option<&str>, [i32; 2]); 6] = [
    (0.0, None, [0, 0]),
    (4.7, None, [0, 0]),
    (5.1, None, [0, 1]),
    (9.6, None, [0, 1]),
    // Later than documented is CRITICAL, also where the limit would allow it.
    (10.1, Some("13"), [2, 2]),
    (11.0, None, [2, 2]),
];

/// One cell: a server that takes its time, and both plans side by side.
fn time_cell(server: &Fake, service: &str, seconds: f64, limit: Option<&str>, codes: [i32; 2]) {
    let other = page(OK);
    let second = if service == "http" { "none".to_owned() } else { other.port().to_string() };
    thread::scope(|scope| {
        for (plan, code) in PLANS.into_iter().zip(codes) {
            let second = &second;
            scope.spawn(move || {
                let mut options = vec!["--service", service, "--plan", plan, "--with-port", second];
                options.extend(limit.into_iter().flat_map(|limit| ["-t", limit]));
                let ran = check(server.port(), &options);
                assert_eq!(ran.code, code, "{plan} {seconds}: {}", ran.stdout);
                let shown = value(&ran, "time");
                assert!((shown - seconds.min(10.1)).abs() < 0.4, "{seconds}: {shown}");
                assert!(ran.took < Duration::from_millis(10_500), "{:?}", ran.took);
            });
        }
    });
}

fn time_cells(server: impl Fn(Duration) -> Fake + Sync, service: &str) {
    thread::scope(|scope| {
        for (seconds, limit, codes) in TIMES {
            let server = &server;
            scope.spawn(move || {
                let fake = server(Duration::from_secs_f64(seconds));
                time_cell(&fake, service, seconds, limit, codes);
            });
        }
    });
}

#[test]
fn the_time_to_the_answer_decides() {
    time_cells(|time| answering(time, OK), "http");
}

#[test]
fn the_time_to_the_answer_decides_over_tls() {
    time_cells(|time| secure(time, OK), "https");
}

#[test]
fn a_port_that_is_down_is_critical_for_both_services_in_both_plans() {
    let closed = Closed::new();
    for service in ["http", "https"] {
        for plan in PLANS {
            let ran = check(closed.port(), &["--service", service, "--plan", plan]);
            let text =
                format!("HTTP CRITICAL: connection to 127.0.0.1 port {} refused", closed.port());
            assert_eq!(ran.verdict(), (2, text.as_str()));
            assert_eq!(labels(&ran), ["time"]);
        }
    }
}

#[test]
fn a_port_that_never_accepts_is_no_answer() {
    let full = FullBacklog::at([127, 0, 0, 1].into(), 0);
    let ran = check(full.port(), &["-t", "1"]);
    let text = format!("HTTP CRITICAL: no answer from 127.0.0.1 port {} in", full.port());
    assert!(
        ran.code == 2 && ran.first().starts_with(&text) && ran.first().contains("(connect)"),
        "{}",
        ran.stdout
    );
    assert!(ran.took < Duration::from_millis(1500), "{:?}", ran.took);
}

#[test]
fn the_second_port_must_accept_a_connection_too() {
    let (server, closed) = (page(OK), Closed::new());
    let (accepting, full) = (Fake::new(hold), FullBacklog::at([127, 0, 0, 1].into(), 0));
    let with = |port: u16, more: &[&str]| {
        check(server.port(), &[&["--with-port", &port.to_string()], more].concat())
    };
    assert_eq!(with(accepting.port(), &[]).code, 0);
    let ran = with(closed.port(), &[]);
    let refused = format!("connection to 127.0.0.1 port {} refused", closed.port());
    assert!(ran.code == 2 && ran.first().contains(&refused), "{}", ran.stdout);
    assert_eq!(labels(&ran), ["time", "size"]);
    // The answer's own time is what is shown, not that of the port that never answered.
    let ran = with(full.port(), &["-t", "1"]);
    let silent = format!("no answer from 127.0.0.1 port {} in", full.port());
    assert!(ran.code == 2 && ran.first().contains(&silent), "{}", ran.stdout);
    assert!(value(&ran, "time") < 0.5 && ran.took < Duration::from_millis(1500), "{}", ran.stdout);
    let ran = with(full.port(), &["-t", "1", "--timeout-result", "warning"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
}

#[test]
fn the_second_port_is_the_documented_one_unless_another_is_named() {
    let server = page(OK);
    let tls = secure(Duration::ZERO, OK);
    let cells = [
        (server.port(), "http", "core2duo", None),
        (server.port(), "http", "corei5-xeon", Some("port 443 refused")),
        (tls.port(), "https", "core2duo", Some("port 80 refused")),
        (tls.port(), "https", "corei5-xeon", Some("port 80 refused")),
    ];
    for (port, service, plan, second) in cells {
        let ran = check(port, &["--service", service, "--plan", plan]);
        assert_eq!(ran.code, if second.is_some() { 2 } else { 0 }, "{}", ran.stdout);
        assert!(ran.first().contains(second.unwrap_or("200 OK")), "{}", ran.stdout);
        let ran = check(port, &["--service", service, "--plan", plan, "--with-port", "none"]);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
    }
}

#[test]
fn the_services_have_their_documented_ports() {
    for (options, port) in [
        (&[][..], 80),
        (&["--service", "http"], 80),
        (&["--service", "https"], 443),
        (&["-S"], 443),
        (&["-C", "5"], 443),
    ] {
        // Nobody listens on the documented ports of this address.
        let ran = run(BINARY, &[&["-H", "127.77.0.1"], options].concat());
        let refused = format!("connection to 127.77.0.1 port {port} refused");
        assert!(ran.code == 2 && ran.first().contains(&refused), "{}", ran.stdout);
    }
}

#[test]
fn layer_4_judges_the_connection_alone() {
    let (silent, closed) = (Fake::silent(), Closed::new());
    for service in ["http", "https"] {
        for plan in PLANS {
            let base = ["--service", service, "--plan", plan, "--layer", "4", "--with-port"];
            let ran = check(silent.port(), &[&base[..], &["none"]].concat());
            assert_eq!((ran.code, labels(&ran)), (0, vec!["time"]), "{}", ran.stdout);
            let with = closed.port().to_string();
            let ran = check(silent.port(), &[&base[..], &[&with]].concat());
            assert_eq!((ran.code, labels(&ran)), (2, vec!["time"]), "{}", ran.stdout);
        }
    }
    let ran = check(silent.port(), &["--layer", "4"]);
    let text = format!("second response time on 127.0.0.1 port {}", silent.port());
    assert!(ran.verdict().1.ends_with(&text), "{}", ran.stdout);
}

#[test]
fn own_thresholds_replace_the_documented_ones_one_by_one() {
    let server = page(OK);
    assert_eq!(check(server.port(), &["-w", "0"]).code, 1);
    assert_eq!(check(server.port(), &["-c", "0"]).code, 2);
    assert_eq!(check(server.port(), &["-c", "9", "-w", "5s"]).code, 0);
    let ran = check(server.port(), &["-w", "3", "--plan", "corei5-xeon", "--with-port", "none"]);
    assert!(
        ran.first().contains("s;3.000000;10.000000;0.000000;10.000000 size=43B;;;0"),
        "{}",
        ran.stdout
    );
}
