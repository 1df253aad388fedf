//! The monitoring server's side: from the engine's call to an act, or to the reason against it.

use std::time::SystemTime;

use super::Options;
use crate::deadline::Deadline;
use crate::plugin::Report;

mod act;
pub mod agent;
mod call;
mod case;
mod comment;
mod conclude;
mod elsewhere;
mod held;
pub mod icinga;
mod identity;
pub mod nagios;
mod outside;
mod peers;
pub mod power;
mod quiet;
pub mod secret;
mod shared;
pub mod spelling;
mod storm;
mod switch;
mod verdict;
mod view;

/// What is done about a call: 0 acted or nothing to do, 1 refused, 2 people are needed, 3 could not tell.
pub(super) fn run(options: &Options, wall: SystemTime, deadline: &Deadline) -> Report {
    call::answer(options, wall, deadline)
}
