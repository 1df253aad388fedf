//! Integration tests: everything seen from outside.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what tests share fails by panicking, as tests do"
)]

mod load;
mod mem;
mod run;
mod tree;
