//! Measurements. What the target did is data; what kept us from looking is an error.
//!
//! A probe sees no threshold and no policy. It returns what it saw, or a [`Trouble`]: the [`Fault`] of a target that did not do
//! its part, or an error of ours. Only the first may become CRITICAL.

mod channel;
pub mod dialogue;
pub mod disk;
pub mod dns;
mod farewell;
mod fault;
pub mod http;
pub mod icmp;
pub mod listening;
pub mod load;
pub mod mem;
pub mod mysql;
mod peer;
pub mod root;
pub mod smtp;
mod speech;
pub mod ssh;
pub mod tcp;
pub mod tls;

pub use channel::Channel;
pub use farewell::Farewell;
pub use fault::{Fault, Trouble};
pub use peer::Peer;
pub use speech::Speech;
