//! `check_load` on copies of the kernel's files, and on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use crate::run::{Ran, command, finish, run};
use crate::tree::Tree;

const LOAD: &str = env!("CARGO_BIN_EXE_check_load");
const ONLINE: &str = "sys/devices/system/cpu/online";

fn tree(loads: &str, online: &str) -> Tree {
    Tree::of(&[("proc/loadavg", &format!("{loads} 3/428 24967\n")), (ONLINE, online)])
}

fn check(tree: &Tree, args: &[&str]) -> Ran {
    run(LOAD, &tree.args(args))
}

#[test]
fn the_documented_bounds_are_load5_per_processor_in_both_plans() {
    // Four processors: 1.5 and 3 each are 6 and 12 for all; the bounds themselves alert.
    let cases = [
        ("5.99", 0, "OK"),
        ("6.00", 1, "WARNING"),
        ("11.99", 1, "WARNING"),
        ("12.00", 2, "CRITICAL"),
    ];
    for plan in ["core2duo", "corei5-xeon"] {
        for (load5, code, state) in cases {
            let tree = tree(&format!("99.00 {load5} 98.00"), "0-3\n");
            let ran = check(&tree, &["--plan", plan]);
            let line = format!(
                "LOAD {state} - total load average: 99.00, {load5}, 98.00 | load1=99.000;;;0.000 \
                 load5={load5}0;6.000;12.000;0.000 load15=98.000;;;0.000\n"
            );
            assert_eq!((ran.code, ran.stdout), (code, line), "{plan}");
        }
    }
}

#[test]
fn with_percpu_the_averages_are_scaled_and_the_same_bounds_hold() {
    for (load5, code, state) in [
        ("5.99", 0, "OK"),
        ("6.00", 1, "WARNING"),
        ("11.99", 1, "WARNING"),
        ("12.00", 2, "CRITICAL"),
    ] {
        let tree = tree(&format!("4.00 {load5} 8.00"), "0-3\n");
        assert_eq!(check(&tree, &["-r"]).code, code, "{load5}");
        assert!(
            check(&tree, &["--percpu"])
                .stdout
                .contains(&format!("LOAD {state} - scaled load average: "))
        );
    }
    let line = "LOAD OK - scaled load average: 1.00, 1.25, 2.00 - total load average: 4.00, 5.00, 8.00 | load1=4.000;;;0.000 \
                scaled_load1=1.000;2.000;5.000;0.000 load5=5.000;;;0.000 scaled_load5=1.250;3.000;6.000;0.000 load15=8.000;;;0.000 \
                scaled_load15=2.000;4.000;7.000;0.000\n";
    let ran = check(&tree("4.00 5.00 8.00", "0-3\n"), &["-r", "-w", "2,3,4", "-c", "5,6,7"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, line));
}

#[test]
fn a_processor_that_is_offline_does_not_count() {
    let verdict = |tree: &Tree| check(tree, &[]).code;
    // Nine are present, five are online: the bounds are 7.5 and 15.
    assert_eq!(verdict(&tree("0.00 7.49 0.00", "0-3,8\n")), 0);
    assert_eq!(verdict(&tree("0.00 7.50 0.00", "0-3,8\n")), 1);
    assert_eq!(verdict(&tree("0.00 15.00 0.00", "0-3,8\n")), 2);
    // Without the list, the processors of /proc/stat are the ones that are online.
    let stat = "cpu  9 9 9 9\ncpu0 1 1 1 1\ncpu3 1 1 1 1\nintr 5\ncpufreq 1\n";
    let old = |load5: &str| {
        Tree::of(&[("proc/loadavg", &format!("0.00 {load5} 0.00 1/2 3\n")), ("proc/stat", stat)])
    };
    assert_eq!(verdict(&old("2.99")), 0);
    assert_eq!(verdict(&old("3.00")), 1);
}

#[test]
fn thresholds_are_overridden_one_by_one() {
    let tree = tree("1.00 2.00 3.00", "0\n");
    let cases: &[(&[&str], i32)] = &[
        (&[], 1),
        // Above 2 alerts, 2 itself does not; CRITICAL stays the documented one.
        (&["-w", "9,2,9"], 0),
        (&["-w", "9,1.99,9"], 1),
        (&["-w", "9", "-c", "9,1.99,9"], 2),
        // WARNING stays the documented one.
        (&["-c", "9"], 1),
        (&["-w", "9", "-c", "9"], 0),
        (&["-w", "0.99,9,9", "-c", "9"], 1),
        (&["-w", "9,9,2.99", "-c", "9"], 1),
        (&["-w", "9", "-c", "9,9,2.99"], 2),
        (&["-w", "9,@2,9", "-c", "9"], 1),
        (&["-w9", "-c9,3:,9"], 2),
        (&["--warning=~:9", "--critical=0:9,0:9,0:9"], 0),
        (&["-w", "0", "-w", "9", "-c", "9"], 0),
    ];
    for (args, code) in cases {
        assert_eq!(check(&tree, args).code, *code, "{args:?}");
    }
}

