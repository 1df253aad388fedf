//! Mount points with names that forge, break or hide.

use std::os::unix::ffi::OsStrExt;

use super::{Seen, disk, finish};
use crate::hanging_fs::{Mode, Mounts, hostile_names};

/// Labels of performance data, as the engines read them: quoted, or up to the equals sign.
fn labels(seen: &Seen) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = seen.perfdata();
    while !rest.is_empty() {
        let (label, behind) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once("'=").expect("a quoted label ends"),
            None => rest.split_once('=').expect("a label ends"),
        };
        labels.push(label.to_owned());
        let (value, next) = behind.split_once(' ').unwrap_or((behind, ""));
        assert!(value.bytes().all(|byte| b"0123456789;.B".contains(&byte)), "{value:?} {seen:?}");
        rest = next;
    }
    labels
}

#[test]
fn every_name_stays_one_label_on_one_line() {
    let mounts = Mounts::new();
    for name in hostile_names() {
        let point = mounts.tmpfs(&name, "size=1M");
        let seen = finish(&mounts, disk(&["-p"]).arg(&point));
        assert_eq!(seen.code, 0, "{name:?} {seen:?}");
        assert_eq!(labels(&seen).len(), 1, "{name:?} {seen:?}");
        let text = seen.stdout.trim_end_matches('\n');
        assert!(!text.contains(|it: char| it.is_control() && it != '\n'), "{name:?} {seen:?}");
        assert!(!text.contains(['\u{202e}', '\u{2028}']), "{name:?} {seen:?}");
        assert!(seen.first().starts_with("DISK OK - free space: /dev/shm/"), "{name:?} {seen:?}");
    }
    let all = finish(&mounts, &mut disk(&["-N", "tmpfs", "-r", "/mounts-"]));
    assert_eq!(labels(&all).len(), hostile_names().len(), "{all:?}");
}

#[test]
fn dead_mounts_have_names_too() {
    let mounts = Mounts::new();
    for name in hostile_names() {
        let fs = mounts.hanging(&name, Mode::StatfsFails(nix::errno::Errno::EIO));
        let seen = finish(&mounts, disk(&["-p"]).arg(fs.point()));
        assert_eq!((seen.code, seen.perfdata()), (2, ""), "{name:?} {seen:?}");
        assert!(seen.stdout.contains("is not accessible: I/O error"), "{name:?} {seen:?}");
    }
}

#[test]
fn a_name_can_be_given_as_it_is() {
    let mounts = Mounts::new();
    let name = std::ffi::OsStr::from_bytes(b"not \xff here\n|");
    let missing = finish(&mounts, disk(&["-p"]).arg(mounts.path(name)));
    assert!(missing.code == 3 && missing.first().contains("is not mounted"), "{missing:?}");
    let slash = mounts.tmpfs("slash", "size=1M");
    let seen = finish(&mounts, disk(&["-p"]).arg(format!("{}/", slash.display())));
    assert_eq!(seen.code, 0, "{seen:?}");
}
