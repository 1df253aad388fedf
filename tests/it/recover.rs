//! `recover_service` from outside, on the monitoring server's side.

mod call;
mod clock;
mod crash;
mod disk;
mod elsewhere;
mod engine;
pub(crate) mod fake;
mod history;
mod hosts;
mod on_target;
mod outside;
mod storm;
mod suspended;
