//! The kernel's table of mounts.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use procfs_core::process::MountInfo;

use super::kind;

const TABLE: &str = "/proc/self/mountinfo";

/// One mount that can be reached by its path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mount {
    /// Where it is mounted.
    pub point: PathBuf,
    /// What is mounted: a device, or the name of a server or pool.
    pub source: OsString,
    /// Type of the file system.
    pub kind: String,
    /// Major and minor device number: the same for all mounts of one file system.
    pub device: String,
    /// Which directory of the file system is mounted; anything but `/` is a bind mount or a subvolume.
    root: PathBuf,
    may_hang: bool,
}

impl Mount {
    /// Whether asking it may take for ever.
    pub fn may_hang(&self) -> bool {
        self.may_hang
    }

    /// Whether nobody expects to fill it (in memory, of the kernel, an image): it is left out unless asked for.
    pub fn is_pseudo(&self) -> bool {
        kind::is_pseudo(&self.kind)
    }

    /// Whether its data are on another machine.
    pub fn is_remote(&self) -> bool {
        kind::is_remote(&self.kind, self.source.as_bytes())
    }

    /// Whether it is on a disk of this machine.
    pub fn has_device(&self) -> bool {
        kind::has_device(&self.kind, self.source.as_bytes())
    }

    /// Order in which mounts of the same file system stand for it: the whole before a part, then the shortest path.
    pub fn rank(&self) -> (bool, usize) {
        (self.root != Path::new("/"), self.point.as_os_str().len())
    }
}

/// All mounts that can be reached by their path, in the order of the table.
///
/// # Errors
/// The table cannot be read or understood.
pub fn table() -> anyhow::Result<Vec<Mount>> {
    let cannot = || format!("cannot read {TABLE}");
    // The kernel does not tell the size; a usual table is read at once.
    let mut bytes = Vec::with_capacity(16 * 1024);
    File::open(TABLE).and_then(|mut it| it.read_to_end(&mut bytes)).with_context(cannot)?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Mount>> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Vec<Row> = lines.map(Row::parse).collect::<anyhow::Result<_>>()?;
    Ok(Tree::of(&rows).reachable())
}

/// A row of the table.
struct Row {
    id: i32,
    parent: i32,
    mount: Mount,
}

impl Row {
    fn parse(line: &[u8]) -> anyhow::Result<Self> {
        // The parser takes text, and a name may be any bytes: what is no ASCII is escaped as the kernel escapes blanks.
        let text = spelled(line);
        let row = MountInfo::from_line(&text)
            .map_err(|error| anyhow::anyhow!("{error}"))
            .with_context(|| format!("cannot understand the line {text:?} of {TABLE}"))?;
        let kind = String::from_utf8_lossy(&unescaped(row.fs_type.as_bytes())).into_owned();
        let source = row.mount_source.unwrap_or_default();
        let mount = Mount {
            point: path(row.mount_point.as_os_str().as_bytes()),
            source: OsString::from_vec(unescaped(source.as_bytes())),
            may_hang: !kind::answers_at_once(&kind),
            kind,
            device: row.majmin,
            root: path(row.root.as_bytes()),
        };
        Ok(Self { id: row.mnt_id, parent: row.pid, mount })
    }
}

fn spelled(line: &[u8]) -> Cow<'_, str> {
    if line.is_ascii() {
        return String::from_utf8_lossy(line);
    }
    let mut text = String::with_capacity(4 * line.len());
    for byte in line {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            // Writing to a String never fails.
            let _ = write!(text, "\\{byte:03o}");
        }
    }
    Cow::Owned(text)
}

fn path(field: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(unescaped(field)))
}

/// The bytes of a field: the kernel writes blanks, line feeds and backslashes as `\` and three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    if !field.contains(&b'\\') {
        return field.to_vec();
    }
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..3).filter(|_| *first == b'\\').and_then(octal);
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { behind.get(3..).unwrap_or_default() } else { behind };
    }
    bytes
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

/// The mounts as they hang on each other.
struct Tree<'a> {
    rows: &'a [Row],
    by_id: HashMap<i32, &'a Row>,
    /// Mounts to which the mount below does not lead any more: something was mounted later on a directory on the way.
    cut_off: HashSet<i32>,
    /// Mounts over which another lies at the same place.
    stacked: HashSet<i32>,
    /// Mounts through which nobody gets when they hang.
    barriers: HashSet<i32>,
}

