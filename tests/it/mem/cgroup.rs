//! Limits of control groups, in both of their versions.

use super::{check, meminfo};
use crate::run::Ran;
use crate::tree::Tree;

const V2: &str = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "25 24 0:22 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                  35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n";

/// A machine with half of its 1,024,000,000 bytes in use.
fn machine(own: &str, mounts: &str) -> Tree {
    Tree::of(&[
        ("proc/meminfo", &meminfo(&[])),
        ("proc/self/cgroup", own),
        ("proc/self/mountinfo", mounts),
    ])
}

fn unified(tree: &Tree, group: &str, [limit, current, idle]: [&str; 3]) {
    let file = |name: &str| format!("sys/fs/cgroup{group}/{name}");
    tree.write(&file("memory.max"), format!("{limit}\n"));
    tree.write(&file("memory.current"), format!("{current}\n"));
    tree.write(
        &file("memory.stat"),
        format!("anon 1\nfile 2\ninactive_anon 9\ninactive_file {idle}\n"),
    );
}

fn legacy(tree: &Tree, group: &str, [limit, usage, idle]: [&str; 3]) {
    let file = |name: &str| format!("sys/fs/cgroup/memory{group}/{name}");
    tree.write(&file("memory.limit_in_bytes"), format!("{limit}\n"));
    tree.write(&file("memory.usage_in_bytes"), format!("{usage}\n"));
    tree.write(&file("memory.stat"), format!("inactive_file 7\ntotal_inactive_file {idle}\n"));
}

/// Exit code and the used value with its thresholds.
fn used(ran: &Ran) -> (i32, &str) {
    let value = ran.first().split("used=").nth(1).and_then(|it| it.split(' ').next());
    (ran.code, value.unwrap_or_default())
}

const MACHINE: (i32, &str) = (0, "512000000B;819200000;921600000;0;1024000000");

#[test]
fn the_limit_of_the_own_group_counts_where_it_is_nearer() {
    let tree = machine("0::/web.slice/nrpe.service\n", V2);
    let group = "/web.slice/nrpe.service";
    // Of 850 in use, 50 were not touched for a while: exactly the documented 80 %.
    unified(&tree, group, ["1000", "850", "50"]);
    let ran = check(&tree, &[]);
    let text =
        "MEM WARNING - 80.0% used (800.0 of 1000.0 B), limit of cgroup /web.slice/nrpe.service";
    assert_eq!((ran.verdict().1, used(&ran)), (text, (1, "800B;800;900;0;1000")));
    unified(&tree, group, ["1000", "849", "50"]);
    assert_eq!(check(&tree, &[]).code, 0);
    unified(&tree, group, ["1000", "950", "50"]);
    assert_eq!(check(&tree, &[]).code, 2);
    unified(&tree, group, ["1000", "949", "50"]);
    assert_eq!(check(&tree, &[]).code, 1);
    // The machine is fuller.
    unified(&tree, group, ["1000", "549", "50"]);
    assert_eq!(used(&check(&tree, &[])), MACHINE);
    let detail = check(&tree, &["-v"]);
    assert!(
        detail.stdout.ends_with(
            "\n49.9% used (499.0 of 1000.0 B), limit of cgroup /web.slice/nrpe.service\n"
        ),
        "{detail:?}"
    );
}

#[test]
fn a_group_without_a_limit_does_not_count() {
    let tree = machine("0::/a\n", V2);
    unified(&tree, "/a", ["max", "999999999999", "0"]);
    assert_eq!(used(&check(&tree, &[])), MACHINE);
    // More than the machine has is no limit.
    unified(&tree, "/a", ["1024000000", "1024000000", "0"]);
    assert_eq!(used(&check(&tree, &[])), MACHINE);
    unified(&tree, "/a", ["1023999999", "1023999999", "0"]);
    assert_eq!(check(&tree, &[]).code, 2);
}

