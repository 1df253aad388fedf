//! How fast a drill runs: every wait of schedule and recovery, divided by one number.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Policy, Recovery};

/// Seconds that the engine's own clockwork may be late or early.
const ENGINE: u32 = 6;

/// 1 is the documented pace. Limits of what machines need for themselves - probes, daemons, boots, power - know no pace.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Pace(NonZeroU32);

impl Default for Pace {
    fn default() -> Self {
        Self(NonZeroU32::MIN)
    }
}

impl Pace {
    /// A pace of that number; there is none of 0.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// Whether it is the documented one.
    pub fn is_documented(&self) -> bool {
        *self == Self::default()
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// What is left of so many documented seconds.
    pub fn seconds(self, documented: u32) -> u32 {
        documented.div_ceil(self.0.get())
    }

    /// What is left of a tolerance: the engine looks at its plans every few seconds, whatever the pace.
    fn tolerance(self, documented: u32) -> u32 {
        self.seconds(documented).max(documented.min(ENGINE))
    }

    /// The brakes of recovery at this pace. What a server needs to boot, a daemon to start and a device to switch stays as it is.
    pub fn recovery(self) -> Recovery {
        let documented = &Policy::documented().recovery;
        Recovery {
            slack: self.tolerance(documented.slack),
            late: self.tolerance(documented.late),
            natural: self.tolerance(documented.natural),
            settle: self.seconds(documented.settle),
            young: self.seconds(documented.young),
            hour: self.seconds(documented.hour),
            day: self.seconds(documented.day),
            spare_waits: self.seconds(documented.spare_waits),
            storm_window: self.seconds(documented.storm_window),
            storm_calm: self.seconds(documented.storm_calm),
            ..*documented
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_shortens_waits_and_no_time_limit() {
        let (documented, paced) =
            (&Policy::documented().recovery, Pace::new(10).unwrap().recovery());
        assert_eq!(paced.settle * 10, documented.settle);
        assert_eq!(paced.slack, documented.slack.div_ceil(10), "never shorter than its share");
        assert_eq!(Pace::new(30).unwrap().recovery().slack, ENGINE);
        assert_eq!(paced.reboot_proof, documented.reboot_proof);
        assert_eq!(paced.reboots_per_day, documented.reboots_per_day);
        assert_eq!(Pace::default().recovery().young, documented.young);
        assert_eq!(Pace::new(0), None);
    }
}
