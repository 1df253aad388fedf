//! `check_mem` on copies of the kernel's files, and on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use crate::run::{Ran, command, finish, run};
use crate::tree::Tree;

mod cgroup;

const MEM: &str = env!("CARGO_BIN_EXE_check_mem");

/// The lines of `/proc/meminfo` that matter here, in kibibytes.
const ROWS: [(&str, u64); 9] = [
    ("MemTotal", 1_000_000),
    ("MemFree", 100_000),
    ("MemAvailable", 500_000),
    ("Buffers", 20_000),
    ("Cached", 400_000),
    ("SwapTotal", 2000),
    ("SwapFree", 500),
    ("Shmem", 10_000),
    ("HugePages_Total", 0),
];

/// A whole `/proc/meminfo` with some numbers of its own.
fn meminfo(own: &[(&str, u64)]) -> String {
    let others = [
        "SwapCached",
        "Active",
        "Inactive",
        "Dirty",
        "Writeback",
        "Mapped",
        "Slab",
        "Committed_AS",
    ];
    let others = others
        .into_iter()
        .chain(["VmallocTotal", "VmallocUsed", "VmallocChunk"])
        .map(|name| (name, 4));
    let number = |name: &str, usual| {
        own.iter().find(|(it, _)| *it == name).map_or(usual, |(_, value)| *value)
    };
    ROWS.into_iter()
        .chain(others)
        .map(|(name, usual)| format!("{name}: {:>8} kB", number(name, usual)))
        .chain([String::new()])
        .collect::<Vec<_>>()
        .join("\n")
}

fn machine(own: &[(&str, u64)]) -> Tree {
    Tree::of(&[("proc/meminfo", &meminfo(own))])
}

fn check(tree: &Tree, args: &[&str]) -> Ran {
    run(MEM, &tree.args(args))
}

#[test]
fn the_documented_bounds_hold_in_both_plans() {
    // One mebibyte in kibibytes has exact fifths and tenths in bytes only: the bounds lie at 204.8 and 102.4 KiB available.
    let cases = [(205, 0), (204, 1), (103, 1), (102, 2), (1024, 0), (0, 2)];
    for plan in ["core2duo", "corei5-xeon"] {
        for (available, code) in cases {
            let tree = machine(&[("MemTotal", 1024), ("MemAvailable", available)]);
            assert_eq!(check(&tree, &["--plan", plan]).code, code, "{available}");
        }
        for (available, code) in [(200_001, 0), (200_000, 1), (100_001, 1), (100_000, 2)] {
            assert_eq!(
                check(&machine(&[("MemAvailable", available)]), &["--plan", plan]).code,
                code,
                "{available}"
            );
        }
    }
}

#[test]
fn the_line_has_text_and_performance_data() {
    let line = "MEM OK - 50.0% used (488.3 of 976.6 MiB) | used=512000000B;819200000;921600000;0;1024000000 \
                cached=409600000B;;;0 buffers=20480000B;;;0 free=102400000B;;;0 swap=1536000B;;;0;2048000\n";
    let ran = check(&machine(&[]), &[]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, line, ""));
    let detail = check(&machine(&[]), &["-v"]);
    assert_eq!(detail.stdout, format!("{line}machine: 50.0% used (488.3 of 976.6 MiB)\n"));
}

#[test]
fn thresholds_are_overridden_one_by_one() {
    // 80 % are in use: 819,200,000 bytes, exactly 781.25 MiB.
    let tree = machine(&[("MemAvailable", 200_000)]);
    let cases: &[(&[&str], i32)] = &[
        (&[], 1),
        (&["-w", "80%"], 0),
        (&["-w", "80"], 0),
        (&["-w", "79.99%"], 1),
        (&["-c", "79.99%"], 2),
        (&["-c", "80%"], 1),
        (&["-w", "90", "-c", "79"], 2),
        (&["-w", "819200000"], 0),
        (&["-w", "819199999B"], 1),
        (&["-w", "800000K"], 0),
        (&["-w", "799999K"], 1),
        (&["-w", "781.25M"], 0),
        (&["-w", "781M"], 1),
        (&["-w", "1G", "-c", "2T"], 0),
        (&["-w", "@80%:90%"], 1),
        (&["-w", "81%:"], 1),
        (&["-w", "10:90"], 0),
        (&["-w10", "-w99"], 0),
        (&["--critical=1M", "--warning", "9G"], 2),
    ];
    for (args, code) in cases {
        assert_eq!(check(&tree, args).code, *code, "{args:?}");
    }
}

#[test]
fn an_old_kernel_is_estimated_and_says_so() {
    let old = meminfo(&[]).replace("MemAvailable:   500000 kB\n", "");
    assert!(!old.contains("MemAvailable"));
    // Available are 100,000 + 20,000 + 400,000 - 10,000.
    let ran = check(&Tree::of(&[("proc/meminfo", &old)]), &["-v"]);
    assert!(
        ran.stdout.starts_with("MEM OK - 49.0% used (478.5 of 976.6 MiB) | used=501760000B;"),
        "{ran:?}"
    );
    assert!(
        ran.stdout.ends_with("MemAvailable: MemFree + Buffers + Cached - Shmem is taken for it\n"),
        "{ran:?}"
    );
}

