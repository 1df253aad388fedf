//! Command lines.

use super::{BINARY, OK, check, page};
use crate::run::run;

#[test]
fn nonsense_is_refused_before_anything_is_asked() {
    for options in [
        &["--service", "ftp"][..],
        &["--layer", "5"],
        &["--with-port", "any"],
        &["--with-port", "0"],
        &["-p", "0"],
        &["-p", "70000"],
        &["-u", "index.html"],
        &["-u", "/a b"],
        &["-k", "no colon"],
        &["-k", "Bad Name: x"],
        &["-k", "X: a\nInjected: b"],
        &["-A", "a\r\nb"],
        &["-j", "BAD METHOD"],
        &["-j", "CONNECT"],
        &["-r", "("],
        &["-m", "9:5"],
        &["-M", "5w"],
        &["-e", ""],
        &["-f", "sideways"],
        &["-C", "x"],
        &["-S", "9.9", "-H", "127.0.0.1"],
        &["--http-version", "2"],
        &["--status", "lax"],
        &["-w", "5:1"],
        &["-r", "a", "-R", "b"],
        &["surplus"],
        &["--bogus"],
    ] {
        let ran = run(BINARY, &[&["-H", "127.0.0.1", "-p", "1"], options].concat());
        assert!(
            ran.code == 3 && ran.first().starts_with("HTTP UNKNOWN: "),
            "{options:?} {}",
            ran.stdout
        );
    }
    let ran = run(BINARY, &["-p", "80"]);
    assert_eq!(ran.verdict(), (3, "HTTP UNKNOWN: a host is required: -H, -I or both"));
}

#[test]
fn the_host_stands_where_the_peer_takes_it() {
    let server = page(OK);
    let port = server.port().to_string();
    for options in [
        &["-H", "127.0.0.1", "-p", &port][..],
        &["-I", "127.0.0.1", "-p", &port],
        &["127.0.0.1", "-p", &port],
        &["-p", &port, "127.0.0.1", "-w10"],
        &["--hostname=127.0.0.1", &format!("--port={port}")],
        &["-I127.0.0.1", &format!("-p{port}")],
        &["-H", "no.such.name.invalid", "-I", "127.0.0.1", "-p", &port],
        &["-H", "wrong", "-H", "127.0.0.1", "-p", "1", "-p", &port],
    ] {
        let ran = run(BINARY, options);
        assert_eq!(ran.code, 0, "{options:?} {}", ran.stdout);
    }
}

#[test]
fn a_name_without_an_address_is_critical() {
    let ran = run(BINARY, &["-H", "no.such.name.invalid", "-t", "5"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[test]
fn help_is_given() {
    let ran = run(BINARY, &["--help"]);
    assert!(ran.code == 3 && ran.stdout.contains("--with-port"), "{}", ran.stdout);
    assert_eq!(check(1, &["-V"]).code, 3);
}