#[test]
fn a_limit_around_the_own_group_counts_too() {
    let tree = machine("0::/outer/middle/own\n", V2);
    unified(&tree, "/outer/middle/own", ["2000", "1200", "0"]);
    unified(&tree, "/outer/middle", ["max", "3000", "0"]);
    unified(&tree, "/outer", ["4000", "3800", "0"]);
    let ran = check(&tree, &["-v"]);
    assert_eq!(
        ran.verdict(),
        (2, "MEM CRITICAL - 95.0% used (3.7 of 3.9 KiB), limit of cgroup /outer")
    );
    let details: Vec<&str> = ran.stdout.lines().skip(1).collect();
    let expected = [
        "machine: 50.0% used (488.3 of 976.6 MiB)",
        "60.0% used (1.2 of 2.0 KiB), limit of cgroup /outer/middle/own",
        "95.0% used (3.7 of 3.9 KiB), limit of cgroup /outer",
    ];
    assert_eq!(details, expected);
}

#[test]
fn inside_a_container_the_mount_itself_is_the_group() {
    // With a namespace of its own the group is `/`, which has a limit here.
    let tree = machine("0::/\n", V2);
    unified(&tree, "", ["1000", "900", "0"]);
    assert_eq!(
        check(&tree, &[]).verdict(),
        (2, "MEM CRITICAL - 90.0% used (900.0 of 1000.0 B), limit of cgroup /")
    );
    // Without one, the mount begins at the container's group. Mountinfo writes a backslash in octal.
    let mounts = V1.replace("0:32 / ", "0:32 /docker/a\\134x2db ");
    let tree = machine("9:memory:/docker/a\\x2db/inner\n0::/\n", &mounts);
    legacy(&tree, "", ["1000", "900", "0"]);
    legacy(&tree, "/inner", ["9223372036854771712", "900", "0"]);
    assert_eq!(
        check(&tree, &[]).verdict(),
        (2, "MEM CRITICAL - 90.0% used (900.0 of 1000.0 B), limit of cgroup /docker/a\\x2db")
    );
    // A group outside of what is mounted can not be looked at.
    let tree = machine("0::/../other\n", V2);
    assert_eq!(used(&check(&tree, &[])), MACHINE);
}

#[test]
fn version_one_counts_alike_and_its_greatest_number_is_no_limit() {
    let tree = machine(
        "9:memory:/outer/own\n8:cpu,cpuacct:/x\n1:name=systemd:/y\n0::/\n",
        &format!("{V1}{}", V2.replace("fs/cgroup", "fs/cgroup/unified")),
    );
    legacy(&tree, "", ["9223372036854771712", "5", "0"]);
    legacy(&tree, "/outer", ["9223372036854775807", "5", "0"]);
    legacy(&tree, "/outer/own", ["1000", "850", "50"]);
    assert_eq!(used(&check(&tree, &[])), (1, "800B;800;900;0;1000"));
    legacy(&tree, "/outer", ["1000", "990", "0"]);
    assert_eq!(
        check(&tree, &[]).verdict(),
        (2, "MEM CRITICAL - 99.0% used (990.0 of 1000.0 B), limit of cgroup /outer")
    );
    legacy(&tree, "/outer", ["9223372036854771712", "5", "0"]);
    legacy(&tree, "/outer/own", ["9223372036854771712", "850", "50"]);
    assert_eq!(used(&check(&tree, &[])), MACHINE);
}

#[test]
fn garbage_in_a_group_is_unknown_and_names_the_file() {
    let cases = [
        (["garbage", "1", "0"], "memory.max"),
        (["-5", "1", "0"], "memory.max"),
        (["0", "0", "0"], "memory.max"),
        (["", "1", "0"], "memory.max"),
        (["1000", "many", "0"], "memory.current"),
        (["1000", "1", "x"], "memory.stat"),
    ];
    for (numbers, file) in cases {
        let tree = machine("0::/a\n", V2);
        unified(&tree, "/a", numbers);
        let ran = check(&tree, &[]);
        let path = tree.path("sys/fs/cgroup/a").join(file).display().to_string();
        assert!(ran.code == 3 && ran.stdout.contains(&path), "{numbers:?} {ran:?}");
    }
    let ran = check(&machine("garbage\n", V2), &[]);
    assert!(ran.code == 3 && ran.stdout.contains("cannot understand"), "{ran:?}");
}
