//! Cutting a server's power and giving it again, from the monitoring server.
//!
//! The order is: on, identity, record, off, seen off, rest, on, seen on. An agent's own `reboot` is not used: it reports
//! success with the server left off (measured). What an agent's exit code says of a switch is shown and not believed. Between
//! off and on nothing stops: neither a time limit nor an error.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::super::Power;
use crate::deadline::Deadline;
use crate::policy::Policy;
use fence::Fence;

mod fence;
mod identity;

/// Whether a server has power.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PowerState {
    /// It has.
    On,
    /// It has not.
    Off,
}

/// What became of a power cycle.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cycled {
    /// The power was seen off, and then on again.
    Done,
    /// Nothing was switched.
    Refused(String),
    /// Off was asked for, and the power stayed on.
    StuckOn(String),
    /// The power was seen off, and did not come back: people are needed at once.
    LeftOff(String),
    /// Off was asked for, and nobody knows what came of it.
    Unclear(String),
}

/// How long things may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// For an agent that asks, and until a switch is seen.
    pub status: Duration,
    /// For an agent that switches.
    pub switch: Duration,
    /// Between off and on.
    pub rest: Duration,
    /// Times to try to switch on again.
    pub tries: u32,
}

/// From one look at a power that has not switched yet to the next.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

impl Limits {
    /// The policy's.
    pub fn documented() -> Self {
        let policy = &Policy::documented().recovery;
        let seconds = |number: u32| Duration::from_secs(number.into());
        Self {
            status: seconds(policy.power_status),
            switch: seconds(policy.power_switch),
            rest: seconds(policy.power_rest),
            tries: policy.power_tries,
        }
    }

    /// The longest time from the record to the end.
    pub fn switching(&self) -> Duration {
        let one = self.switch + self.status;
        one + self.rest + one * self.tries
    }
}

/// Asks whether a server has power.
///
/// # Errors
/// The configuration can not be used, or the device does not tell.
pub fn status(power: &Power) -> Result<PowerState> {
    Fence::new(power)?.status(Limits::documented().status)
}

/// Cuts the power and gives it again, within the policy's limits. `intent` is called once, right before the cut, and makes the
/// durable record; its error stops everything. Nothing is begun that `deadline` leaves no time for.
pub fn cycle(power: &Power, deadline: &Deadline, intent: &mut dyn FnMut() -> Result<()>) -> Cycled {
    cycle_within(power, &Limits::documented(), deadline, intent)
}

/// Gives power again where a cycle was cut off between off and on.
///
/// # Errors
/// The configuration can not be used, or the power is not seen on.
pub fn on(power: &Power) -> Result<()> {
    let limits = Limits::documented();
    let fence = Fence::new(power)?;
    let (state, said) = switch_on(&fence, &limits, String::new());
    ensure!(state == Some(PowerState::On), "the power was not seen on again: {said}");
    Ok(())
}

/// As [`cycle`], within other limits.
pub fn cycle_within(
    power: &Power,
    limits: &Limits,
    deadline: &Deadline,
    intent: &mut dyn FnMut() -> Result<()>,
) -> Cycled {
    let ready = ready(power, limits, deadline).and_then(|fence| intent().map(|()| fence));
    match ready {
        Ok(fence) => switch(&fence, limits),
        Err(error) => Cycled::Refused(format!("{error:#}")),
    }
}

/// Everything that has to be true before anything is recorded.
fn ready(power: &Power, limits: &Limits, deadline: &Deadline) -> Result<Fence> {
    ensure!(limits.tries > 0, "the power would not be switched on again: power_tries is 0");
    let fence = Fence::new(power)?;
    let state = fence.status(limits.status.min(deadline.left()))?;
    ensure!(state == PowerState::On, "the power is off, and whoever switched it off has a reason");
    identity::verify(power, limits.status.min(deadline.left()))?;
    let (left, needed) = (deadline.left(), limits.switching());
    ensure!(
        left >= needed,
        "only {} s are left, and off and on may take {} s",
        left.as_secs(),
        needed.as_secs()
    );
    Ok(fence)
}

/// Off and on. No limit from outside is looked at here.
fn switch(fence: &Fence, limits: &Limits) -> Cycled {
    let said = fence.switch(PowerState::Off, limits.switch);
    let off = see(fence, PowerState::Off, limits);
    if off == Some(PowerState::On) {
        return Cycled::StuckOn(format!("the power stays on: {said}"));
    }
    // Nobody interrupts it; were it cut short, on would come earlier.
    let _ = Deadline::within(limits.rest * 2).pause(limits.rest);
    let (on, said) = switch_on(fence, limits, said);
    match (off, on) {
        (Some(_), Some(PowerState::On)) => Cycled::Done,
        (None, Some(PowerState::On)) => {
            Cycled::Unclear(format!("the power is on, and nobody saw it off: {said}"))
        }
        (None, None) => Cycled::Unclear(format!("off was asked for, then on: {said}")),
        (_, Some(PowerState::Off)) | (Some(_), None) => {
            Cycled::LeftOff(format!("the power is off and was not seen on again: {said}"))
        }
    }
}

/// Tries to switch on until it is seen; what the last look saw, and what was said.
fn switch_on(fence: &Fence, limits: &Limits, mut said: String) -> (Option<PowerState>, String) {
    let mut on = None;
    for _ in 0..limits.tries {
        said = fence.switch(PowerState::On, limits.switch);
        on = see(fence, PowerState::On, limits);
        if on == Some(PowerState::On) {
            break;
        }
    }
    (on, said)
}

/// Looks until the power is as wanted or the time is over; what the last look saw.
fn see(fence: &Fence, wanted: PowerState, limits: &Limits) -> Option<PowerState> {
    let deadline = Deadline::within(limits.status);
    loop {
        let begun = deadline.left();
        let seen = fence.status(begun).ok();
        // A look that is cut short would hide what the last one saw, and the next one may be slower.
        let next = begun.saturating_sub(deadline.left()) * 2 + BETWEEN_LOOKS;
        if seen == Some(wanted) || deadline.left() < next || deadline.pause(BETWEEN_LOOKS).is_err()
        {
            return seen;
        }
    }
}