#[test]
fn values_are_judged_as_the_kernel_writes_them() {
    // In 32 bits 4.78 would lie above 4.78, and 2.1 for three would be more than 0.7.
    assert_eq!(check(&tree("4.78 4.78 4.78", "0\n"), &["-w", "4.78", "-c", "9"]).code, 0);
    assert_eq!(check(&tree("2.10 2.10 2.10", "0-2\n"), &["-r", "-w", "0.7", "-c", "9"]).code, 0);
}

#[test]
fn processors_are_not_needed_where_both_thresholds_are_given() {
    let tree = Tree::of(&[("proc/loadavg", "1.00 1.00 1.00 1/2 3\n")]);
    assert_eq!(check(&tree, &["-w", "5", "-c", "6"]).code, 0);
    for args in [&["-w", "5"][..], &["-r", "-w", "5", "-c", "6"]] {
        let verdict = format!(
            "LOAD UNKNOWN - cannot read {}: No such file or directory (os error 2)",
            tree.path("proc/stat").display()
        );
        assert_eq!(check(&tree, args).verdict(), (3, verdict.as_str()));
    }
}

#[test]
fn garbage_is_unknown_and_names_the_file() {
    let hostile: &[&[u8]] = &[
        b"",
        b"\n",
        b"nan nan nan 1/2 3\n",
        b"-1.00 1.00 1.00 1/2 3\n",
        b"inf 1 1\n",
        b"1.00 1.00\n",
        b"garbage",
        b"1e9 1 1 1/1 1\n",
        b"\xff\xfe\n",
        b"\0\0\0",
        b"1,00 1,00 1,00 1/2 3",
        b"1 | x=1\n",
    ];
    let tree = tree("", "0\n");
    for bytes in hostile {
        tree.write("proc/loadavg", bytes);
        let ran = check(&tree, &[]);
        let path = tree.path("proc/loadavg").display().to_string();
        assert!(
            ran.stdout.starts_with("LOAD UNKNOWN - ") && ran.stdout.contains(&path),
            "{bytes:?}: {ran:?}"
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{bytes:?}");
    }
    tree.write("proc/loadavg", "1.00 1.00 1.00 1/2 3\n");
    for list in ["", "garbage\n", "3-0\n", "0-4294967295\n"] {
        tree.write(ONLINE, list);
        let ran = check(&tree, &[]);
        let path = tree.path(ONLINE).display().to_string();
        assert!(ran.code == 3 && ran.stdout.contains(&path), "{list:?}: {ran:?}");
    }
    tree.write("proc/stat", "cpu  1 2 3\n");
    fs::remove_file(tree.path(ONLINE)).unwrap();
    assert_eq!(check(&tree, &[]).code, 3);
}

#[test]
fn an_unreadable_file_is_unknown() {
    let tree = tree("1.00 1.00 1.00", "0\n");
    let nobody = |tree: &Tree| finish(command(LOAD, &tree.args(&[])).uid(65_534).gid(65_534));
    assert_eq!(nobody(&tree).code, 0);
    fs::set_permissions(tree.path("proc/loadavg"), fs::Permissions::from_mode(0o0)).unwrap();
    let text = format!(
        "LOAD UNKNOWN - cannot read {}: Permission denied (os error 13)",
        tree.path("proc/loadavg").display()
    );
    assert_eq!(nobody(&tree).verdict(), (3, text.as_str()));
    fs::remove_file(tree.path("proc/loadavg")).unwrap();
    fs::create_dir(tree.path("proc/loadavg")).unwrap();
    assert!(check(&tree, &[]).stdout.contains("Is a directory"));
}

#[test]
fn a_root_that_hangs_is_unknown_within_the_time_limit() {
    let tree = tree("1.00 1.00 1.00", "0\n");
    fs::remove_file(tree.path("proc/loadavg")).unwrap();
    nix::unistd::mkfifo(&tree.path("proc/loadavg"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let ran = check(&tree, &["-t", "0.2"]);
    let text = format!("LOAD UNKNOWN - cannot read below {}: timed out", tree.root().display());
    assert_eq!(ran.verdict(), (3, text.as_str()));
    assert!(ran.took.as_secs_f64() < 0.7, "{ran:?}");
}

#[test]
fn this_machines_averages_are_those_of_its_kernel() {
    let loads = || {
        let text = fs::read_to_string("/proc/loadavg").unwrap();
        text.split_ascii_whitespace().take(3).collect::<Vec<_>>().join(", ")
    };
    // The kernel counts anew every five seconds: one of two looks around the check saw the same.
    let before = loads();
    let ran = run(LOAD, &["-w", "1000", "-c", "1000"]);
    let seen = |loads: &str| {
        ran.verdict() == (0, format!("LOAD OK - total load average: {loads}").as_str())
    };
    assert!(seen(&before) || seen(&loads()), "{ran:?}");
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let processors =
        stat.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu ")).count();
    let detail = run(LOAD, &["-v", "-c", "1000"]);
    assert!(detail.stdout.ends_with(&format!("\nprocessors online: {processors}\n")), "{detail:?}");
    assert!(
        detail.first().contains(&format!(
            ";{:.3};1000.000;",
            1.5 * f64::from(u32::try_from(processors).unwrap())
        )),
        "{detail:?}"
    );
}
