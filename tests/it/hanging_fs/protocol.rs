//! Bytes of the FUSE protocol (linux/fuse.h), as far as a file system with nothing but a root
//! directory needs them.

/// `stat` with the fields of `statx`.
const STATX: u32 = 52;

/// What the kernel asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Look up a name in the root directory.
    Lookup,
    /// `stat` of the root directory.
    Attributes,
    /// `statfs`: size and use.
    Statfs,
    /// The first word of the conversation.
    Init,
    /// Open, read or close the root directory, or ask whether one may.
    Directory,
    /// What takes no answer: a forgotten inode, an interrupted caller.
    Notice,
    /// Anything else.
    Other(u32),
}

/// One request of the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) operation: Operation,
    opcode: u32,
    unique: u64,
    read_ahead: u32,
}

/// Size and use of a file system as `statfs` gives them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Blocks of 4096 bytes.
    pub(crate) blocks: u64,
    /// Free blocks, with those that only root may use.
    pub(crate) free: u64,
    /// Free blocks for everybody.
    pub(crate) available: u64,
    /// Inodes; 0 for a file system that does not count them.
    pub(crate) inodes: u64,
    /// Free inodes.
    pub(crate) inodes_free: u64,
}

impl Usage {
    /// 4 GiB and 10,000 inodes, this many per cent of them in use, nothing reserved for root.
    pub(crate) fn percent(blocks: f64, inodes: f64) -> Self {
        let (total, count) = (1_000_000.0, 10_000.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a small positive number"
        )]
        let left = |total: f64, used: f64| (total * (100.0 - used) / 100.0).round() as u64;
        let free = left(total, blocks);
        Self {
            blocks: left(total, 0.0),
            free,
            available: free,
            inodes: left(count, 0.0),
            inodes_free: left(count, inodes),
        }
    }
}

impl Question {
    /// Reads a request: a header of 40 bytes and what belongs to the operation.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
        let unique = u64::from_ne_bytes(bytes.get(8..16)?.try_into().ok()?);
        let opcode = word(4)?;
        let operation = match opcode {
            1 => Operation::Lookup,
            2 | 36 | 42 => Operation::Notice,
            3 | STATX => Operation::Attributes,
            17 => Operation::Statfs,
            26 => Operation::Init,
            27 | 28 | 29 | 34 => Operation::Directory,
            other => Operation::Other(other),
        };
        Some(Self { operation, opcode, unique, read_ahead: word(48).unwrap_or(0) })
    }

    /// The answer of a healthy file system.
    pub(crate) fn answered(&self, usage: &Usage) -> Option<Vec<u8>> {
        match self.operation {
            Operation::Notice => None,
            Operation::Init => Some(self.packed(0, &initialised(self.read_ahead))),
            // The kernel then asks in the old way, and for this mount never again in the new one.
            Operation::Attributes if self.opcode == STATX => Some(self.failed(nix::libc::ENOSYS)),
            Operation::Attributes => Some(self.packed(0, &root_attributes())),
            Operation::Statfs => Some(self.packed(0, &statistics(usage))),
            // Opening a directory gives a handle; reading it gives no entries.
            Operation::Directory if self.opcode == 27 => Some(self.packed(0, &[0; 16])),
            Operation::Directory => Some(self.packed(0, &[])),
            Operation::Lookup => Some(self.failed(nix::libc::ENOENT)),
            Operation::Other(_) => Some(self.failed(nix::libc::ENOSYS)),
        }
    }

    /// The answer that the operation failed with this error number.
    pub(crate) fn failed(&self, error: i32) -> Vec<u8> {
        self.packed(-error, &[])
    }

    fn packed(&self, error: i32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 16).expect("an answer is short");
        [&length.to_ne_bytes()[..], &error.to_ne_bytes(), &self.unique.to_ne_bytes(), body].concat()
    }
}

/// `fuse_init_out` of protocol 7.31: no optional feature, writes of a page.
fn initialised(read_ahead: u32) -> Vec<u8> {
    let mut body = words(&[7, 31, read_ahead, 0]);
    for half in [12_u16, 9] {
        body.extend(half.to_ne_bytes());
    }
    body.extend(words(&[4096, 1]));
    body.resize(64, 0);
    body
}

/// `fuse_attr_out`: a directory of root, open to all, which the kernel must ask for again each
/// time.
fn root_attributes() -> Vec<u8> {
    let mut body = vec![0; 16];
    body.extend([1, 0, 0, 0, 0, 0].into_iter().flat_map(u64::to_ne_bytes));
    body.extend(words(&[0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0]));
    body
}

/// `fuse_statfs_out`.
fn statistics(usage: &Usage) -> Vec<u8> {
    let counts = [usage.blocks, usage.free, usage.available, usage.inodes, usage.inodes_free];
    let mut body: Vec<u8> = counts.into_iter().flat_map(u64::to_ne_bytes).collect();
    body.extend(words(&[4096, 255, 4096, 0]));
    body.resize(80, 0);
    body
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}
