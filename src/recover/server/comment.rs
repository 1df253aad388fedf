//! What recovery says, as a comment on the object in Icinga, where its API is configured.

use std::time::Duration;

use anyhow::Result;

use super::icinga::{Api, Object};
use crate::deadline::Deadline;
use crate::recover::target::log;
use crate::recover::{Call, Fault, Options};

/// Time for it: whatever the engine does, the act is over.
const LIMIT: Duration = Duration::from_secs(10);
/// Seconds that a comment is kept for.
const KEPT: u64 = 30 * 86_400;
/// The service whose fault is the server's.
const PING: &str = "ping-warning";

/// Leaves a line. That it can not be left changes nothing but the system's log.
pub(super) fn leave(
    options: &Options,
    (call, host): (&Call, &str),
    (text, now): (&str, u64),
    deadline: &Deadline,
) {
    let left = || -> Result<()> {
        let Some(api) = Api::read(&options.api)? else { return Ok(()) };
        let object = match call.fault {
            Fault::Service(service) => Object::Service(host, service.name),
            Fault::Host if options.service.is_some() => Object::Service(host, PING),
            Fault::Host => Object::Host(host),
        };
        api.comment(object, (text, now + KEPT), &deadline.at_most(LIMIT))
    };
    if let Err(error) = left() {
        log(&format!("{}: no comment in Icinga: {error:#}", call.fault_of(host)));
    }
}
