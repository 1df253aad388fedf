//! `firstaid` from outside.

use std::fs;

use crate::run::{Ran, run};
use crate::server::Server;

fn firstaid(args: &[&str]) -> Ran {
    run(env!("CARGO_BIN_EXE_firstaid"), args)
}

fn example() -> String {
    format!("{}/packaging/example/hosts.toml", env!("CARGO_MANIFEST_DIR"))
}

/// A file with one host, whose checks all go to `address`.
fn inventory(folder: &tempfile::TempDir, more: &str) -> String {
    let file = folder.path().join("hosts.toml");
    let text = format!(
        "[[host]]\nname = \"web1\"\naddress = \"127.0.0.1\"\nos = \"debian\"\nagent = \"none\"\n{more}"
    );
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_host_of_the_inventory_is_shown_with_a_line_for_each_check() {
    let server = Server::sshd();
    let folder = tempfile::tempdir().unwrap();
    let more = format!("services = [\"ssh\"]\n[host.service.ssh]\nport = {}\n", server.port());
    let ran = firstaid(&["check", "web1", "--inventory", &inventory(&folder, &more)]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let (ping, rest) = lines.split_first().unwrap();
    assert!(ping.contains("  ping  "), "{}", ran.stdout);
    assert!(rest[0].starts_with("OK        ssh   "), "{}", ran.stdout);
    for (line, name) in rest[1..].iter().zip(["load", "disk", "mem"]) {
        assert_eq!(
            *line,
            format!("NOT RUN   {name:4}  runs on the server itself, which has no agent")
        );
    }
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_service_that_is_down_makes_the_worst_state() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Some(Server::sshd());
    let port = server.as_ref().unwrap().port();
    drop(server.take());
    let more = format!("services = [\"ssh\"]\n[host.service.ssh]\nport = {port}\n");
    let ran = firstaid(&["check", "web1", "--json", "--inventory", &inventory(&folder, &more)]);
    let seen: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &seen["code"], &seen["state"]), (2, &2.into(), &"CRITICAL".into()));
    assert_eq!(seen["checks"][1]["check"], "ssh");
    assert_eq!(seen["checks"][1]["state"], "CRITICAL");
}

#[test]
fn an_authority_that_resolves_no_other_names_is_fine_where_the_inventory_says_so() {
    let named = Server::named();
    let folder = tempfile::tempdir().unwrap();
    let table = format!(
        "services = [\"dns\"]\n[host.service.dns]\nlookup = \"www.example.test\"\nport = {}\n",
        named.port()
    );
    let seen = |key: &str| {
        let file = inventory(&folder, &format!("{table}{key}"));
        let ran = firstaid(&["check", "web1", "--json", "-i", &file]);
        let seen: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let dns = &seen["checks"][1];
        format!("{} {}", dns["state"].as_str().unwrap(), dns["text"].as_str().unwrap())
    };
    for key in ["", "authoritative = false\n"] {
        let said = seen(key);
        assert!(said.starts_with("WARNING ") && said.contains("recursion is not"), "{said}");
    }
    let said = seen("authoritative = true\n");
    assert!(said.starts_with("OK ") && said.contains("returns 192.0.2.10"), "{said}");
    let file = inventory(&folder, &format!("{table}authoritative = true\n"));
    let told = firstaid(&["explain", "web1", "dns", "-i", &file]).stdout;
    assert!(told.contains(" -A ") && told.contains("must be an authority"), "{told}");
}

#[test]
fn localhost_needs_no_inventory() {
    let ran = firstaid(&["check", "localhost", "--json"]);
    let seen: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let names: Vec<&str> =
        seen["checks"].as_array().unwrap().iter().map(|it| it["check"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"ping"));
    assert!(names.ends_with(&["load", "disk", "mem"]), "{names:?}");
    assert_eq!(seen["code"], ran.code);
}

#[test]
fn what_can_not_be_looked_up_is_unknown_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = inventory(&folder, "colour = 1\n");
    let example = example();
    let cases: &[(&[&str], String)] = &[
        (&["check", "web9"], "host \"web9\" needs an inventory: give --inventory FILE, or write /etc/firstaid/hosts.toml".into()),
        (&["check", "web9", "-i", &example], "no host \"web9\" in the inventory, which begins with web1.example.com, app1.example.com, mail1.example.com, db1.exampl...\nno host \"web9\" in the inventory, which begins with web1.example.com, app1.example.com, mail1.example.com, db1.example.com".into()),
        (&["check", "web9", "-i", "/nonexistent"], "cannot read /nonexistent: No such file or directory (os error 2)".into()),
        (&["check"], "the following required arguments were not provided: <HOST> (see --help)".into()),
    ];
    for (args, reason) in cases {
        let ran = firstaid(args);
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (3, &*format!("FIRSTAID UNKNOWN - {reason}\n"), "")
        );
    }
    let ran = firstaid(&["check", "web1", "-i", &file]);
    assert!(ran.stdout.contains("hosts.toml:6: unknown field `colour`"), "{}", ran.stdout);
}

#[test]
fn other_wrong_command_lines_are_usage_errors() {
    let ran = firstaid(&["bogus"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("unrecognized subcommand"), "{}", ran.stderr);
    assert_eq!(firstaid(&["--help"]).code, 0);
    assert_eq!(firstaid(&["check", "--help"]).code, 3);
}
