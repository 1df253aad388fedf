//! The check against BIND.

use super::{CHECK, PLANS};
use crate::run::{Ran, run};
use crate::server::Server;

fn ask(named: &Server, args: &[&str]) -> Ran {
    let port = named.port().to_string();
    run(CHECK, &[&["-s", "127.0.0.1", "-p", &port][..], args].concat())
}

#[test]
fn bind_is_understood_in_everything_it_answers() {
    let named = Server::named_recursive();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["www.example.test"], 0, "www.example.test returns 192.0.2.10 |"),
        (&["www.example.test", "-q", "AAAA"], 0, "returns 2001:db8::10 |"),
        (&["many.example.test"], 0, "returns 192.0.2.1,192.0.2.2,192.0.2.3 |"),
        (&["alias.example.test"], 0, "alias.example.test returns 192.0.2.10 |"),
        (&["example.test", "-q", "MX"], 0, "returns 10 mail.example.test. |"),
        (&["example.test", "-q", "NS"], 0, "returns ns.example.test. |"),
        (&["text.example.test", "-q", "TXT"], 0, "text.example.test returns onetwo |"),
        (&["alias.example.test", "-q", "CNAME"], 0, "returns www.example.test. |"),
        (&["big.example.test", "-a", "198.51.100.0/24"], 0, "returns 198.51.100.1,"),
        (&["www.example.test", "-A"], 0, "returns 192.0.2.10 |"),
        (&["nosuch.example.test", "-n"], 0, "nosuch.example.test returns NXDOMAIN |"),
        (&["nosuch.example.test"], 2, "Domain 'nosuch.example.test' was not found by the server |"),
        (&["v6only.example.test"], 0, "v6only.example.test returns 2001:db8::6 |"),
        (&["v6only.example.test", "-q", "A"], 2, "v6only.example.test has no A record |"),
        (&["empty.example.test"], 2, "empty.example.test has no address |"),
        (
            &["dangling.example.test"],
            2,
            "Domain 'dangling.example.test' was not found by the server |",
        ),
        (&["www.example.org"], 2, "DNS failure for www.example.org at 127.0.0.1 port"),
    ];
    for (args, code, words) in cases {
        for plan in PLANS {
            let ran = ask(&named, &[*args, &["--plan", plan]].concat());
            assert_eq!(ran.code, *code, "{args:?} {ran:?}");
            assert!(ran.first().contains(words), "{args:?} {ran:?}");
        }
    }
}

#[test]
fn an_authority_without_recursion_warns_in_one_plan_and_is_fine_as_an_authority() {
    let named = Server::named();
    for (args, code) in [
        (&["--plan", "core2duo"][..], 1),
        (&["--plan", "corei5-xeon"], 0),
        (&["--plan", "core2duo", "-A"], 0),
    ] {
        let ran = ask(&named, &[&["www.example.test"], args].concat());
        assert_eq!(ran.code, code, "{args:?} {ran:?}");
    }
    let ran = ask(&named, &["www.example.org"]);
    assert!(ran.code == 2 && ran.first().contains("Query was refused by DNS server at"), "{ran:?}");
}

#[test]
fn a_hundred_checks_leave_no_complaint_and_the_end_of_the_server_is_critical() {
    let named = Server::named_recursive();
    for number in 0..100 {
        let name = if number % 10 == 0 { "big.example.test" } else { "www.example.test" };
        let ran = ask(&named, &[name]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    named.log_once("hundred queries", |log| log.matches("query: www.example.test").count() >= 90);
    assert_eq!(named.complaints(), Vec::<String>::new());
    let port = named.port().to_string();
    drop(named);
    for plan in PLANS {
        let ran = run(CHECK, &["www.example.test", "-s", "127.0.0.1", "-p", &port, "--plan", plan]);
        let refused = format!("DNS CRITICAL: connection to 127.0.0.1 port {port} refused");
        assert_eq!(ran.verdict(), (2, refused.as_str()));
    }
}
