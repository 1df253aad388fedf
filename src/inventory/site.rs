//! What holds for the whole monitoring: its layout, its rhythm, and whom it tells.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::agent::NrpeRow;
use super::text::Kind;
use super::{Nrpe, Refused, refused};
use crate::policy::{Pace, Policy};

/// The `[site]` table.
#[derive(Clone, Debug)]
pub struct Site {
    /// Whether one server monitors, or a cluster.
    pub layout: Layout,
    /// Folder of the plugins, on the monitoring servers and on the watched ones.
    pub plugins: String,
    /// How many times as fast as documented everything runs: for drills alone.
    pub pace: Pace,
    /// Seconds between two checks, also while a fault is not confirmed, at that pace.
    pub interval: u32,
    /// Consecutive failures that alert.
    pub attempts: u32,
    /// Further failures that a stage of recovery waits.
    pub stage_waits: u32,
    /// Names of the contacts that are told about hosts which name none.
    pub contacts: Vec<String>,
    /// Program that tells about hosts where it is not the distribution's mail script.
    pub notify_host: Option<String>,
    /// The same about services.
    pub notify_service: Option<String>,
    /// How NRPE is reached where a host says nothing else.
    pub nrpe: Nrpe,
    /// What must answer before a server is rebooted: the monitoring server's gateway, where it is not the default route's.
    pub gateway: Option<String>,
    /// Hosts of which one must answer then.
    pub canaries: Vec<String>,
    /// Whether recovery acts, where a host says nothing else.
    pub recovery: Recovery,
    /// What recovery does about a fault that is seen from outside alone, where a host says nothing else.
    pub outside_only: OutsideOnly,
}

/// Who monitors.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One server.
    #[default]
    Single,
    /// Icinga 2 zones.
    Cluster,
}

/// Whether recovery acts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Recovery {
    /// It acts.
    #[default]
    On,
    /// It says what it would do.
    Off,
}

/// What recovery does about a fault that is seen from outside, while the service answers on the machine itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum OutsideOnly {
    /// It restarts the service, and does not reboot the server.
    #[default]
    Restart,
    /// It goes on to the reboot.
    Reboot,
    /// It does nothing, and tells people.
    Nothing,
}

/// The table as the file has it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Row {
    layout: Layout,
    plugins: Option<Spanned<String>>,
    pace: Option<Spanned<u32>>,
    interval: Option<Spanned<u32>>,
    attempts: Option<Spanned<u32>>,
    stage_waits: Option<Spanned<u32>>,
    pub(super) contacts: Option<Vec<Spanned<String>>>,
    notify_host: Option<Spanned<String>>,
    notify_service: Option<Spanned<String>>,
    nrpe: Option<Spanned<NrpeRow>>,
    gateway: Option<Spanned<String>>,
    canaries: Vec<Spanned<String>>,
    recovery: Recovery,
    outside_only: OutsideOnly,
}

/// Seconds of an interval that can be asked for; the least is more than the engine's time limit.
const INTERVALS: Range<u32> = 60..86_401;
/// Paces of a drill; a check needs up to 11 seconds, whatever the pace.
const PACES: Range<u32> = 1..31;
/// Consecutive failures that can be asked for; one would act on a single lost packet.
const ATTEMPTS: Range<u32> = 2..101;
/// Further failures that can be asked for.
const WAITS: Range<u32> = 1..101;

impl Site {
    pub(super) fn read(row: &Row) -> Result<Self, Refused> {
        let documented = &Policy::documented().schedule;
        let pace = pace(row.pace.as_ref())?;
        let interval = number(row.interval.as_ref(), documented.check_interval, &INTERVALS)?;
        let site = Self {
            layout: row.layout,
            plugins: Kind::Path
                .maybe(row.plugins.as_ref())?
                .unwrap_or_else(|| "/usr/lib/nagios/plugins".to_owned()),
            pace,
            interval: pace.seconds(interval),
            attempts: number(row.attempts.as_ref(), documented.max_attempts, &ATTEMPTS)?,
            stage_waits: number(row.stage_waits.as_ref(), documented.stage_waits, &WAITS)?,
            contacts: Kind::Name.list(row.contacts.as_deref().unwrap_or_default())?,
            notify_host: Kind::Path.maybe(row.notify_host.as_ref())?,
            notify_service: Kind::Path.maybe(row.notify_service.as_ref())?,
            nrpe: Nrpe::read(row.nrpe.as_ref(), &Nrpe::default())?,
            gateway: Kind::Address.maybe(row.gateway.as_ref())?,
            canaries: Kind::Address.list(&row.canaries)?,
            recovery: row.recovery,
            outside_only: row.outside_only,
        };
        Ok(site)
    }
}

fn pace(given: Option<&Spanned<u32>>) -> Result<Pace, Refused> {
    let number = number(given, 1, &PACES)?;
    Ok(Pace::new(number).unwrap_or_default())
}

fn number(
    given: Option<&Spanned<u32>>,
    default: u32,
    allowed: &Range<u32>,
) -> Result<u32, Refused> {
    let Some(given) = given else { return Ok(default) };
    let number = *given.get_ref();
    if allowed.contains(&number) {
        return Ok(number);
    }
    let (least, most) = (allowed.start, allowed.end.saturating_sub(1));
    Err(refused(&given.span(), format!("{number} is out of bounds: give {least} to {most}")))
}
