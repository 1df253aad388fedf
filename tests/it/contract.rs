//! The contract of plugins, line by line, for every check: what holds whatever a check looks at.

mod endings;
mod environment;
mod form;
mod limits;
mod options;
mod output;
mod perfdata;
mod plugin;
mod resolver;
mod signals;
mod streams;
mod target;
mod thresholds;
mod waiting;
