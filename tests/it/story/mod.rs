//! What happens when a server fails, with real engines, real agents and real servers, on the generated configuration.

mod cluster;
mod plot;
mod single;
mod stage;
mod verdict;
