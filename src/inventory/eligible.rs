//! Which servers the service is offered for. Source: documented policy, section 1.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{Refused, refused};

/// Whether the operating system is looked at.
#[derive(Clone, Copy, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum OsCheck {
    #[default]
    On,
    Off,
}

/// Operating systems that the service is offered for, with those that it is extended to.
const ELIGIBLE: &[&str] =
    &["centos", "redhat", "rhel", "almalinux", "rocky", "oraclelinux", "debian", "ubuntu"];

/// Refuses a server that is not eligible; `at` is where the host begins.
pub(super) fn eligible(
    os: Option<&Spanned<String>>,
    check: OsCheck,
    line: Option<&Spanned<String>>,
    at: &Range<usize>,
) -> Result<(), Refused> {
    if let Some(line) = line {
        return Err(refused(&line.span(), shared(line.get_ref())));
    }
    let Some(os) = os else {
        let reason =
            format!("the host names no os: add os = \"centos\" (or {})", ELIGIBLE.join(", "));
        return Err(refused(at, reason));
    };
    let known = os.get_ref().to_ascii_lowercase();
    if known.contains("windows") {
        return Err(refused(&os.span(), "Windows servers are not eligible: remove the host"));
    }
    if ELIGIBLE.contains(&known.as_str()) || check == OsCheck::Off {
        return Ok(());
    }
    let reason = format!(
        "os {:?} is not eligible: it is one of {}, or set os_check = \"off\" for this host",
        os.get_ref(),
        ELIGIBLE.join(", ")
    );
    Err(refused(&os.span(), reason))
}

fn shared(line: &str) -> String {
    if line == "shared-10m" {
        "servers on the shared 10 Mbps line are not eligible: remove the host".to_owned()
    } else {
        format!("unknown line {line:?}: leave the key out, or say \"shared-10m\"")
    }
}
