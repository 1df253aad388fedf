//! What recovery does from a monitoring server.

pub mod agent;
