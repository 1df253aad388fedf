//! Recovery on real hosts, each with its own init.

mod asking;
mod columns;
mod faults;
mod panel;
mod reboots;
