//! Files that derive from the policy.

mod docs;

pub use docs::thresholds;
