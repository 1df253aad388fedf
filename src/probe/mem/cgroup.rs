//! Limits of memory that control groups set: of the own group and of those around it.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use procfs_core::process::MountInfo;
use procfs_core::{FromRead, ProcessCGroups};

use super::Place;
use crate::probe::root::Root;

const OWN: &str = "/proc/self/cgroup";
const MOUNTS: &str = "/proc/self/mountinfo";

/// The files of one version of control groups.
struct Files {
    /// The type of the file system.
    system: &'static str,
    /// The option with which the tree must be mounted.
    option: Option<&'static str>,
    limit: &'static str,
    usage: &'static str,
    /// The row of `memory.stat` with page cache that was not used for a while, the group's children included. The kernel gives
    /// it back first; orchestrators subtract it too.
    idle: &'static str,
}

const V1: Files = Files {
    system: "cgroup",
    option: Some("memory"),
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    idle: "total_inactive_file",
};
const V2: Files = Files {
    system: "cgroup2",
    option: None,
    limit: "memory.max",
    usage: "memory.current",
    idle: "inactive_file",
};

/// A mounted tree of control groups.
#[derive(Debug, PartialEq)]
struct Tree {
    /// The group that the mount shows.
    root: PathBuf,
    mount_point: PathBuf,
}

/// All limits, innermost first. A group without a limit is left out.
pub(super) fn limits(root: &Root) -> anyhow::Result<Vec<Place>> {
    let Some(own) = root.read_if_present(OWN)? else { return Ok(Vec::new()) };
    let mounts = root.read_if_present(MOUNTS)?.unwrap_or_default();
    let groups = ProcessCGroups::from_read(own.as_bytes())
        .map_err(|_| anyhow!("cannot understand {}", root.path(OWN).display()))?;
    let mut places = Vec::new();
    for group in groups {
        let unified = group.controllers.is_empty() && group.hierarchy == 0;
        let legacy = group.controllers.iter().any(|it| it == "memory");
        let files = match (unified, legacy) {
            (true, _) => &V2,
            (_, true) => &V1,
            (false, false) => continue,
        };
        for tree in mounts.lines().filter_map(|line| tree(line, files)) {
            places.extend(walk(root, &tree, &group.pathname, files)?);
        }
    }
    places.dedup();
    Ok(places)
}

/// The tree of a line of mountinfo, if it is one of that version with the memory controller.
fn tree(line: &str, files: &Files) -> Option<Tree> {
    // A host of containers has thousands of other mounts.
    let line = line.contains(" - cgroup").then(|| MountInfo::from_line(line).ok())??;
    let option = files.option.is_none_or(|name| line.super_options.contains_key(name));
    let fits = line.fs_type == files.system && option;
    let mount_point = line.mount_point.to_str()?;
    fits.then(|| Tree {
        root: unescaped(&line.root).into(),
        mount_point: unescaped(mount_point).into(),
    })
}

/// The limits from a group up to the one that the mount shows.
fn walk(root: &Root, tree: &Tree, group: &str, files: &Files) -> anyhow::Result<Vec<Place>> {
    // A path outside of the mount, or of the namespace (`/../..`), can not be looked at from here.
    let group = Path::new(group);
    if group.components().any(|part| part == Component::ParentDir) {
        return Ok(Vec::new());
    }
    let mut places = Vec::new();
    for name in group.ancestors() {
        let Ok(inside) = name.strip_prefix(&tree.root) else { break };
        places.extend(limit(root, &tree.mount_point.join(inside), name, files)?);
    }
    Ok(places)
}

fn limit(
    root: &Root,
    directory: &Path,
    name: &Path,
    files: &Files,
) -> anyhow::Result<Option<Place>> {
    let file = |name: &str| directory.join(name).to_string_lossy().into_owned();
    let Some(text) = root.read_if_present(&file(files.limit))? else { return Ok(None) };
    if text.trim() == "max" {
        return Ok(None);
    }
    let total = number(root, &file(files.limit), &text)?;
    ensure!(total > 0, "{} is zero", root.path(&file(files.limit)).display());
    // Version 1 says "none" by a number near the greatest.
    if total >= i64::MAX.unsigned_abs() / 2 {
        return Ok(None);
    }
    let usage = number(root, &file(files.usage), &root.read(&file(files.usage))?)?;
    let statistics = file("memory.stat");
    let idle = row(&root.read(&statistics)?, files.idle)
        .with_context(|| format!("{} lacks {}", root.path(&statistics).display(), files.idle))?;
    let cgroup = Some(name.to_string_lossy().into_owned());
    Ok(Some(Place { cgroup, used: usage.saturating_sub(idle), total }))
}

fn number(root: &Root, file: &str, text: &str) -> anyhow::Result<u64> {
    let head: String = text.chars().take(40).collect();
    text.trim()
        .parse()
        .with_context(|| format!("{} holds no number: {head:?}", root.path(file).display()))
}

fn row(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Undoes mountinfo's octal escapes, such as `\134` for the backslash of a unit's name.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let octal = tail.get(..3).and_then(|it| std::str::from_utf8(it).ok());
        let code = octal.filter(|_| *first == b'\\').and_then(|it| u8::from_str_radix(it, 8).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { tail.get(3..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trees_with_the_memory_controller_are_taken() {
        let v1 =
            "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory";
        let v2 = "30 24 0:26 /a\\134x2db /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
        let found = tree(v1, &V1).unwrap();
        assert_eq!(found, Tree { root: "/".into(), mount_point: "/sys/fs/cgroup/memory".into() });
        assert_eq!(tree(v2, &V2).unwrap().root, PathBuf::from("/a\\x2db"));
        assert_eq!((tree(v1, &V2), tree(v2, &V1)), (None, None));
        assert_eq!(tree("34 31 0:31 / /c rw - cgroup cgroup rw,cpuset", &V1), None);
        assert_eq!(tree("34 31 0:31 / /c rw - ext4 /dev/sda1 rw,memory", &V1), None);
        assert_eq!(tree("garbage - cgroup2", &V2), None);
    }

    #[test]
    fn escapes_are_undone_and_other_backslashes_stay() {
        for (text, plain) in [
            ("/a\\040b", "/a b"),
            ("/a\\134", "/a\\"),
            ("\\9", "\\9"),
            ("\\", "\\"),
            ("\\777", "\\777"),
        ] {
            assert_eq!(unescaped(text), plain);
        }
    }
}
