//! `recover_service` from outside, on the monitoring server's side.

mod call;
mod crash;
mod fake;
