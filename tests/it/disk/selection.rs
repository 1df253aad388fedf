//! Which mounts are looked at.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{check, disk, finish, seen};
use crate::hanging_fs::{Image, Mode, Mounts, Operation, Usage};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn pseudo_file_systems_are_left_out_unless_asked_for() {
    let mounts = Mounts::new();
    let tmpfs = mounts.tmpfs("tmp", "size=1M");
    let overlay = mounts.overlay(Path::new("/etc"), "overlay");
    let squashfs = mounts.image(Image::Squashfs, 0, "image");
    for args in [&["-w", "1%", "-c", "1%"][..], &["-A"], &["-R", ".*"], &["-l"]] {
        let usual = check(&mounts, args);
        assert!(!usual.stdout.contains(text(&mounts.path(""))), "{usual:?}");
        assert!(usual.perfdata().starts_with("/="), "{usual:?}");
    }
    for point in [&tmpfs, &overlay] {
        let seen = check(&mounts, &["-p", text(point), "-w", "1%", "-c", "1%"]);
        assert!(seen.code == 0 && seen.perfdata().starts_with(text(point)), "{seen:?}");
    }
    let image = check(&mounts, &["-p", text(&squashfs)]);
    assert!(image.code == 2 && image.first().contains("(0% inode="), "{image:?}");
    let kind = check(&mounts, &["-N", "tmpfs", "-r", "/mounts-.*/tmp$"]);
    assert!(kind.code == 0 && kind.perfdata().starts_with(text(&tmpfs)), "{kind:?}");
    let proc = check(&mounts, &["-p", "/proc"]);
    assert!(proc.code == 3 && proc.first().contains("/proc has no size"), "{proc:?}");
}

#[test]
fn local_disks_of_every_kind_are_found_by_path_and_device() {
    let mounts = Mounts::new();
    for (kind, size) in [(Image::Ext4, 16), (Image::Xfs, 320), (Image::Btrfs, 128)] {
        let point = mounts.image(kind, size, format!("{kind:?}"));
        let pattern = format!("^{}$", text(&point));
        let found = check(&mounts, &["-r", &pattern, "-w", "1%", "-c", "1%"]);
        assert!(found.code == 0 && found.perfdata().starts_with(text(&point)), "{found:?}");
        let usual = check(&mounts, &["-w", "1%", "-c", "1%"]);
        assert!(usual.stdout.contains(text(&point)), "{usual:?}");
    }
    let fs = mounts.hanging_from("/dev/sdz9", "named", Mode::Ok(Usage::percent(10.0, 10.0)));
    let by_device = check(&mounts, &["-p", "/dev/sdz9"]);
    assert!(by_device.perfdata().starts_with(text(fs.point())), "{by_device:?}");
}

#[test]
fn a_file_system_counts_once_however_often_it_is_mounted() {
    let mounts = Mounts::new();
    let name = "whole, with a long name";
    // The fixture looks from outside whether it binds a directory.
    fs::create_dir_all(mounts.path(name).join("part")).unwrap();
    let whole = mounts.tmpfs(name, "size=1M");
    mounts.inside(|| fs::create_dir(whole.join("part"))).unwrap();
    let part = mounts.bind(&whole.join("part"), "part");
    let twin = mounts.bind(&whole, "twin");
    let found = check(&mounts, &["-N", "tmpfs", "-r", "/mounts-"]);
    assert_eq!(found.perfdata().matches('=').count(), 1, "{found:?}");
    // The whole before a part, then the shortest path.
    assert!(found.perfdata().starts_with(text(&twin)), "{found:?}");
    let named = check(&mounts, &["-p", text(&part), "-p", text(&whole)]);
    assert_eq!(named.perfdata().matches('=').count(), 2, "{named:?}");
}

#[test]
fn the_last_mount_on_a_path_wins_and_what_it_hides_is_not_touched() {
    let mounts = Mounts::new();
    let hidden = mounts.hanging_from("/dev/sdz1", "point", Mode::AllHangs);
    let table = mounts.inside(|| {
        let point = hidden.point();
        let options = Some("size=2M");
        let flags = nix::mount::MsFlags::empty();
        // Walks to the point, over which nothing lies yet: asks the hidden one nothing but that it is there.
        let mounted = nix::mount::mount(Some("tmpfs"), point, Some("tmpfs"), flags, options);
        mounted.map(|()| fs::read_to_string("/proc/thread-self/mountinfo").unwrap())
    });
    let table = table.unwrap();
    assert_eq!(table.matches(text(hidden.point())).count(), 2, "{table}");
    let seen = check(&mounts, &["-p", text(hidden.point()), "-t", "3"]);
    assert!(seen.code == 0 && seen.perfdata().ends_with(";0;2097152"), "{seen:?}");
    let usual = check(&mounts, &["-w", "1%", "-c", "1%", "-t", "3"]);
    assert!(usual.code == 0 && !usual.stdout.contains(text(hidden.point())), "{usual:?}");
    assert_eq!(hidden.count(Operation::Statfs), 0);
}

