//! `firstaid suspend` and `firstaid resume` from outside.

mod api;
mod desk;
mod request;
mod server;
