//! Names with several addresses, and IPv6.

use std::net::Ipv6Addr;
use std::process::Command;
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use tempfile::TempDir;

use super::{PORT, check, verdict};
use crate::fake::{Fake, FullBacklog, hold};
use crate::namespace::Namespace;
use crate::run::command;

/// Runs the check where a name has these addresses alone.
fn with_hosts(lines: &str, args: &[&str]) -> (i32, String, Duration) {
    let directory = TempDir::new().expect("a temporary directory");
    let hosts = directory.path().join("hosts");
    std::fs::write(&hosts, lines).expect("write");
    let mounts = Namespace::mounts();
    mounts.inside(|| {
        mount(Some(&hosts), "/etc/hosts", None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .expect("a bind mount");
    });
    let start = std::time::Instant::now();
    let mut plugin: Command = command(PORT, args);
    let output = mounts.run(&mut plugin);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code().expect("an exit code"), text, start.elapsed())
}

#[test]
fn the_addresses_of_a_name_are_tried_in_turn() {
    let server = Fake::at([127, 0, 0, 3].into(), hold);
    let port = server.port().to_string();
    let hosts = "127.0.0.2 many.test\n127.0.0.3 many.test\n";
    let (code, text, _) = with_hosts(hosts, &["-H", "many.test", "-p", &port]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("on 127.0.0.3 port {port} ")), "{text}");
}

#[test]
fn an_address_that_is_silent_leaves_time_for_the_next() {
    let server = Fake::at([127, 0, 0, 5].into(), hold);
    let silent = FullBacklog::at([127, 0, 0, 4].into(), server.port());
    let port = server.port().to_string();
    let hosts = "127.0.0.4 many.test\n127.0.0.5 many.test\n";
    let (code, text, took) = with_hosts(hosts, &["-H", "many.test", "-p", &port, "-t", "2"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("on 127.0.0.5 port {port} ")), "{text}");
    assert!(took < Duration::from_millis(2500), "{took:?}");
    drop(silent);
}

#[test]
fn a_name_without_an_address_is_critical_and_so_is_a_family_without_one() {
    for args in [&["-H", "none.test"][..], &["-6", "-H", "four.test"]] {
        let hosts = "127.0.0.1 localhost\n127.0.0.1 four.test\n";
        let args = [args, &["-p", "1", "-t", "2"]].concat();
        let (code, text, _) = with_hosts(hosts, &args);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("resolve"), "{text}");
    }
}

#[test]
fn ipv6_is_spoken() {
    let server = Fake::at(Ipv6Addr::LOCALHOST.into(), hold);
    let ran = check(&server, &[]);
    let here = format!("::1 port {}", server.port());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(verdict(&ran, 0).1.ends_with(&format!("on {here}")), "{ran:?}");
    assert_eq!(check(&server, &["-6"]).code, 0);
    assert_eq!(check(&server, &["-4"]).code, 2);
}
