//! The hanging file system and the private mounts against programs that know nothing of them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use nix::errno::Errno;

use super::*;
use crate::namespace::eventually;

/// Starts `df` on the file system and waits until it sits in the kernel.
fn stuck_df(mounts: &Mounts, hung: &HangingFs) -> Child {
    let child = mounts
        .spawn(Command::new("df").arg(hung.point()).stdout(Stdio::null()).stderr(Stdio::null()));
    hung.wait_for(Operation::Statfs);
    child
}

/// Whether the process waits in the kernel with a SIGKILL that does not reach it.
fn beyond_sigkill(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process exists");
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
            .unwrap_or_default()
            .to_owned()
    };
    field("State:").starts_with('D') && field("SigPnd:").ends_with("100")
}

fn ended(child: &mut Child) -> bool {
    child.try_wait().expect("the child can be waited for").is_some()
}

fn first_line(mounts: &Mounts, command: &mut Command) -> String {
    let output = mounts.run(command);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .nth(1)
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn df_on_a_hung_file_system_cannot_even_be_killed_until_it_is_stopped() {
    let mounts = Mounts::new();
    for mode in [Mode::StatfsHangs, Mode::AllHangs] {
        let mut hung = mounts.hanging("hung", mode);
        let mut asker = mounts.spawn(
            Command::new("stat")
                .arg("-f")
                .arg(hung.point())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        hung.wait_for(Operation::Statfs);
        asker.kill().expect("the child exists");
        eventually("stuck", || beyond_sigkill(asker.id()));
        assert!(!ended(&mut asker));
        hung.stop();
        eventually("freed", || ended(&mut asker));
    }
    let mut hung = mounts.hanging("hung", Mode::StatfsHangs);
    assert!(
        mounts.run(Command::new("stat").arg(hung.point())).status.success(),
        "only statfs hangs"
    );
    let mut df = stuck_df(&mounts, &hung);
    hung.stop();
    eventually("freed", || ended(&mut df));
}

#[test]
fn a_command_that_hangs_is_given_up_and_freed_by_the_drop() {
    let mounts = Mounts::new();
    let hung = mounts.hanging("hung", Mode::AllHangs);
    let pid_file = mounts.path("pid");
    let script =
        format!("echo $$ >{}; exec stat -- {}", pid_file.display(), hung.point().display());
    let output =
        mounts.run_within(Command::new("sh").args(["-c", &script]), Duration::from_millis(300));
    assert!(output.is_none());
    hung.wait_for(Operation::Attributes);
    let pid = fs::read_to_string(pid_file).expect("the script has started").trim().to_owned();
    drop(hung);
    eventually("reaped", || !Path::new("/proc").join(&pid).exists());
}

#[test]
fn a_panic_frees_who_hangs() {
    let mut df = None;
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mounts = Mounts::new();
        let hung = mounts.hanging("hung", Mode::StatfsHangs);
        df = Some(stuck_df(&mounts, &hung));
        assert_eq!(hung.count(Operation::Statfs), 0, "on purpose");
    }));
    assert!(result.is_err());
    let mut df = df.expect("df was started");
    eventually("freed", || ended(&mut df));
}

#[test]
fn a_healthy_one_shows_the_use_it_was_given() {
    let mounts = Mounts::new();
    let healthy = mounts.hanging_from("/dev/sdz1", "healthy", Mode::Ok(Usage::percent(80.0, 25.0)));
    let df = |what: &str| first_line(&mounts, Command::new("df").arg(what).arg(healthy.point()));
    assert_eq!(df("--output=source,size,used,avail,pcent"), "/dev/sdz1 4000000 3200000 800000 80%");
    assert_eq!(df("--output=itotal,iused,ipcent"), "10000 2500 25%");

    let reserved = Usage { blocks: 1000, free: 500, available: 100, inodes: 0, inodes_free: 0 };
    healthy.set(Mode::Ok(reserved));
    assert_eq!(df("--output=size,used,avail"), "4000 2000 400");

    healthy.set(Mode::StatfsFails(Errno::ESTALE));
    let failed = mounts.run(Command::new("df").env("LC_ALL", "C").arg(healthy.point()));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("Stale file handle"), "{failed:?}");
    assert!(mounts.run(Command::new("ls").arg(healthy.point())).status.success());
}