#[test]
fn a_partition_that_is_not_mounted_is_unknown_unless_required() {
    let mounts = Mounts::new();
    let directory = mounts.path("missing");
    let line = format!(" - {} is not mounted", text(&directory));
    let missing = check(&mounts, &["-p", text(&directory)]);
    assert_eq!((missing.code, missing.first()), (3, format!("DISK UNKNOWN{line}").as_str()));
    assert!(missing.stdout.contains("(the path lies on /dev/shm)"), "{missing:?}");
    let required = check(&mounts, &["--required", text(&directory)]);
    assert_eq!((required.code, required.first()), (2, format!("DISK CRITICAL{line}").as_str()));
    let beside = check(&mounts, &["-w", "1%", "-c", "1%", "-p", "/", "-p", "/nowhere"]);
    assert_eq!(beside.code, 3);
    assert!(beside.first().starts_with("DISK UNKNOWN - /nowhere is not mounted; free space: / "));
    assert!(beside.perfdata().starts_with("/="), "{beside:?}");
    let mounted = mounts.tmpfs("there", "size=1M");
    assert_eq!(check(&mounts, &["--required", text(&mounted)]).code, 0);
    let none = check(&mounts, &["-r", "^/no/such|thing$"]);
    assert!(none.code == 3 && none.first().contains("matches no mount"), "{none:?}");
}

#[test]
fn remote_file_systems_are_looked_at_when_asked_for() {
    let mounts = Mounts::new();
    let remote = mounts.hanging("remote", Mode::Ok(Usage::percent(95.0, 10.0)));
    let point = text(remote.point());
    for args in [&["-w", "1%", "-c", "1%"][..], &["-l", "-A", "-w", "1%", "-c", "1%"]] {
        let seen = check(&mounts, args);
        assert!(seen.code == 0 && !seen.stdout.contains(point), "{seen:?}");
    }
    assert_eq!(remote.count(Operation::Statfs), 0);
    let all = check(&mounts, &["-A"]);
    assert!(all.code == 2 && all.stdout.contains(point), "{all:?}");
    let reached = check(&mounts, &["-L", "-w", "1%", "-c", "1%", "-v"]);
    assert!(
        reached.code == 0 && reached.stdout.contains(&format!("{point}: OK, answers")),
        "{reached:?}"
    );
    assert!(!reached.perfdata().contains(point), "{reached:?}");
    remote.set(Mode::StatfsHangs);
    let dead = check(&mounts, &["-L", "-w", "1%", "-c", "1%", "-t", "0.5"]);
    assert!(dead.code == 2 && dead.stdout.contains("does not answer"), "{dead:?}");
}

#[test]
fn a_user_without_rights_sees_what_he_may_and_is_told_about_the_rest() {
    let mounts = Mounts::new();
    let open = mounts.tmpfs("open", "size=1M");
    let closed = mounts.tmpfs("closed/inner", "size=1M");
    let fuse = mounts.hanging("fuse", Mode::Ok(Usage::percent(10.0, 10.0)));
    let modes = [(mounts.path(""), 0o755), (mounts.path("closed"), 0o700)];
    for (path, mode) in modes {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let run = |args: &[&str]| finish(&mounts, disk(args).uid(65534).gid(65534));
    let allowed = run(&["-p", text(&open), "-p", text(fuse.point())]);
    assert_eq!((allowed.code, allowed.perfdata().matches('=').count()), (0, 2), "{allowed:?}");
    let denied = run(&["-p", text(&open), "-p", text(&closed)]);
    let line = format!("DISK UNKNOWN - {} is not accessible: Permission denied", text(&closed));
    assert!(denied.code == 3 && denied.first().starts_with(&line), "{denied:?}");
    assert!(denied.perfdata().starts_with(text(&open)), "{denied:?}");
}

#[test]
fn five_thousand_mounts_take_less_than_a_second() {
    let mounts = Mounts::new();
    mounts.many_tmpfs(5000);
    for args in [&["-w", "1%", "-c", "1%"][..], &["-N", "tmpfs", "-r", "/mounts-"]] {
        let start = Instant::now();
        let output = mounts.run_promptly(&mut disk(args));
        let took = start.elapsed();
        let seen = seen(&output, took);
        assert!(seen.code == 0 && took < Duration::from_secs(1), "{took:?} {}", seen.first());
    }
    let all = check(&mounts, &["-N", "tmpfs", "-r", "/mounts-"]);
    assert!(all.stdout.contains("more values left out)"), "{all:?}");
    assert!(all.first().contains("more below)"), "{all:?}");
}
