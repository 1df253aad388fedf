//! Exit codes and what is said with them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use firstaid::check::Vantage;

use super::form::assert_form;
use super::plugin::{Plugin, all};
use crate::run::run;

#[test]
fn every_state_has_its_exit_code_and_its_form() {
    for plugin in all() {
        for (line, code) in plugin.states() {
            let ran = plugin.run(&line);
            assert_eq!(ran.code, code, "check_{} {line:?}: {ran:?}", plugin.name);
            assert_form(&plugin, &line, &ran);
        }
    }
}

/// Help or version: UNKNOWN, on standard output alone, without a bar.
fn assert_told(plugin: &Plugin, args: &[&str], told: &str) {
    let ran = plugin.run(args);
    let of = format!("check_{} {args:?}: {ran:?}", plugin.name);
    assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{of}");
    assert!(
        ran.stdout.contains(told) && ran.stdout.ends_with('\n') && !ran.stdout.contains('|'),
        "{of}"
    );
    assert!(ran.stdout.len() <= 8191, "{of}");
}

#[test]
fn help_and_version_are_unknown_and_given_beside_wrong_arguments() {
    let version = env!("CARGO_PKG_VERSION");
    for plugin in all() {
        for help in ["-h", "--help"] {
            for args in [
                &[help][..],
                &["--bogus", help],
                &[help, "--bogus"],
                &["-t", "x", help],
                &["-H", "a", "b", help],
            ] {
                assert_told(&plugin, args, "Usage: ");
            }
        }
        for option in ["-V", "--version"] {
            for args in [&[option][..], &["--bogus", option], &[option, "-t", "0"]] {
                assert_told(&plugin, args, version);
            }
        }
    }
}

#[test]
fn a_wrong_command_line_is_unknown_and_says_what_is_wrong() {
    for plugin in all() {
        let wrong: [(&[&str], &str); 9] = [
            (&["--bogus"], "--bogus"),
            (&["--bogus=1"], "--bogus"),
            (&["-Z"], "-Z"),
            (&["-t"], "--timeout"),
            (&["-t", "0"], "--timeout"),
            (&["-t", "-1"], "-1"),
            (&["-t", "abc"], "abc"),
            (&["--plan", "core9"], "core9"),
            (&["--timeout-result", "fine"], "fine"),
        ];
        let surplus = [&plugin.bare(&[])[..], &["surplus".to_owned(), "words".to_owned()]].concat();
        let lines =
            wrong.iter().map(|(args, named)| (plugin.bare(args), *named)).chain([(surplus, "")]);
        for (line, named) in lines {
            let ran = plugin.run(&line);
            assert_form(&plugin, &line, &ran);
            let of = format!("check_{} {line:?}: {ran:?}", plugin.name);
            assert!(
                ran.code == 3 && ran.stdout.contains(named) && ran.stdout.contains("see --help"),
                "{of}"
            );
        }
    }
}

#[test]
fn arguments_that_are_missing_are_named_and_bytes_that_are_no_text_refused() {
    for plugin in all() {
        let ran = plugin.run(&[""; 0]);
        assert_form(&plugin, &[], &ran);
        if plugin.vantage == Vantage::Server {
            assert!(
                ran.code == 3 && ran.stdout.contains("required"),
                "check_{}: {ran:?}",
                plugin.name
            );
        }
        let bytes = OsString::from_vec(b"--bogus\xff\xfe|\x1b".to_vec());
        let ran = plugin.run(&[bytes]);
        assert_form(&plugin, &[], &ran);
        assert_eq!(ran.code, 3, "check_{}: {ran:?}", plugin.name);
    }
}

#[test]
fn recovery_ends_as_plugins_do() {
    const RECOVER: &str = env!("CARGO_BIN_EXE_recover_service");
    for (args, told) in [
        (&["--bogus", "-h"][..], "Usage: "),
        (&["--help"], "Usage: "),
        (&["-V"], env!("CARGO_PKG_VERSION")),
        (&["--bogus"], "RECOVER UNKNOWN - "),
        (&["surplus", "words"], "RECOVER UNKNOWN - "),
        (&[], "RECOVER UNKNOWN - "),
    ] {
        let ran = run(RECOVER, args);
        assert!(ran.stdout.contains(told) && ran.stdout.ends_with('\n'), "{args:?}: {ran:?}");
        assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{args:?}");
    }
}
