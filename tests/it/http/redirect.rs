//! Redirects.

use super::{BINARY, OK, check, page, serving};
use crate::run::run;

fn redirect(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn redirects_are_judged_and_not_followed_unless_asked_for() {
    let (server, requests) = serving(|_| redirect("/elsewhere"));
    for (options, code) in
        [(&[][..], 0), (&["-f", "ok"], 0), (&["-f", "warning"], 1), (&["-f", "critical"], 2)]
    {
        let ran = check(server.port(), options);
        assert!(ran.code == code && ran.first().contains("302 Found"), "{}", ran.stdout);
    }
    assert_eq!(requests.try_iter().count(), 4);
}

#[test]
fn each_hop_is_followed_and_named() {
    let (server, requests) = serving(|asked| match asked.split(' ').nth(1) {
        Some("/") => redirect("/one"),
        Some("/one") => redirect("two?x"),
        Some("/two?x") => OK.to_owned(),
        _ => "HTTP/1.0 500 lost\r\n\r\n".to_owned(),
    });
    for manner in ["follow", "sticky", "stickyport", "curl"] {
        let ran = check(server.port(), &["-f", manner]);
        assert!(ran.code == 0 && ran.first().contains("200 OK"), "{}", ran.stdout);
        let port = server.port();
        let hops = format!(
            "redirected to http://127.0.0.1:{port}/one\nredirected to http://127.0.0.1:{port}/two?x\n"
        );
        assert!(ran.stdout.ends_with(&hops), "{}", ran.stdout);
        assert_eq!(requests.try_iter().count(), 3);
    }
}

#[test]
fn redirects_that_lead_nowhere_are_the_servers_fault() {
    let huge = format!("/{}", "x".repeat(100_000));
    for (location, code, text) in [
        ("/", 2, "redirection creates an infinite loop"),
        ("ftp://127.0.0.1/", 2, "cannot follow redirect to 'ftp://127.0.0.1/'"),
        ("http://", 2, "cannot follow redirect to 'http://'"),
        ("", 2, "cannot follow redirect to ''"),
        ("\x1b[2J|x=1", 2, ""),
        (huge.as_str(), 2, "cannot follow redirect to '/xxxx"),
    ] {
        let (server, _requests) = serving({
            let answer = redirect(location);
            move |_| answer.clone()
        });
        let ran = check(server.port(), &["-f", "follow", "-t", "3"]);
        assert!(ran.code == code && ran.first().contains(text), "{location:.40} {}", ran.stdout);
    }
    let (server, _requests) = serving(|_| "HTTP/1.1 302 Found\r\n\r\n".to_owned());
    let ran = check(server.port(), &["-f", "follow"]);
    assert!(ran.code == 2 && ran.first().contains("redirect without a location"), "{}", ran.stdout);
}

#[test]
fn an_endless_chain_is_given_up() {
    let (server, requests) = serving(|asked| {
        let path = asked.split(' ').nth(1).unwrap_or_default();
        redirect(&format!("{path}x"))
    });
    let ran = check(server.port(), &["-f", "follow"]);
    assert!(
        ran.code == 1 && ran.first().contains("maximum redirection depth 15 exceeded"),
        "{}",
        ran.stdout
    );
    assert_eq!(requests.try_iter().count(), 16);
    let ran = check(server.port(), &["-f", "follow", "--max-redirs", "2"]);
    assert!(ran.code == 1 && requests.try_iter().count() == 3, "{}", ran.stdout);
}

#[test]
fn another_host_is_asked_without_the_credentials_of_the_first() {
    let (other, others) = serving(|_| OK.to_owned());
    let location = format!("http://127.0.0.2:{}/", other.port());
    let (server, requests) = serving(move |_| redirect(&location));
    let port = server.port().to_string();
    let options =
        ["-H", "www.example.test", "-I", "127.0.0.1", "-p", &port, "-a", "u:p", "-k", "Cookie: c"];
    // 127.0.0.2 is refused: the other server listens on 127.0.0.1 alone.
    let ran = run(BINARY, &[&options[..], &["-f", "follow"]].concat());
    assert!(ran.code == 2 && ran.first().contains("127.0.0.2"), "{}", ran.stdout);
    assert!(requests.recv().unwrap().contains("Authorization: Basic"));
    // Sticky stays at the address.
    let ran = run(BINARY, &[&options[..], &["-f", "sticky"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let asked = others.recv().unwrap();
    assert!(asked.contains("\r\nHost: 127.0.0.2:") && !asked.contains("Authorization"), "{asked}");
    assert!(!asked.contains("Cookie"), "{asked}");
}

#[test]
fn a_hop_that_does_not_answer_is_named() {
    let server = page(redirect("http://127.77.0.1:9/"));
    let ran = check(server.port(), &["-f", "follow"]);
    let text = "HTTP CRITICAL: connection to 127.77.0.1 port 9 refused";
    assert_eq!(ran.verdict(), (2, text));
}
