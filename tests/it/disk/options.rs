//! The command line: limits on what is free, and what belongs to which path.

use super::{DISK, check};
use crate::hanging_fs::{HangingFs, Mode, Mounts, Usage};
use crate::run::run;

/// 20 per cent of 3906.25 MiB are free: 781.25 MiB.
fn fifth_free(mounts: &Mounts, name: &str) -> HangingFs {
    let source = format!("/dev/{name}");
    mounts.hanging_from(&source, name, Mode::Ok(Usage::percent(80.0, 10.0)))
}

#[test]
fn limits_alert_when_less_than_that_is_free() {
    let mounts = Mounts::new();
    let fs = fifth_free(&mounts, "a");
    let point = fs.point().to_str().unwrap();
    let rows: &[(&[&str], i32)] = &[
        (&["-w", "20%", "-c", "10%"], 0),
        (&["-w", "20.01%", "-c", "10%"], 1),
        (&["-w20.01%", "-c=20.01%"], 2),
        (&["--warning=20%:", "--critical", "10%:"], 0),
        (&["-w", "20.01%:", "-c", "10%"], 1),
        (&["-w", "@20%", "-c", "10%"], 1),
        (&["-w", "~:19%", "-c", "10%"], 1),
        (&["-w", "10%:30%", "-c", "10%"], 0),
        (&["-w", "21%:30%", "-c", "10%"], 1),
        (&["-w", "781.25", "-c", "0"], 0),
        (&["-w", "781.26", "-c", "0"], 1),
        (&["-w", "800000", "-c", "0", "-u", "kB"], 0),
        (&["-w", "800001", "-c", "0", "-k"], 1),
        (&["-w", "819200000", "-c", "0", "-u", "bytes"], 0),
        (&["-w", "819200001", "-c", "0", "-u", "bytes"], 1),
        (&["-w", "1", "-c", "0", "-u", "GB"], 1),
        (&["-w", "0.7", "-c", "0", "-u", "GiB"], 0),
        (&["-w", "1000", "-c", "0", "-u", "TB", "-m"], 1),
        // The last of several counts; what is not given stays documented.
        (&["-w", "99%", "-w", "10%"], 0),
        (&["-w", "10%"], 0),
        (&["-c", "10%"], 1),
        (&["-c", "30%"], 2),
    ];
    for (args, code) in rows {
        let seen = check(&mounts, &[&["-p", point], *args].concat());
        assert_eq!(seen.code, *code, "{args:?} {seen:?}");
    }
}

#[test]
fn a_threshold_belongs_to_the_paths_behind_it() {
    let mounts = Mounts::new();
    let [a, b] = ["a", "b"].map(|name| fifth_free(&mounts, name));
    let [a, b] = [&a, &b].map(|fs| fs.point().to_str().unwrap());
    let (alerting, quiet) = ("30%", "10%");
    // Which of both alert.
    let rows: &[(&[&str], [bool; 2])] = &[
        (&["-w", alerting, "-p", a, "-w", quiet, "-p", b], [true, false]),
        (&["-w", quiet, "-p", a, "-p", b, "-w", alerting], [false, false]),
        (&["-p", a, "-p", b, "-w", alerting], [true, true]),
        (&["-p", a, "-p", b, "-w", quiet], [false, false]),
        (&["-w", alerting, "-p", a, "-C", "-w", "100", "-c", "50", "-p", b], [true, false]),
        (&["-w", alerting, "-p", a, "-p", b, "-w", quiet, "-p", a], [false, true]),
        (
            &["-w", quiet, "-c", "1%", "-N", "fuse.hanging", "-C", "-w", alerting, "-p", b],
            [false, true],
        ),
    ];
    for (args, alerts) in rows {
        let seen = check(&mounts, args);
        assert_eq!(seen.code, i32::from(alerts.contains(&true)), "{args:?} {seen:?}");
        let warned = [a, b].map(|point| seen.stdout.contains(&format!("{point}: WARNING")));
        assert_eq!(warned, *alerts, "{args:?} {seen:?}");
        assert_eq!(seen.perfdata().matches('=').count(), 2, "{args:?} {seen:?}");
    }
}

#[test]
fn a_wrong_command_line_is_unknown() {
    let wrong: &[&[&str]] = &[
        &["-w", ""],
        &["-w", ":"],
        &["-w", "~"],
        &["-w", "@"],
        &["-w", "%"],
        &["-w", "@@1:2"],
        &["-w", "20:10"],
        &["-w", "-1"],
        &["-w", "-1%"],
        &["-w", "1:2:3"],
        &["-w", "abc"],
        &["-w", "10x"],
        &["-w", "1,5"],
        &["-w", "inf"],
        &["-w", "nan"],
        &["-w", "101%"],
        &["-w", "5:10%"],
        &["-W", "101"],
        &["-K", "x"],
        &["-u", "PB"],
        &["-r", "("],
        &["-i", "["],
        &["-t", "0"],
        &["/"],
        &["--bogus"],
        &["-p"],
        &["-p", "/", "-C", "-w", "10%"],
    ];
    for args in wrong {
        let ran = run(DISK, args);
        assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{args:?}");
        assert!(ran.stdout.starts_with("DISK UNKNOWN - "), "{args:?} {}", ran.stdout);
        assert_eq!(ran.stdout.lines().count(), 1, "{args:?} {}", ran.stdout);
    }
}

#[test]
fn texts_can_be_confined_to_errors_and_show_devices() {
    let mounts = Mounts::new();
    let full = fifth_free(&mounts, "a");
    let fine = mounts.hanging_from("/dev/b", "b", Mode::Ok(Usage::percent(10.0, 10.0)));
    let [a, b] = [&full, &fine].map(|fs| fs.point().to_str().unwrap());
    let seen = check(&mounts, &["-p", b, "-p", a, "-e", "-M"]);
    let text = "DISK WARNING - free space: /dev/a 781MiB (20% inode=90%);";
    assert!(seen.first().starts_with(&format!("{text} | /dev/b=")), "{seen:?}");
    assert!(seen.perfdata().contains(" /dev/a="), "{seen:?}");
    let quiet = check(&mounts, &["-p", b, "-e"]);
    assert!(
        quiet.first().starts_with("DISK OK - enough room on all 1 file systems | "),
        "{quiet:?}"
    );
}

#[test]
fn help_names_the_documented_thresholds_options() {
    let help = run(DISK, &["--bogus", "--help"]);
    assert_eq!(help.code, 3);
    assert!(
        help.stdout.contains("--required") && help.stdout.contains("--iwarning"),
        "{}",
        help.stdout
    );
}
