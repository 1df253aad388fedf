//! The test of a daemon's configuration: a stop of a daemon that can not start again makes it worse.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use super::names;
use crate::plugin::{shortened, visible};
use crate::recover::Refusal;
use crate::recover::process::{self, Ran};

/// Time for a test.
const LIMIT: Duration = Duration::from_mins(1);
/// Characters of a complaint that are shown.
const SHOWN: usize = 200;

/// Tests by the program that a daemon runs, in the order in which they are tried; only those that exist are.
const TESTS: &[(&str, &[&[&str]])] = &[
    ("sshd", &[&["/usr/sbin/sshd", "-t"]]),
    ("nginx", &[&["/usr/sbin/nginx", "-t"]]),
    ("apache2", &[&["/usr/sbin/apache2ctl", "configtest"]]),
    ("httpd", &[&["/usr/sbin/apachectl", "configtest"], &["/usr/sbin/httpd", "-t"]]),
    ("named", &[&["/usr/bin/named-checkconf"], &["/usr/sbin/named-checkconf"]]),
    ("master", &[&["/usr/sbin/postfix", "check"]]),
    ("exim4", &[&["/usr/sbin/exim4", "-bV"]]),
    ("dovecot", &[&["/usr/bin/doveconf", "-n"], &["/usr/sbin/dovecot", "-n"]]),
    ("proftpd", &[&["/usr/sbin/proftpd", "-t"]]),
    (
        "mariadbd",
        &[
            &["/usr/sbin/mariadbd", "--help", "--verbose"],
            &["/usr/libexec/mariadbd", "--help", "--verbose"],
        ],
    ),
    (
        "mysqld",
        &[
            &["/usr/sbin/mysqld", "--validate-config", "--user=mysql"],
            &["/usr/libexec/mysqld", "--validate-config", "--user=mysql"],
        ],
    ),
];

/// Refuses where the daemon of a unit or script, or the program that holds the port, says that it would not start.
pub(super) fn guard(daemon: &str, running: Option<&str>) -> Result<(), Refusal> {
    let Some(words) = test_of(daemon, running, |path| Path::new(path).exists()) else {
        return Ok(());
    };
    let refusal = |reason| Refusal { guard: "configuration", reason };
    let mut ran = run(&words).map_err(refusal)?;
    // Its folder goes when it stops, and comes back when it starts.
    if !ran.succeeded() && ran.output().contains("separation directory: /run/sshd") {
        // Where it can not be made, the test says so again.
        let _ = fs::DirBuilder::new().mode(0o755).create("/run/sshd");
        ran = run(&words).map_err(refusal)?;
    }
    match ran {
        Ran::Ended(ended) if ended.code == Some(0) || is_no_test(&ended.output) => Ok(()),
        Ran::Ended(ended) => {
            let complaint = complaint(&ended.output);
            Err(refusal(format!("{} says: {complaint}", words.join(" "))))
        }
        Ran::Killed { .. } => Err(refusal(format!("{} did not end", words.join(" ")))),
    }
}

fn run(words: &[String]) -> Result<Ran, String> {
    process::run(words, b"", LIMIT).map_err(|error| format!("{error:#}"))
}

/// The test for a daemon, if there is one.
fn test_of(
    daemon: &str,
    running: Option<&str>,
    exists: impl Fn(&str) -> bool,
) -> Option<Vec<String>> {
    let stem = daemon.strip_suffix(".service").unwrap_or(daemon);
    let programs = running.into_iter().chain(names::programs(stem));
    let tests = programs.filter_map(|program| TESTS.iter().find(|(name, _)| *name == program));
    let mut found = tests
        .flat_map(|(_, tests)| tests.iter())
        .filter(|words| words.first().is_some_and(|it| exists(it)));
    let words = found.next()?;
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

/// Whether a daemon is too old to know its test (`MySQL` before 8.0.16, `MariaDB` under its old name).
fn is_no_test(output: &str) -> bool {
    output.lines().any(|line| line.contains("unknown") && line.contains("validate-config"))
}

/// The line of a complaint that says most: the first one that names an error, or else the last.
fn complaint(output: &str) -> String {
    let lines = || output.lines().map(str::trim).filter(|line| !line.is_empty());
    let words = ["error", "emerg", "fatal", "unknown", "bad "];
    let named = lines().find(|line| {
        let line = line.to_ascii_lowercase();
        words.iter().any(|word| line.contains(word))
    });
    let line = named.or(lines().next_back()).unwrap_or("nothing");
    shortened(&visible(line.as_bytes()), SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(daemon: &str, running: Option<&str>, exist: &[&str]) -> Option<String> {
        test_of(daemon, running, |path| exist.contains(&path)).map(|words| words.join(" "))
    }

    #[test]
    fn a_daemon_is_tested_by_the_program_that_runs_or_would_be_started() {
        let nginx = "/usr/sbin/nginx";
        assert_eq!(test("nginx.service", None, &[nginx]).as_deref(), Some("/usr/sbin/nginx -t"));
        assert_eq!(
            test("httpd.service", Some("nginx"), &[nginx]).as_deref(),
            Some("/usr/sbin/nginx -t")
        );
        let apachectl = test("httpd.service", None, &["/usr/sbin/apachectl", "/usr/sbin/httpd"]);
        assert_eq!(apachectl.as_deref(), Some("/usr/sbin/apachectl configtest"));
        assert_eq!(test("ssh", None, &["/usr/sbin/sshd"]).as_deref(), Some("/usr/sbin/sshd -t"));
        let old = test("bind9.service", None, &["/usr/sbin/named-checkconf"]);
        assert_eq!(old.as_deref(), Some("/usr/sbin/named-checkconf"));
        assert_eq!(test("vsftpd.service", Some("vsftpd"), &[]), None);
        assert_eq!(test("nginx.service", None, &[]), None);
    }

    #[test]
    fn people_are_shown_the_line_that_names_the_error() {
        let output = "\nchecking\nnginx: [emerg] unknown directive \"this\"\nnginx: test failed\n";
        assert_eq!(complaint(output), "nginx: [emerg] unknown directive \"this\"");
        assert_eq!(complaint("a\nb\n\n"), "b");
        assert_eq!(complaint(""), "nothing");
    }
}