impl<'a> Tree<'a> {
    fn of(rows: &'a [Row]) -> Self {
        let place = |row: &'a Row| row.mount.point.as_os_str();
        let places: HashSet<(i32, &OsStr)> =
            rows.iter().map(|row| (row.parent, place(row))).collect();
        let is_cut_off = |row: &Row| {
            let mut way = row.mount.point.ancestors().skip(1);
            way.any(|directory| places.contains(&(row.parent, directory.as_os_str())))
        };
        // Nothing runs at all on a machine whose root hangs, so the way through it is free.
        let is_barrier = |row: &Row| row.mount.may_hang && row.mount.point != Path::new("/");
        let ids = |admits: &dyn Fn(&Row) -> bool| {
            rows.iter().filter(|row| admits(row)).map(|row| row.id).collect()
        };
        Self {
            rows,
            by_id: rows.iter().map(|row| (row.id, row)).collect(),
            cut_off: ids(&is_cut_off),
            stacked: ids(&|row| places.contains(&(row.id, row.mount.point.as_os_str()))),
            barriers: ids(&is_barrier),
        }
    }

    /// Mounts that a path leads to, with what is known about the way: who walks through a mount that hangs, hangs.
    fn reachable(&self) -> Vec<Mount> {
        let mut mounts: Vec<Mount> = Vec::new();
        let mut at = HashMap::new();
        for row in self.rows {
            if self.stacked.contains(&row.id) || self.passes(row, &self.cut_off) {
                continue;
            }
            let may_hang = row.mount.may_hang || self.passes(row, &self.barriers);
            let mount = Mount { may_hang, ..row.mount.clone() };
            // The last mount on a path wins.
            let index = *at.entry(row.mount.point.as_os_str()).or_insert(mounts.len());
            match mounts.get_mut(index) {
                Some(earlier) => *earlier = mount,
                None => mounts.push(mount),
            }
        }
        mounts
    }

    /// Whether a mount, or one that it hangs on, is one of these.
    fn passes(&self, row: &'a Row, these: &HashSet<i32>) -> bool {
        let up = |row: &&Row| self.by_id.get(&row.parent).copied().filter(|it| it.id != row.id);
        let chain = std::iter::successors(Some(row), up);
        // No chain is longer than the table, whatever a table says.
        !these.is_empty() && chain.take(self.rows.len()).any(|it| these.contains(&it.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(table: &str) -> Vec<String> {
        let mounts = parse(table.as_bytes()).unwrap();
        mounts.iter().map(|it| format!("{} {}", it.point.display(), it.source.display())).collect()
    }

    #[test]
    fn names_are_any_bytes() {
        let line = b"36 35 98:0 /a\\040b /mnt\\040x\\134040\\012\xff rw,noatime master:1 - ext3 /dev/ro\\011ot rw\n";
        let mounts = parse(line).unwrap();
        assert_eq!(mounts[0].point.as_os_str().as_bytes(), b"/mnt x\\040\n\xff");
        assert_eq!(mounts[0].source, "/dev/ro\tot");
        assert_eq!(mounts[0].rank(), (true, 12));
        assert!(parse(b"36 35 98:0 / /mnt").is_err());
    }

    #[test]
    fn a_mount_that_no_path_leads_to_is_left_out() {
        let table = "1 0 8:1 / / rw - ext4 /dev/a rw\n\
                     2 1 8:2 / /x rw - ext4 /dev/b rw\n\
                     3 2 8:3 / /x rw - ext4 /dev/c rw\n\
                     4 2 8:4 / /x/under rw - ext4 /dev/d rw\n\
                     5 3 8:5 / /x/over rw - ext4 /dev/e rw\n\
                     6 1 8:6 / /p/q rw - ext4 /dev/f rw\n\
                     7 1 8:7 / /p rw - ext4 /dev/g rw\n\
                     8 6 8:8 / /p/q/r rw - ext4 /dev/h rw\n\
                     9 1 8:9 / /xy rw - ext4 /dev/i rw\n";
        assert_eq!(
            points(table),
            ["/ /dev/a", "/x /dev/c", "/x/over /dev/e", "/p /dev/g", "/xy /dev/i"]
        );
    }

    #[test]
    fn what_lies_behind_a_mount_that_may_hang_may_hang_too() {
        let table = "1 0 0:1 / / rw - overlay overlay rw\n\
                     2 1 8:2 / /safe rw - ext4 /dev/b rw\n\
                     3 1 0:3 / /far rw - nfs server:/x rw\n\
                     4 3 8:4 / /far/near rw - ext4 /dev/d rw\n";
        let mounts = parse(table.as_bytes()).unwrap();
        let hang: Vec<bool> = mounts.iter().map(Mount::may_hang).collect();
        assert_eq!(hang, [true, false, true, true]);
    }

    #[test]
    fn a_table_that_runs_in_a_circle_ends() {
        let table = "1 2 8:1 / /a rw - ext4 /dev/a rw\n2 1 8:2 / /b rw - ext4 /dev/b rw\n";
        assert_eq!(points(table).len(), 2);
    }
}
