//! The documented policy as constants, made from `policy.toml` when the crate is built.
//!
//! No number of the policy stands anywhere else in the sources. A bound here knows whether it is inclusive.

use crate::plugin::{Bound, Status, Threshold, Thresholds};

mod pace;
mod plan;
mod recovery;
mod suspension;

pub use pace::Pace;
pub use plan::{ByPlan, Plan};
pub use recovery::Recovery;
pub use suspension::Suspension;

/// The whole table.
#[derive(Debug)]
pub struct Policy {
    /// Version of the table; generated files carry it.
    pub version: &'static str,
    /// Where the numbers come from.
    pub source: &'static str,
    /// What the provider calls each plan.
    pub titles: ByPlan<&'static str>,
    /// When the engine looks, and how often before it alerts.
    pub schedule: Schedule,
    /// Time limits that nest: a plugin's own, then NRPE's, then the engine's.
    pub timeouts: Timeouts,
    /// The brakes of recovery.
    pub recovery: Recovery,
    /// When quiet time has to be asked for.
    pub suspension: Suspension,
    /// Echo requests of one ICMP check.
    pub icmp_packets: u16,
    /// The ten services in the document's order.
    pub services: &'static [Service],
    /// The documented bounds of what is no service's answer time.
    pub rules: &'static [Rule],
}

/// Times in seconds. Source: documented policy, section 2.
#[derive(Debug)]
pub struct Schedule {
    /// Seconds between two regular checks.
    pub check_interval: u32,
    /// Seconds between checks while a fault is not confirmed.
    pub retry_interval: u32,
    /// Consecutive failures that alert.
    pub max_attempts: u32,
    /// Seconds since the last OK result before recovery may act.
    pub recovery_after: u32,
    /// Further failures that a stage of recovery waits.
    pub stage_waits: u32,
}

/// Time limits in seconds.
#[derive(Debug)]
pub struct Timeouts {
    /// `-t` of the checks that run on the watched server itself.
    pub host_check: u32,
    /// NRPE's `command_timeout`.
    pub nrpe: u32,
    /// The engine's `check_timeout`.
    pub engine: u32,
}

/// A documented service. Source: documented policy, sections 3 and 6.
#[derive(Debug)]
pub struct Service {
    /// Identifier, as `--service` takes it.
    pub name: &'static str,
    /// TCP or UDP port.
    pub port: u16,
    /// The check that judges it: `port` is `check_port`.
    pub check: &'static str,
    /// Seconds from which there is "no answer".
    pub no_answer: u32,
    /// Bound of WARNING on the time to the answer, in seconds.
    pub slow: ByPlan<Option<Bound>>,
    /// State of an answer that is not the documented one.
    pub imperfect: ByPlan<Status>,
    /// A second port that must accept a connection.
    pub with_port: ByPlan<Option<u16>>,
    /// The script that restarts it.
    pub restart: Restart,
}

/// Names of init scripts by the server's control panel.
#[derive(Debug)]
pub struct Restart {
    /// Without a control panel.
    pub none: &'static str,
    /// Under Plesk.
    pub plesk: &'static str,
    /// Under Webmin.
    pub webmin: &'static str,
}

/// One documented row of bounds.
#[derive(Debug)]
pub struct Rule {
    /// The check (or `http_status`) that it belongs to.
    pub subject: &'static str,
    /// Name of the measured value.
    pub metric: &'static str,
    /// Unit of the value and its bounds.
    pub unit: &'static str,
    /// Bounds by plan.
    pub bounds: ByPlan<Bounds>,
}

/// A pair of documented bounds.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// WARNING begins here.
    pub warning: Option<Bound>,
    /// CRITICAL begins here.
    pub critical: Option<Bound>,
}

static DOCUMENTED: Policy = {
    use Bound::{Above, From};
    use Status::{Ok, Warning};
    include!(concat!(env!("OUT_DIR"), "/policy.rs"))
};

impl Policy {
    /// The policy that this build carries.
    pub fn documented() -> &'static Self {
        &DOCUMENTED
    }

    /// The service of that name.
    ///
    /// # Errors
    /// The policy names no such service.
    pub fn service(&self, name: &str) -> anyhow::Result<&Service> {
        self.services
            .iter()
            .find(|service| service.name == name)
            .ok_or_else(|| anyhow::anyhow!("the policy names no service {name:?}"))
    }

    /// Names of the services that a check judges.
    pub fn services_of(&self, check: &str) -> Vec<&'static str> {
        self.services
            .iter()
            .filter(|service| service.check == check)
            .map(|service| service.name)
            .collect()
    }

    /// The documented thresholds of a value.
    ///
    /// # Errors
    /// The policy has no such row: a value that nothing judges must not pass as OK.
    pub fn thresholds(
        &self,
        subject: &str,
        metric: &str,
        plan: Plan,
    ) -> anyhow::Result<Thresholds> {
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.subject == subject && rule.metric == metric)
            .ok_or_else(|| anyhow::anyhow!("the policy has no rule for {subject} {metric}"))?;
        Ok(Thresholds::from(*rule.bounds.of(plan)))
    }
}

impl Service {
    /// Thresholds on the time to the answer, in seconds.
    pub fn answer_time(&self, plan: Plan) -> Thresholds {
        let no_answer = Bound::From(f64::from(self.no_answer));
        Thresholds {
            warning: self.slow.of(plan).map(Threshold::Documented),
            critical: Some(Threshold::Documented(no_answer)),
        }
    }
}

impl From<Bounds> for Thresholds {
    fn from(bounds: Bounds) -> Self {
        Self {
            warning: bounds.warning.map(Threshold::Documented),
            critical: bounds.critical.map(Threshold::Documented),
        }
    }
}
