//! Checks that run on another machine, asked for through its NRPE.

use std::process::{Command, Stdio};

use super::table::Row;
use crate::deadline::Deadline;
use crate::inventory::{Call, Host};
use crate::plugin::{Status, visible};

/// The client of Debian and of most others.
const CLIENT: &str = "/usr/lib/nagios/plugins/check_nrpe";

/// Asks the machine's NRPE to run one of its commands.
pub(super) fn ask(host: &Host, call: &Call, deadline: &Deadline) -> Row {
    if !std::path::Path::new(CLIENT).exists() {
        return Row::not_run(
            call.label,
            format!("runs on the server itself, and {CLIENT} is not installed here"),
        );
    }
    let limit = deadline.left().as_secs().saturating_sub(1).max(1).to_string();
    let name = format!("firstaid_{}", call.check);
    #[expect(
        clippy::disallowed_methods,
        reason = "the operator's program asks NRPE by NRPE's own client"
    )]
    let mut client = Command::new(CLIENT);
    client
        .args(host.nrpe.args(&host.address, &name, &limit))
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    match client.output() {
        Err(error) => {
            Row::new(call.label, Status::Unknown, format!("cannot run {CLIENT}: {error}"))
        }
        Ok(output) => {
            let code = output.status.code().map(|code| code.to_string()).unwrap_or_default();
            let line =
                output.stdout.split(|byte| matches!(byte, b'\n' | b'|')).next().unwrap_or_default();
            Row::new(
                call.label,
                code.parse().unwrap_or(Status::Unknown),
                visible(line.trim_ascii_end()),
            )
        }
    }
}
