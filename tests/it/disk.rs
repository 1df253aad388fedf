//! `check_disk` on file systems of its own: full, dead, slow, hidden, hostile.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::hanging_fs::{Mode, Mounts, Usage};
use crate::run::{command, run};

mod dead;
mod names;
mod options;
mod selection;

const DISK: &str = env!("CARGO_BIN_EXE_check_disk");

/// The peer's words for a state.
const STATES: [&str; 4] = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];

/// What a run inside private mounts left behind.
#[derive(Debug)]
struct Seen {
    code: i32,
    stdout: String,
    took: Duration,
}

impl Seen {
    fn first(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }

    fn perfdata(&self) -> &str {
        self.first().split_once(" | ").map_or("", |(_, data)| data)
    }
}

fn disk(args: &[&str]) -> Command {
    command(DISK, args)
}

/// Runs the plugin inside, and checks what holds for every run.
fn check(mounts: &Mounts, args: &[&str]) -> Seen {
    finish(mounts, &mut disk(args))
}

fn finish(mounts: &Mounts, command: &mut Command) -> Seen {
    let start = Instant::now();
    let output = mounts.run(command);
    seen(&output, start.elapsed())
}

fn seen(output: &Output, took: Duration) -> Seen {
    let code = output.status.code().expect("ends by itself");
    let stdout = String::from_utf8(output.stdout.clone()).expect("output is UTF-8");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{stdout}");
    assert!(stdout.len() <= 8191 && stdout.ends_with('\n'), "{stdout}");
    let state = STATES[usize::try_from(code).unwrap()];
    assert!(stdout.starts_with(&format!("DISK {state} - ")), "{code} {stdout}");
    assert!(stdout.matches('|').count() <= 1, "{stdout}");
    let seen = Seen { code, stdout, took };
    let text = seen.first().split(" | ").next().unwrap().split_once(" - ").unwrap().1;
    assert!(text.chars().count() < 120, "{text}");
    seen
}

#[test]
fn use_is_judged_at_the_documented_bounds_of_both_plans() {
    let mounts = Mounts::new();
    let fs = mounts.hanging_from("/dev/sdz1", "full", Mode::Ok(Usage::percent(0.0, 0.0)));
    let point = fs.point().to_str().unwrap();
    for plan in ["core2duo", "corei5-xeon"] {
        let rows = [(0.0, 0), (79.99, 0), (80.0, 1), (80.01, 1), (89.99, 1), (90.0, 2), (100.0, 2)];
        for (percent, code) in rows {
            fs.set(Mode::Ok(Usage::percent(percent, 99.0)));
            let seen = check(&mounts, &["-p", point, "--plan", plan]);
            assert_eq!(seen.code, code, "{percent} {seen:?}");
        }
    }
}

#[test]
fn the_line_is_that_of_the_peer_with_the_bytes_at_which_it_alerts() {
    let mounts = Mounts::new();
    let fs = mounts.hanging_from("/dev/sdz1", "a", Mode::Ok(Usage::percent(75.0, 10.0)));
    let point = fs.point().to_str().unwrap();
    let line = format!(
        "DISK OK - free space: {point} 976MiB (25% inode=90%); | \
         {point}=3072000000B;3276800000;3686400000;0;4096000000\n"
    );
    assert_eq!(check(&mounts, &["-p", point]).stdout, line);

    let with_inodes = check(&mounts, &["-p", point, "-P", "-W", "20", "-K", "10%"]);
    let inodes = format!(" '{point} (inodes)'=1000;8000;9000;0;10000");
    assert!(with_inodes.perfdata().ends_with(&inodes), "{with_inodes:?}");

    let units = check(&mounts, &["-p", point, "-w", "500", "-c", "250", "-u", "MB"]);
    let bytes = format!("{point}=3072000000B;3571712000;3833856000;0;4096000000");
    assert_eq!(units.perfdata(), bytes);
}

