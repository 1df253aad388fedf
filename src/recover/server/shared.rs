//! What the monitoring servers of a zone know together about a host's power: a variable of the host in Icinga, which they tell
//! each other, also one that was away. On restarts and reboots the server itself decides between two callers; on its power
//! nobody else does.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::case::Case;
use super::icinga::Api;
use super::peers;
use super::verdict::Verdict;

/// The variable.
const VARIABLE: &str = "firstaid_power";
/// Time for the questions about one variable.
const LIMIT: Duration = Duration::from_secs(15);
/// Until the other servers have told of what they wrote in the same moment.
const SETTLED: Duration = Duration::from_secs(2);

/// A cut of the power that was about to be made.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Cut {
    /// The monitoring server that makes it.
    node: String,
    /// When, in seconds since 1970 by its clock.
    at: u64,
    /// The fault's name in its ledger.
    fault: String,
}

/// The ledger that all servers of the zone can see; none where there is but one of them.
pub(super) struct Shared(Option<Api>);

impl Shared {
    /// Looks whether the power may be cut as far as the others are concerned.
    ///
    /// # Errors
    /// The verdict where it may not, or where that can not be told.
    pub(super) fn open(case: &Case) -> Result<Self, Verdict> {
        let refused = |reason: String| Verdict::refused("shared ledger", reason);
        if peers::is_alone(case.options).map_err(refused)? {
            return Ok(Self(None));
        }
        let path = &case.options.api;
        let api =
            Api::read(path).map_err(|error| refused(format!("{error:#}")))?.ok_or_else(|| {
                refused(format!("{} is missing: the servers share no ledger", path.display()))
            })?;
        let deaf = "accept_config is not true here, so that nothing arrives of what the other servers tell";
        let accepts = api.accepts_writes(&case.deadline.at_most(LIMIT));
        if !accepts.map_err(|error| refused(format!("{error:#}")))? {
            return Err(refused(deaf.to_owned()));
        }
        let seen = last(&api, case).map_err(|error| refused(format!("{error:#}")))?;
        let now = case.now().map_err(|error| refused(format!("{error:#}")))?.time;
        match seen.and_then(|cut| judge(&cut, case, now)) {
            Some(verdict) => Err(verdict),
            None => Ok(Self(Some(api))),
        }
    }

    /// Tells the others that the power is about to be cut.
    ///
    /// # Errors
    /// It can not be written, or another server wrote in the same moment: nothing may be done.
    pub(super) fn note(&self, case: &Case) -> Result<()> {
        let Some(api) = &self.0 else { return Ok(()) };
        let cut = Cut {
            node: case.options.node.clone(),
            at: case.now()?.time,
            fault: case.call.fault_id(),
        };
        let value = serde_json::to_value(&cut).context("cannot write a record")?;
        let limit = case.deadline.at_most(LIMIT);
        let vars = Map::from_iter([(VARIABLE.to_owned(), value)]);
        api.write_vars(&case.machine.host, &vars, &limit)?;
        case.deadline.pause(SETTLED)?;
        let read = last(api, case)?;
        ensure!(
            read.as_ref() == Some(&cut),
            "another server wrote into the shared ledger: {read:?}"
        );
        Ok(())
    }
}

fn last(api: &Api, case: &Case) -> Result<Option<Cut>> {
    let mut vars = api.read_vars(&case.machine.host, &case.deadline.at_most(LIMIT))?;
    let Some(mut value) = vars.remove(VARIABLE).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    // Every number of Icinga's is a floating one.
    if let Some(at) = value.get_mut("at")
        && let Some(seconds) = at.as_f64()
    {
        #[expect(clippy::cast_possible_truncation, reason = "a time in seconds, rounded")]
        let seconds = seconds.round() as i64;
        *at = seconds.into();
    }
    let cut = serde_json::from_value(value);
    cut.map(Some).with_context(|| format!("{VARIABLE} of {} is no record", case.machine.host))
}

/// What another server's cut means for one that is due now.
fn judge(cut: &Cut, case: &Case, now: u64) -> Option<Verdict> {
    let limits = case.machine.limits();
    // Its own are in its own ledger.
    if cut.node == case.options.node {
        return None;
    }
    let Some(since) = (now + u64::from(limits.slack)).checked_sub(cut.at) else {
        let reason = format!("{} cut the power at a time that is still to come", cut.node);
        return Some(Verdict::refused("shared ledger", reason));
    };
    let said = format!("{} cut the power {since} s ago", cut.node);
    if cut.at >= case.call.last_ok_seconds() {
        return Some(Verdict::People(format!("{said}, and there was no OK since")));
    }
    (since < u64::from(limits.hour)).then(|| Verdict::refused("shared ledger", said))
}
