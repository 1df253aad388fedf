//! What time it is, by clocks that can be told apart: the wall's, which people set, and the machine's own since its start.

use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

/// A moment on one machine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Moment {
    /// Seconds since 1970 by the wall clock: for people, and for comparison with the engine's times.
    pub time: u64,
    /// The kernel's id of this boot.
    pub boot: String,
    /// Seconds since this boot, suspension included. In a container, since the container's.
    pub age: u64,
}

impl Moment {
    /// The present one; the caller has read the wall clock.
    ///
    /// # Errors
    /// The kernel does not tell, or tells nonsense.
    pub fn of(wall: SystemTime) -> Result<Self> {
        let time = wall
            .duration_since(SystemTime::UNIX_EPOCH)
            .context("the wall clock is before 1970")?
            .as_secs();
        Ok(Self { time, boot: boot()?, age: age()?.as_secs() })
    }

    /// Seconds since a record of this machine: exactly, where it was made in this boot; else at least this many, which is all
    /// that can be said without trusting the wall clock.
    pub fn since(&self, earlier: &Self) -> u64 {
        if self.boot == earlier.boot { self.age.saturating_sub(earlier.age) } else { self.age }
    }
}

fn boot() -> Result<String> {
    const PATH: &str = "/proc/sys/kernel/random/boot_id";
    let text = fs::read_to_string(PATH).with_context(|| format!("cannot read {PATH}"))?;
    let id = text.trim_end();
    anyhow::ensure!(!id.is_empty() && id.len() <= 64, "{PATH} has no boot id");
    Ok(id.to_owned())
}

/// The kernel counts its own start, the first process that of a container; outside of one they are the same second.
fn age() -> Result<Duration> {
    let up = Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME).context("no clock")?);
    let text = fs::read_to_string("/proc/1/stat").context("cannot read /proc/1/stat")?;
    // proc(5): field 22, counted from behind the name, which may hold anything.
    let ticks: u64 = text
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_ascii_whitespace().nth(19))
        .and_then(|field| field.parse().ok())
        .context("cannot understand /proc/1/stat")?;
    let per_second = sysconf(SysconfVar::CLK_TCK)
        .ok()
        .flatten()
        .and_then(|count| u64::try_from(count).ok())
        .filter(|count| *count > 0)
        .context("the kernel does not tell how long a tick is")?;
    Ok(up.saturating_sub(Duration::from_secs(ticks / per_second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_boot_and_an_age() {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_001);
        let now = Moment::of(wall).unwrap();
        assert_eq!(now.time, 1_800_000_001);
        assert!(now.boot.len() >= 32 && now.age > 0, "{now:?}");
        assert!(Moment::of(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).is_err());
    }

    #[test]
    fn time_since_an_earlier_boot_is_at_least_the_age_of_this_one() {
        let at = |time, boot: &str, age| Moment { time, boot: boot.to_owned(), age };
        let now = at(2_000, "b", 500);
        assert_eq!(now.since(&at(1_900, "b", 400)), 100);
        // The wall clock went back a day: what counts is this boot's own clock.
        assert_eq!(now.since(&at(90_000, "a", 90_000)), 500);
    }
}