#[test]
fn blocks_that_are_kept_for_root_are_no_room() {
    let mounts = Mounts::new();
    let usage = Usage { blocks: 1000, free: 250, available: 200, inodes: 0, inodes_free: 0 };
    let fs = mounts.hanging_from("/dev/sdz1", "a", Mode::Ok(usage));
    let point = fs.point().to_str().unwrap();
    // 750 of 950 blocks are in use: 78.9 per cent as df counts, 75 of all blocks.
    let seen = check(&mounts, &["-p", point, "-w", "22%", "-c", "5%"]);
    assert_eq!(seen.code, 1, "{seen:?}");
    assert_eq!(seen.perfdata(), format!("{point}=3072000B;3035136;3696640;0;4096000"));
    assert!(seen.first().contains("(21% inode=-)"), "{seen:?}");
    let without = check(&mounts, &["-p", point, "-f"]);
    assert_eq!(
        (without.code, without.perfdata().ends_with(";0;3891200")),
        (0, true),
        "{without:?}"
    );
}

#[test]
fn inodes_are_judged_where_it_is_asked_for() {
    let mounts = Mounts::new();
    let fs = mounts.hanging_from("/dev/sdz1", "a", Mode::Ok(Usage::percent(0.0, 0.0)));
    let point = fs.point().to_str().unwrap();
    let rows = [(79.99, 0), (80.0, 0), (80.01, 1), (90.0, 1), (90.01, 2), (100.0, 2)];
    for (percent, code) in rows {
        fs.set(Mode::Ok(Usage::percent(10.0, percent)));
        let seen = check(&mounts, &["-p", point, "-W", "20%", "-K", "10"]);
        assert_eq!(seen.code, code, "{percent} {seen:?}");
        assert_eq!(check(&mounts, &["-p", point]).code, 0);
    }
    fs.set(Mode::Ok(Usage { inodes: 0, inodes_free: 0, ..Usage::percent(10.0, 0.0) }));
    let uncounted = check(&mounts, &["-p", point, "-W", "20%", "-K", "10%"]);
    assert!(uncounted.code == 0 && uncounted.first().contains("inode=-"), "{uncounted:?}");
}

#[test]
fn absurd_sizes_are_printed_as_numbers() {
    let mounts = Mounts::new();
    let huge = Usage {
        blocks: u64::MAX / 2,
        free: u64::MAX / 4,
        available: u64::MAX / 4,
        inodes: u64::MAX,
        inodes_free: u64::MAX,
    };
    let fs = mounts.hanging_from("/dev/sdz1", "a", Mode::Ok(huge));
    let point = fs.point().to_str().unwrap();
    let seen = check(&mounts, &["-p", point, "-P"]);
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(!seen.perfdata().contains(['e', 'E']) || point.contains('e'), "{seen:?}");
    fs.set(Mode::Ok(Usage { blocks: 0, free: 0, available: 0, inodes: 0, inodes_free: 0 }));
    let empty = check(&mounts, &["-p", point]);
    assert_eq!((empty.code, empty.first().contains("has no size")), (3, true), "{empty:?}");
    let found = check(&mounts, &["-N", "fuse.hanging"]);
    assert_eq!(found.first(), "DISK UNKNOWN - no file system is left to look at");
}

#[test]
fn an_error_of_the_file_system_is_critical_and_named() {
    let mounts = Mounts::new();
    let stale = Mode::StatfsFails(nix::errno::Errno::ESTALE);
    let fs = mounts.hanging_from("/dev/sdz1", "a", stale);
    let point = fs.point().to_str().unwrap();
    let seen = check(&mounts, &["-p", point]);
    let line = format!("DISK CRITICAL - {point} is not accessible: Stale file handle");
    assert_eq!((seen.code, seen.first()), (2, line.as_str()));
}

#[test]
fn the_numbers_are_those_of_df() {
    let seen = run(DISK, &["-p", "/", "-u", "bytes"]);
    let df = command("df", &["-B1", "--output=size,used", "/"]).output().unwrap();
    let df = String::from_utf8(df.stdout).unwrap();
    let numbers: Vec<f64> = df.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let data = seen.first().split_once(" | /=").unwrap().1;
    let fields: Vec<f64> =
        data.split(';').map(|field| field.trim_end_matches('B').parse().unwrap()).collect();
    assert!((fields[4] - numbers[0]).abs() < 1.0, "{seen:?} {df}");
    // Others write to the disk between the two.
    assert!((fields[0] - numbers[1]).abs() < 1e9, "{seen:?} {df}");
}
