//! Real web servers.

use super::{BINARY, check, labels};
use crate::run::run;
use crate::server::Server;

const TIMES: usize = 100;

#[test]
fn nginx_is_judged_as_documented() {
    let nginx = Server::nginx();
    let (http, https) = (nginx.port_of("http"), nginx.port_of("https"));
    let (with_http, with_https) = (http.to_string(), https.to_string());
    for (path, core2duo) in
        [("/", 0), ("/301", 0), ("/401", 1), ("/403", 1), ("/404", 1), ("/500", 2), ("/503", 2)]
    {
        let ran = check(http, &["-u", path]);
        assert_eq!(ran.code, core2duo, "{}", ran.stdout);
        assert_eq!(labels(&ran), ["time", "size"]);
        let tls = ["-u", path, "--service", "https", "--with-port", &with_http];
        assert_eq!(check(https, &tls).code, core2duo);
        for (port, service, with) in [(http, "http", &with_https), (https, "https", &with_http)] {
            let options =
                ["-u", path, "--plan", "corei5-xeon", "--service", service, "--with-port", with];
            assert_eq!(check(port, &options).code, 0);
        }
    }
    assert_eq!(nginx.complaints(), Vec::<String>::new());
    drop(nginx);
    for (port, service) in [(http, "http"), (https, "https")] {
        assert_eq!(check(port, &["--service", service]).code, 2);
    }
}

#[test]
fn nginx_sees_nothing_bad_in_a_hundred_checks_of_each_kind() {
    let nginx = Server::nginx();
    let (http, https) = (nginx.port_of("http"), nginx.port_of("https"));
    for _ in 0..TIMES {
        let plan = ["--plan", "corei5-xeon", "--with-port"];
        assert_eq!(check(http, &[&plan[..], &[&https.to_string()]].concat()).code, 0);
        let secure = ["--service", "https", plan[0], plan[1], plan[2], &http.to_string()];
        assert_eq!(check(https, &secure).code, 0);
        assert_eq!(check(http, &["-N"]).code, 0);
    }
    assert_eq!(nginx.complaints(), Vec::<String>::new());
}

#[test]
fn apache_behind_basic_authentication_answers_401_and_its_port_is_judged_by_layer_4() {
    let apache = Server::apache();
    let port = apache.port();
    assert_eq!(check(port, &[]).code, 1);
    assert_eq!(check(port, &["--layer", "4"]).code, 0);
    assert_eq!(check(port, &["-a", "monitor:secret"]).code, 0);
    assert_eq!(check(port, &["-a", "monitor:wrong"]).code, 1);
    assert_eq!(check(port, &["-u", "/open/", "-s", "It works"]).code, 0);
    for _ in 0..TIMES {
        assert_eq!(check(port, &["-u", "/open/"]).code, 0);
        assert_eq!(check(port, &["-a", "monitor:secret", "--http-version", "1.1"]).code, 0);
        assert_eq!(check(port, &["--layer", "4"]).code, 0);
    }
    let complaints = apache.complaints();
    // The one about the wrong password is deserved.
    assert!(complaints.iter().all(|line| line.contains("Password Mismatch")), "{complaints:#?}");
}

#[test]
fn the_peer_says_the_same_of_the_same_server() {
    let nginx = Server::nginx();
    let port = nginx.port().to_string();
    let peer = "/usr/lib/nagios/plugins/check_http";
    assert!(
        std::path::Path::new(peer).exists(),
        "needs the Debian package monitoring-plugins-basic"
    );
    for options in [
        &[][..],
        &["-u", "/404"],
        &["-u", "/500"],
        &["-u", "/301"],
        &["-s", "It works"],
        &["-s", "absent"],
        &["-r", "absent"],
        &["-m", "100000"],
        &["-e", "200"],
        &["-u", "/301", "-f", "warning"],
        &["-w", "0"],
        &["-c", "0"],
    ] {
        // The same version of HTTP: with a name the peer claims 1.1, ours 1.0.
        let line = [&["-I", "127.0.0.1", "-p", &port], options].concat();
        let (ours, theirs) = (run(BINARY, &line), run(peer, &line));
        let shape =
            |text: &str| -> String { text.chars().filter(|it| !it.is_ascii_digit()).collect() };
        let (own, other) = (shape(ours.verdict().1), shape(theirs.verdict().1));
        assert_eq!((ours.code, own), (theirs.code, other), "{options:?}");
        let their_labels: Vec<_> = labels_of_peer(theirs.first());
        assert_eq!(labels(&ours), their_labels);
    }
}

fn labels_of_peer(line: &str) -> Vec<&str> {
    let data = line.split_once('|').map_or("", |(_, data)| data);
    data.split_whitespace()
        .filter_map(|item| item.split_once('=').map(|(label, _)| label))
        .collect()
}
