//! `check_ssh_banner`: does the header of an SSH server say that it is one.

use super::{Check, Settings, Target, Times, Vantage};
use crate::deadline::Deadline;
use crate::plugin::{Report, Status, visible};
use crate::policy::{Policy, Service};
use crate::probe::Trouble;
use crate::probe::ssh::{self, Extent, Header, Identification};

/// Options of `check_ssh_banner`.
#[derive(Debug, clap::Args)]
pub struct SshBanner {
    #[command(flatten)]
    target: Target,
    /// TCP port [default: 22]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Version that the server must have, such as `OpenSSH_9.2p1`
    #[arg(short, long, value_name = "VERSION")]
    remote_version: Option<String>,
    /// Version of the protocol that the server must speak, such as 2.0
    #[arg(short = 'P', long, value_name = "VERSION")]
    remote_protocol: Option<String>,
    #[command(flatten)]
    times: Times,
}

/// The policy's row. Without it there would be no port to look at, so it is a bug of the table.
fn service() -> anyhow::Result<&'static Service> {
    Policy::documented().service("ssh")
}

impl Check for SshBanner {
    const NAME: &'static str = "ssh_banner";
    const TITLE: &'static str = "SSH";
    const ABOUT: &'static str = "Tests whether an SSH server identifies itself";
    const VANTAGE: Vantage = Vantage::Server;
    type Seen = Header;

    fn service(&self) -> anyhow::Result<Option<&'static Service>> {
        service().map(Some)
    }

    fn times(&self) -> Option<&Times> {
        Some(&self.times)
    }

    fn probe(&self, _settings: &Settings, deadline: &Deadline) -> Result<Header, Trouble> {
        let port = self.port.unwrap_or(service()?.port);
        let compared = self.remote_version.is_some() || self.remote_protocol.is_some();
        let extent = if compared { Extent::Identification } else { Extent::Mark };
        ssh::header((self.target.host(), port), self.target.family(), extent, deadline)
    }

    fn judge(&self, seen: &Header, settings: &Settings) -> anyhow::Result<Report> {
        let time = self.times.answer(seen.after, self.service()?, settings);
        let (target, line) = (&seen.target, visible(seen.line()));
        if !seen.names_ssh() {
            let text = format!("header of {target} lacks \"SSH\": {line}");
            return Ok(Report::default().stated(Status::Critical, text).measured("", time));
        }
        let shown = match seen.identification() {
            None => line,
            Some(own) => {
                format!("{} (protocol {})", visible(own.software), visible(own.protocol))
            }
        };
        if let Some(mismatch) = self.mismatch(seen.identification()) {
            let text = format!("{shown} {mismatch}");
            return Ok(Report::default().stated(Status::Critical, text).measured("", time));
        }
        Ok(Report::default().measured(format!("{shown} on {target}"), time))
    }
}

impl SshBanner {
    /// What is not as it was asked for, in the words of `check_ssh`.
    fn mismatch(&self, own: Option<Identification<'_>>) -> Option<String> {
        let differs = |wanted: &&String, own: Option<&[u8]>| own != Some(wanted.as_bytes());
        let version = self.remote_version.as_ref();
        let protocol = self.remote_protocol.as_ref();
        if let Some(wanted) = version.filter(|it| differs(it, own.map(|own| own.software))) {
            return Some(format!("version mismatch, expected '{wanted}'"));
        }
        protocol
            .filter(|it| differs(it, own.map(|own| own.protocol)))
            .map(|wanted| format!("protocol version mismatch, expected '{wanted}'"))
    }
}
