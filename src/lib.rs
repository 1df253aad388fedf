//! Nagios/Icinga plugins that find a fault, and first-response recovery that can be left switched on.
//!
//! Layers, lowest first: `deadline`, `plugin` (the contract of plugins), `probe` (measurements), `policy` (the documented
//! numbers), `calendar` (business days), `check` (one file a check), `cli` (the operator's program). `probe` sees no threshold,
//! and nothing below `plugin::exit` and `cli` prints or exits. `tests/it/structure.rs` holds the table of who may use whom.

#[cfg(panic = "abort")]
compile_error!("a panic must end as UNKNOWN, so it has to unwind");

pub mod calendar;
pub mod check;
pub mod cli;
pub mod config;
pub mod deadline;
pub mod inventory;
pub mod plugin;
pub mod policy;
pub mod probe;
pub mod recover;

/// musl's allocator takes a third of a plugin's start.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;
