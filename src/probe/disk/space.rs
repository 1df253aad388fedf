//! Size and use of one file system, as `statvfs` gives them.

use nix::sys::statvfs::Statvfs;

/// Size and use. Blocks are of `block` bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Space {
    /// Bytes of a block.
    pub block: u64,
    /// All blocks.
    pub blocks: u64,
    /// Free blocks, with those that only root may use.
    pub free: u64,
    /// Free blocks for users.
    pub available: u64,
    /// All inodes; 0 where the file system does not count them.
    pub inodes: u64,
    /// Free inodes.
    pub inodes_free: u64,
}

impl Space {
    /// Blocks in use.
    fn blocks_used(&self) -> u64 {
        self.blocks.saturating_sub(self.free)
    }

    /// Free blocks for users. Where root has taken more than is left for users, some file systems count below zero.
    fn blocks_available(&self) -> u64 {
        if self.available > i64::MAX.unsigned_abs() { 0 } else { self.available }
    }

    /// Bytes in use.
    pub fn used(&self) -> f64 {
        number(self.blocks_used()) * number(self.block)
    }

    /// Free bytes for users.
    pub fn available(&self) -> f64 {
        number(self.blocks_available()) * number(self.block)
    }

    /// Bytes that users can fill: all without those that are kept for root.
    pub fn usable(&self) -> f64 {
        self.used() + self.available()
    }

    /// All bytes.
    pub fn total(&self) -> f64 {
        number(self.blocks) * number(self.block)
    }

    /// Use in per cent as `df` counts it: used / (used + available to users). Not a number where that is nothing at all.
    pub fn use_percent(&self) -> f64 {
        percent(self.blocks_used(), self.blocks_used().saturating_add(self.blocks_available()))
    }

    /// Free room for users in per cent of what they can fill.
    pub fn free_percent(&self) -> f64 {
        percent(self.blocks_available(), self.blocks_used().saturating_add(self.blocks_available()))
    }

    /// Inodes in use, and all inodes.
    pub fn inode_numbers(&self) -> (f64, f64) {
        (number(self.inodes.saturating_sub(self.inodes_free)), number(self.inodes))
    }

    /// Free inodes in per cent; none where the file system does not count inodes.
    pub fn inodes_free_percent(&self) -> Option<f64> {
        (self.inodes > 0).then(|| percent(self.inodes_free.min(self.inodes), self.inodes))
    }

    /// The numbers as one line of text.
    pub(super) fn encode(&self) -> String {
        let Self { block, blocks, free, available, inodes, inodes_free } = self;
        format!("{block} {blocks} {free} {available} {inodes} {inodes_free}")
    }

    /// Reads what [`Space::encode`] writes.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [block, blocks, free, available, inodes, inodes_free] = *numbers.as_slice() else {
            return None;
        };
        Some(Self { block, blocks, free, available, inodes, inodes_free })
    }
}

impl From<&Statvfs> for Space {
    fn from(it: &Statvfs) -> Self {
        Self {
            // Kernels before 2.6 leave f_frsize empty, as do some FUSE servers.
            block: if it.fragment_size() > 0 { it.fragment_size() } else { it.block_size() },
            blocks: it.blocks(),
            free: it.blocks_free(),
            available: it.blocks_available(),
            inodes: it.files(),
            inodes_free: it.files_free(),
        }
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    // Blocks instead of bytes, and the multiplication first: so round shares of real disks come out exact.
    100.0 * number(part) / number(whole)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to 2^53; above, one part in 2^53 does not matter to anybody"
)]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(blocks: u64, free: u64, available: u64) -> Space {
        Space { block: 4096, blocks, free, available, inodes: 0, inodes_free: 0 }
    }

    #[test]
    fn use_is_counted_as_df_does() {
        let rows = [
            (space(1000, 200, 200), 80.0, 20.0),
            // 50 blocks are kept for root: 200 of 950 are left.
            (space(1000, 250, 200), 100.0 * 750.0 / 950.0, 100.0 * 200.0 / 950.0),
            (space(1000, 50, 0), 100.0, 0.0),
            (space(1000, 10, u64::MAX - 40), 100.0, 0.0),
            (space(1_000_000, 200_100, 200_100), 79.99, 20.01),
        ];
        for (space, used, free) in rows {
            assert_eq!((space.use_percent(), space.free_percent()), (used, free), "{space:?}");
        }
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        let huge = Space {
            block: u64::MAX,
            blocks: u64::MAX,
            free: 0,
            available: u64::MAX / 2,
            inodes: u64::MAX,
            inodes_free: u64::MAX,
        };
        assert!(huge.total().is_finite() && huge.use_percent() > 0.0);
        assert!(huge.inode_numbers().0 == 0.0);
        let backwards = space(10, 20, 20);
        assert!((backwards.used(), backwards.use_percent()) == (0.0, 0.0));
        assert!(space(10, 10, 0).use_percent().is_nan());
    }

    #[test]
    fn the_line_between_processes_is_read_back() {
        let space = Space { inodes: u64::MAX, inodes_free: 7, ..space(3, 2, 1) };
        assert_eq!(Space::decode(&space.encode()), Some(space));
        for text in ["", "1 2 3", "1 2 3 4 5 6 7", "a b c d e f", "1 2 3 4 5 -6"] {
            assert_eq!(Space::decode(text), None, "{text:?}");
        }
    }
}
