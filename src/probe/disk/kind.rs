//! What a type of file system tells about it.

/// Types on a disk of this machine, whose counters are in memory: `statfs` never waits for them.
const DISK: &[&str] = &[
    "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "hfs", "hfsplus", "jffs2", "jfs",
    "minix", "msdos", "nilfs2", "ntfs", "ntfs3", "reiserfs", "ubifs", "udf", "ufs", "vfat", "xfs",
];

/// Types on a disk whose `statfs` may wait for a suspended pool.
const POOL: &[&str] = &["zfs"];

/// Types that are made full and stay so.
const IMAGE: &[&str] = &["cramfs", "erofs", "iso9660", "romfs", "squashfs"];

/// Types that the kernel keeps in memory, or that show its own state: `statfs` never waits for them.
const MEMORY: &[&str] = &[
    "bdev",
    "binder",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nfsd",
    "nsfs",
    "pipefs",
    "proc",
    "pstore",
    "ramfs",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smackfs",
    "sockfs",
    "sysfs",
    "tmpfs",
    "tracefs",
];

/// Types without a disk of their own that may wait for something else.
const BORROWED: &[&str] =
    &["aufs", "autofs", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "overlay"];

/// Types that are on another machine even where their source does not look so.
const REMOTE: &[&str] = &[
    "9p",
    "acfs",
    "afs",
    "auristorfs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fhgfs",
    "fuse.ceph",
    "fuse.glusterfs",
    "fuse.sshfs",
    "gpfs",
    "ibrix",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "pvfs2",
    "smb3",
    "smbfs",
    "virtiofs",
    "vxfs",
];

/// Whether `statfs` on this type never waits for anything.
pub(super) fn answers_at_once(kind: &str) -> bool {
    [DISK, IMAGE, MEMORY].iter().any(|list| list.contains(&kind))
}

/// Whether nobody expects to fill it: it is left out unless asked for.
pub(super) fn is_pseudo(kind: &str) -> bool {
    [IMAGE, MEMORY, BORROWED].iter().any(|list| list.contains(&kind))
}

/// Whether its data are on another machine. The rule for sources is gnulib's (`ME_REMOTE` in mountlist.c), which `df -l` and the
/// C plugin follow.
pub(super) fn is_remote(kind: &str, source: &[u8]) -> bool {
    if [DISK, POOL, IMAGE, MEMORY].iter().any(|list| list.contains(&kind)) {
        return false;
    }
    REMOTE.contains(&kind) || source.contains(&b':') || source.starts_with(b"//")
}

/// Whether it is on a disk, a partition or a pool of this machine.
pub(super) fn has_device(kind: &str, source: &[u8]) -> bool {
    let on_disk = [DISK, POOL].iter().any(|list| list.contains(&kind));
    on_disk || (!is_pseudo(kind) && !is_remote(kind, source) && source.starts_with(b"/dev/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_sources_tell_where_the_data_are() {
        let rows: &[(&str, &[u8], [bool; 4])] = &[
            // Answers at once, pseudo, remote, has a device.
            ("ext4", b"/dev/sda1", [true, false, false, true]),
            ("btrfs", b"/dev/mapper/a:b", [true, false, false, true]),
            ("zfs", b"tank/home", [false, false, false, true]),
            ("fuseblk", b"/dev/sdb1", [false, false, false, true]),
            ("gfs2", b"/dev/vg/shared", [false, false, false, true]),
            ("nfs4", b"server:/export", [false, false, true, false]),
            ("cifs", b"//server/share", [false, false, true, false]),
            ("fuse.sshfs", b"user@host:", [false, false, true, false]),
            ("fuse.s3fs", b"s3fs", [false, false, false, false]),
            ("ocfs2", b"/dev/sdc", [false, false, true, false]),
            ("tmpfs", b"tmpfs", [true, true, false, false]),
            ("overlay", b"overlay", [false, true, false, false]),
            ("squashfs", b"/dev/loop3", [true, true, false, false]),
            ("autofs", b"systemd-1", [false, true, false, false]),
        ];
        for (kind, source, expected) in rows {
            let seen = [
                answers_at_once(kind),
                is_pseudo(kind),
                is_remote(kind, source),
                has_device(kind, source),
            ];
            assert_eq!(seen, *expected, "{kind}");
        }
    }
}
