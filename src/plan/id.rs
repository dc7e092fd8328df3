//! The ids of a plan's stages and steps, for events.

use std::fmt;

/// A stage of a plan: its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageId(pub(super) usize);

impl StageId {
    /// The position, counted from 0.
    #[must_use]
    pub fn position(self) -> usize {
        self.0
    }
}

/// A step of a plan: its number, counted from 1 over all stages.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct StepId(pub(super) usize);

impl fmt::Display for StepId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
