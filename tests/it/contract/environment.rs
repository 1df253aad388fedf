//! Surroundings that must not matter.

use super::form::measured_alike;
use super::plugin::all;
use super::streams::after;
use crate::run::{Ran, finish};

/// Exit code and output with all numbers made equal.
fn alike(ran: &Ran) -> (i32, String) {
    (ran.code, measured_alike(&format!("{}{}", ran.stdout, ran.stderr)))
}

#[test]
fn an_empty_environment_changes_nothing() {
    for plugin in all() {
        for (line, _) in plugin.states() {
            let usual = alike(&plugin.run(&line));
            assert_eq!(
                alike(&finish(plugin.command(&line).env_clear())),
                usual,
                "check_{}",
                plugin.name
            );
        }
    }
}

#[test]
fn variables_of_the_environment_change_nothing() {
    let nowhere = "http://127.0.0.1:9";
    let sets: [&[(&str, &str)]; 5] = [
        &[
            ("http_proxy", nowhere),
            ("https_proxy", nowhere),
            ("HTTP_PROXY", nowhere),
            ("HTTPS_PROXY", nowhere),
            ("ALL_PROXY", nowhere),
        ],
        &[
            ("LC_ALL", "de_DE.UTF-8"),
            ("LANG", "de_DE.UTF-8"),
            ("LC_NUMERIC", "de_DE.UTF-8"),
            ("TZ", "Asia/Tokyo"),
        ],
        &[
            ("LC_ALL", "tr_TR.UTF-8"),
            ("LANG", "ja_JP.eucJP"),
            ("LANGUAGE", "fr"),
            ("NO_COLOR", "1"),
            ("CLICOLOR_FORCE", "1"),
        ],
        &[
            ("RUST_BACKTRACE", "full"),
            ("RUST_LOG", "trace"),
            ("RUST_MIN_STACK", "1"),
            ("COLUMNS", "20"),
            ("TERM", "xterm"),
        ],
        &[
            ("OPENSSL_CONF", "/nonexistent"),
            ("SSLKEYLOGFILE", "/nonexistent/keys"),
            ("RES_OPTIONS", "ndots:9"),
            ("LOCALDOMAIN", "x"),
        ],
    ];
    for plugin in all() {
        for (line, _) in plugin.states().into_iter().chain([(vec!["-h".to_owned()], 3)]) {
            let usual = alike(&plugin.run(&line));
            for variables in sets {
                let ran = finish(plugin.command(&line).envs(variables.iter().copied()));
                assert_eq!(alike(&ran), usual, "check_{} {variables:?}", plugin.name);
            }
        }
    }
}

#[test]
fn a_deleted_directory_and_a_mask_of_nothing_change_nothing() {
    for plugin in all() {
        for (line, _) in plugin.states() {
            let usual = alike(&plugin.run(&line));
            let gone = "d=$(mktemp -d) && cd \"$d\" && rmdir \"$d\"";
            for script in [gone, "umask 0", "umask 0777", "ulimit -c 0"] {
                let ran = finish(&mut after(script, &plugin, &line));
                assert_eq!(alike(&ran), usual, "check_{} after {script}", plugin.name);
            }
        }
    }
}