#[test]
fn a_slow_one_answers_late() {
    let mounts = Mounts::new();
    let slow =
        mounts.hanging("slow", Mode::Slow(Duration::from_millis(300), Usage::percent(50.0, 0.0)));
    let start = Instant::now();
    assert_eq!(
        first_line(&mounts, Command::new("stat").args(["-f", "-c", "\n%a"]).arg(slow.point())),
        "500000"
    );
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn mounts_are_seen_inside_only() {
    let mounts = Mounts::new();
    let point = mounts.tmpfs("small", "size=1M,nr_inodes=100");
    mounts.inside(|| fs::write(point.join("file"), vec![0; 900 * 1024])).expect("it fits");
    assert_eq!(
        first_line(&mounts, Command::new("df").arg("--output=size,used,itotal").arg(&point)),
        "1024 900 100"
    );
    assert!(!point.join("file").exists());

    let twin = mounts.bind(&point, "twin");
    let file = mounts.bind(Path::new("/etc/passwd"), "one file");
    mounts.read_only(&twin);
    let errors = mounts.inside(|| {
        [fs::write(twin.join("new"), ""), fs::write(point.join("new"), "")]
            .map(|result| result.err().and_then(|e| e.raw_os_error()))
    });
    assert_eq!(errors, [Some(Errno::EROFS as i32), None]);
    assert_eq!(
        mounts.inside(|| fs::read(&file)).expect("readable"),
        fs::read("/etc/passwd").expect("readable")
    );

    let overlay = mounts.overlay(Path::new("/etc"), "overlay");
    let kind = mounts.run(Command::new("stat").args(["-f", "-c", "%T"]).arg(&overlay));
    assert_eq!(String::from_utf8_lossy(&kind.stdout), "overlayfs\n");
    assert!(mounts.inside(|| overlay.join("passwd").exists()));
}

#[test]
fn images_are_mounted_and_their_loop_devices_freed() {
    let mounts = Mounts::new();
    let directory = mounts.path("");
    for (kind, size, name) in [
        (Image::Ext4, 16, "ext2/ext3"),
        (Image::Xfs, 320, "xfs"),
        (Image::Btrfs, 128, "btrfs"),
        (Image::Squashfs, 0, "squashfs"),
    ] {
        let point = mounts.image(kind, size, format!("{kind:?}"));
        let seen = mounts.run(Command::new("stat").args(["-f", "-c", "%T"]).arg(point));
        assert_eq!(String::from_utf8_lossy(&seen.stdout).trim(), name);
    }
    assert_eq!(loops_in(&directory), 4);
    drop(mounts);
    eventually("freed", || loops_in(&directory) == 0);
}

fn loops_in(directory: &Path) -> usize {
    let devices = fs::read_dir("/sys/block").expect("readable").filter_map(Result::ok);
    let files = devices
        .filter_map(|device| fs::read_to_string(device.path().join("loop/backing_file")).ok());
    files.filter(|file| file.starts_with(&*directory.to_string_lossy())).count()
}

#[test]
fn five_thousand_mounts_are_made_quickly() {
    let mounts = Mounts::new();
    let start = Instant::now();
    let points = mounts.many_tmpfs(5000);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let table =
        mounts.inside(|| fs::read_to_string("/proc/thread-self/mountinfo")).expect("readable");
    assert!(
        points.iter().rev().take(10).all(|point| table.contains(&format!(" {} ", point.display())))
    );
    assert_eq!(table.matches(&*mounts.path("").to_string_lossy()).count(), 5000);
}

#[test]
fn hostile_names_are_mount_points_too() {
    let mounts = Mounts::new();
    for name in hostile_names() {
        let point = mounts.tmpfs(&name, "size=1M");
        let seen = mounts.run(Command::new("stat").args(["-f", "-c", "%T"]).arg(&point));
        assert_eq!(String::from_utf8_lossy(&seen.stdout), "tmpfs\n", "{name:?}");
    }
    for name in ["line\nbreak hung", "esc\u{1b} \u{202e}"]
        .map(OsString::from)
        .into_iter()
        .chain([OsString::from_vec(b"hung\xff \\ \t".to_vec())])
    {
        let mut hung = mounts.hanging(&name, Mode::StatfsHangs);
        let mut df = stuck_df(&mounts, &hung);
        hung.stop();
        eventually("freed", || ended(&mut df));
    }
}
