//! The two plan families.

/// A plan family of the provider; it selects a column of the policy.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    Eq,
    PartialEq,
    clap::ValueEnum,
    serde::Deserialize,
    serde::Serialize,
)]
pub enum Plan {
    /// "Core2 Duo"
    #[default]
    #[serde(rename = "core2duo")]
    #[value(name = "core2duo")]
    Core2Duo,
    /// "Core i5 / Xeon Quad Core"
    #[serde(rename = "corei5-xeon")]
    #[value(name = "corei5-xeon")]
    CoreI5Xeon,
}

impl Plan {
    /// Both, in the document's order.
    pub const ALL: [Self; 2] = [Self::Core2Duo, Self::CoreI5Xeon];

    /// The identifier that `--plan` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core2Duo => "core2duo",
            Self::CoreI5Xeon => "corei5-xeon",
        }
    }
}

/// A value for each plan.
#[derive(Clone, Copy, Debug)]
pub struct ByPlan<T> {
    /// For "Core2 Duo".
    pub core2duo: T,
    /// For "Core i5 / Xeon Quad Core".
    pub corei5_xeon: T,
}

impl<T> ByPlan<T> {
    /// The value for one plan.
    pub fn of(&self, plan: Plan) -> &T {
        match plan {
            Plan::Core2Duo => &self.core2duo,
            Plan::CoreI5Xeon => &self.corei5_xeon,
        }
    }
}
