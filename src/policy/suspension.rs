//! The documented calendar of a customer's quiet time.

/// Business days and hours. Source: documented policy, section 7.
#[derive(Debug)]
pub struct Suspension {
    /// When a business day begins.
    pub opens: &'static str,
    /// When it ends: a request has to be in before.
    pub closes: &'static str,
    /// Its days of the week.
    pub weekdays: &'static str,
    /// Whose public holidays are no business days.
    pub holidays: &'static str,
    /// The last year whose holidays are announced.
    pub holidays_until: i16,
    /// Where those hours are counted.
    pub time_zone: &'static str,
    /// Days of the longest window.
    pub longest_days: u32,
}
