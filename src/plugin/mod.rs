//! The plugin contract: states, thresholds, performance data, and how a run ends.
//!
//! Nothing below this module and `cli` prints or exits.

mod foreign;
mod metric;
mod number;
mod outcome;
mod range;
mod report;
mod status;
mod stdout;
mod thresholds;

pub use foreign::{escaped, shortened, visible};
pub use metric::{Metric, Unit};
pub use number::{decimal, scaled, seconds};
pub use outcome::{Outcome, Transcript, caught, exit, guarded, parse, print};
pub use range::Range;
pub use report::Report;
pub use status::Status;
pub use thresholds::{Bound, Threshold, Thresholds};
