//! Recovery from the monitoring server's side, against real agents and devices.

mod agents;
mod bmc;
mod engine;
mod fences;
mod replicated;
mod shared;
mod through_agent;
