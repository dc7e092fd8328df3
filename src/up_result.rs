//! The result of `up` as data.

use std::time::Duration;

use crate::report::Report;
use crate::status::StatusView;

/// The result of a verification.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The results of the checks.
    pub report: Report,
    /// The duration of the checks.
    pub took: Duration,
}

/// The result of `up`.
#[derive(Debug, Clone)]
pub struct UpResult {
    /// The number of steps that changed the deployment.
    pub changes: usize,
    /// The state of the deployment afterwards.
    pub status: StatusView,
    /// The verification; `None` if the caller did not want one.
    pub verification: Option<Verification>,
}

impl Verification {
    /// Whether every check passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.report.failed() == 0
    }
}

impl UpResult {
    /// Whether no check failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verification.as_ref().is_none_or(Verification::passed)
    }
}
