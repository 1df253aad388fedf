//! Files that derive from the policy.

mod docs;
mod file;

pub use docs::thresholds;
pub use file::File;
