//! What recovery does from a monitoring server.

pub mod agent;
pub mod power;
pub mod secret;
