//! What the server looked like before an act: it is lost afterwards, and people will ask.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::deadline::Deadline;
use crate::policy::Policy;
use crate::recover::process;

/// Bundles that are kept.
const KEPT: usize = 20;
/// Time for one program.
const ONE: Duration = Duration::from_secs(3);

/// Programs that tell something, by the file that keeps their words. `{}` is the unit; without one the line is left out.
const PROGRAMS: &[(&str, &[&[&str]])] = &[
    ("unit", &[&["/usr/bin/systemctl", "status", "--no-pager", "--full", "--lines=0", "--", "{}"]]),
    (
        "log",
        &[
            &["/usr/bin/journalctl", "--no-pager", "--lines=200", "--unit={}"],
            &["/usr/bin/tail", "-n", "200", "/var/log/syslog"],
            &["/usr/bin/tail", "-n", "200", "/var/log/messages"],
        ],
    ),
    ("sockets", &[&["/usr/bin/ss", "-tulnp"], &["/usr/sbin/ss", "-tulnp"], &["/bin/ss", "-tulnp"]]),
    (
        "processes",
        &[
            &["/usr/bin/ps", "axo", "pid,ppid,stat,pcpu,rss,etime,wchan:20,args", "--sort=-pcpu"],
            &["/bin/ps", "axf"],
        ],
    ),
    ("kernel", &[&["/usr/bin/dmesg"], &["/bin/dmesg"]]),
    ("disks", &[&["/usr/bin/df", "-h", "--local"], &["/bin/df", "-h", "--local"]]),
];
/// Files of the kernel that tell something.
const FILES: [&str; 5] = [
    "/proc/pressure/cpu",
    "/proc/pressure/memory",
    "/proc/pressure/io",
    "/proc/loadavg",
    "/proc/meminfo",
];

/// Keeps a bundle, and gives its folder. It is bounded in time and size; whatever can not be had is left out.
pub(super) fn keep(
    below: &Path,
    name: &str,
    unit: Option<&str>,
    limit: Duration,
) -> Result<PathBuf> {
    let folder = below.join(name);
    private()
        .recursive(true)
        .create(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let policy = &Policy::documented().recovery;
    let deadline = Deadline::within(limit.min(Duration::from_secs(policy.evidence.into())));
    let parts = PROGRAMS.len() as u64 + 1;
    let most = u64::from(policy.evidence_kib) * 1024 / parts;
    let state: String = FILES.iter().filter_map(|path| told(path)).collect();
    write(&folder, "state", state.as_bytes(), most)?;
    for (file, lines) in PROGRAMS {
        if deadline.passed() {
            break;
        }
        if let Some(words) = first_that_exists(lines, unit) {
            let ran = process::run(&words, b"", ONE.min(deadline.left()));
            let text =
                ran.map_or_else(|error| format!("{error:#}\n"), |ran| ran.output().to_owned());
            write(&folder, file, end(file, &text, most), most)?;
        }
    }
    // Old bundles that can not be removed are a matter of the disk, not of this act.
    let _ = thin(below);
    Ok(folder)
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

fn told(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| format!("{path}:\n{text}\n"))
}

fn first_that_exists(lines: &[&[&str]], unit: Option<&str>) -> Option<Vec<String>> {
    let fits = |words: &&&[&str]| {
        let needs_unit = words.iter().any(|word| word.contains("{}"));
        words.first().is_some_and(|it| Path::new(it).exists()) && (unit.is_some() || !needs_unit)
    };
    let words = lines.iter().find(fits)?;
    Some(words.iter().map(|word| word.replace("{}", unit.unwrap_or_default())).collect())
}

/// The part that is kept: of a log the end, of a list the beginning.
fn end<'a>(file: &str, text: &'a str, most: u64) -> &'a [u8] {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let from = if matches!(file, "log" | "kernel") { text.len().saturating_sub(most) } else { 0 };
    text.as_bytes().get(from..).unwrap_or_default()
}

fn write(folder: &Path, name: &str, text: &[u8], most: u64) -> Result<()> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let path = folder.join(name);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(text.get(..most).unwrap_or(text)))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Removes all but the newest bundles. Their names begin with the time.
fn thin(below: &Path) -> Result<()> {
    let entries = fs::read_dir(below).context("cannot read the evidence")?;
    let mut bundles: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    bundles.sort();
    let surplus = bundles.len().saturating_sub(KEPT);
    for bundle in bundles.iter().take(surplus) {
        fs::remove_dir_all(bundle)
            .with_context(|| format!("cannot remove {}", bundle.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_bundle_is_private_bounded_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("evidence");
        for number in 10..10 + KEPT {
            fs::create_dir_all(below.join(number.to_string())).unwrap();
        }
        let kept = keep(&below, "30-restart-ssh", None, Duration::from_secs(20)).unwrap();
        let mode = fs::metadata(&kept).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
        let state = fs::read_to_string(kept.join("state")).unwrap();
        assert!(state.contains("/proc/meminfo:\n"), "{state}");
        assert!(kept.join("processes").exists());
        let size: u64 =
            fs::read_dir(&kept).unwrap().map(|it| it.unwrap().metadata().unwrap().len()).sum();
        assert!(size <= 256 * 1024, "{size}");
        assert!(!below.join("10").exists() && below.join("11").exists());
    }

    #[test]
    fn of_a_log_the_end_is_kept() {
        assert_eq!(end("log", "abcdef", 3), b"def");
        assert_eq!(end("disks", "abcdef", 3), b"abcdef");
    }

    #[test]
    fn without_a_unit_a_line_that_needs_one_is_left_out() {
        let lines: &[&[&str]] = &[&["/bin/sh", "{}"], &["/bin/sh", "x"]];
        assert_eq!(first_that_exists(lines, None).unwrap(), ["/bin/sh", "x"]);
        assert_eq!(first_that_exists(lines, Some("u")).unwrap(), ["/bin/sh", "u"]);
    }
}
