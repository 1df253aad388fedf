//! Recovery on real hosts, each with its own init.

mod agents;
mod asking;
mod columns;
mod faults;
mod monitor;
mod panel;
mod reboots;
mod storm;
mod switch;