#[test]
fn the_zfs_cache_that_can_be_given_back_is_available() {
    let tree = machine(&[("MemAvailable", 100_000)]);
    let used = |ran: &Ran| {
        ran.first().split("used=").nth(1).and_then(|it| it.split('B').next()).map(str::to_owned)
    };
    assert_eq!(used(&check(&tree, &[])).as_deref(), Some("921600000"));
    let stats = "9 1 0x01 123 33456 8 9\nname                            type data\nc                               4    400000000\n\
                 c_min                           4    102400000\nsize                            4    409600000\n";
    tree.write("proc/spl/kstat/zfs/arcstats", stats);
    let ran = check(&tree, &["-v"]);
    assert_eq!((ran.code, used(&ran).as_deref()), (0, Some("614400000")));
    assert!(ran.stdout.contains("ZFS cache would give back 307200000 bytes"), "{ran:?}");
    tree.write("proc/spl/kstat/zfs/arcstats", "garbage\n");
    let ran = check(&tree, &[]);
    assert!(ran.code == 3 && ran.stdout.contains("arcstats lacks"), "{ran:?}");
}

#[test]
fn huge_pages_are_in_use() {
    // The kernel counts them neither as free nor as available, whether a program has them or not.
    let tree = machine(&[("MemAvailable", 90_000), ("HugePages_Total", 400)]);
    assert_eq!(check(&tree, &[]).verdict(), (2, "MEM CRITICAL - 91.0% used (888.7 of 976.6 MiB)"));
}

#[test]
fn garbage_is_unknown_and_names_the_file() {
    let usual = meminfo(&[]);
    let texts = [
        meminfo(&[("MemTotal", 0), ("MemAvailable", 0)]),
        meminfo(&[("MemAvailable", 1_000_001)]),
        meminfo(&[("SwapFree", 2001)]),
        meminfo(&[("MemTotal", u64::MAX)]),
        usual.replace("1000000", "-1000000"),
        usual.replace("1000000 kB", "nan kB"),
        usual.replace("1000000 kB", ""),
        usual.replace("MemTotal", "MemTotl"),
        usual.replace("MemTotal", "\u{ff}emTotal"),
        String::new(),
        "garbage\n".to_owned(),
        "| x=1\n".to_owned(),
    ];
    let tree = machine(&[]);
    for text in texts.iter().map(String::as_bytes).chain([&b"\xff\xfe\0"[..]]) {
        tree.write("proc/meminfo", text);
        let ran = check(&tree, &[]);
        let path = tree.path("proc/meminfo").display().to_string();
        assert!(ran.stdout.starts_with("MEM UNKNOWN - ") && ran.stdout.contains(&path), "{ran:?}");
        assert!(
            !ran.stdout.contains("internal error") && ran.code == 3 && ran.stderr.is_empty(),
            "{ran:?}"
        );
    }
}

#[test]
fn an_unreadable_or_missing_file_is_unknown() {
    let tree = machine(&[]);
    let nobody = |tree: &Tree| finish(command(MEM, &tree.args(&[])).uid(65_534).gid(65_534));
    assert_eq!(nobody(&tree).code, 0);
    let path = tree.path("proc/meminfo");
    let verdict = |reason: &str| format!("MEM UNKNOWN - cannot read {}: {reason}", path.display());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    assert_eq!(nobody(&tree).verdict(), (3, verdict("Permission denied (os error 13)").as_str()));
    fs::remove_file(&path).unwrap();
    assert_eq!(
        check(&tree, &[]).verdict(),
        (3, verdict("No such file or directory (os error 2)").as_str())
    );
}

#[test]
fn this_machines_memory_is_what_free_says() {
    #[expect(clippy::disallowed_methods, reason = "free is the oracle")]
    let free = || finish(std::process::Command::new("free").arg("-b"));
    let free = free();
    let row: Vec<f64> = free
        .stdout
        .lines()
        .nth(1)
        .expect("free prints a table")
        .split_whitespace()
        .filter_map(|it| it.parse().ok())
        .collect();
    let ran = run(MEM, &["-v"]);
    let machine = ran.stdout.lines().find(|line| line.starts_with("machine: ")).expect("a detail");
    let percent: f64 =
        machine.split(['%', ' ']).nth(1).and_then(|it| it.parse().ok()).expect("per cent");
    // Columns are total, used, free, shared, buffers and cache, available. Other tests use memory meanwhile.
    assert!((percent - (row[0] - row[5]) / row[0] * 100.0).abs() < 10.0, "{ran:?} {free:?}");
    if ran.first().contains("cgroup") {
        return;
    }
    assert!(ran.first().contains(&format!(";0;{:.0} cached=", row[0])), "{ran:?} {free:?}");
}
