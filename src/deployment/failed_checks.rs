//! A deployment that is up and does not pass its verification.

use std::fmt;

use super::leftovers::Leftovers;
use crate::report::{CheckResult, Outcome, Report};
use crate::topology::Topology;
use crate::up_result::UpResult;

/// The result of an `up` after which checks failed.
#[derive(Debug)]
pub struct FailedChecks {
    /// The topology of the deployment.
    pub topology: Topology,
    /// What `up` did, the report included.
    pub result: UpResult,
    /// The removal of the deployment, where the caller wanted one after a failure.
    pub removal: Option<Leftovers>,
}

impl FailedChecks {
    /// The report with the failed checks.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.result.verification.as_ref().map(|verification| &verification.report)
    }

    fn failed(&self) -> impl Iterator<Item = &CheckResult> {
        let checks = self.report().into_iter().flat_map(|report| &report.checks);
        checks.filter(|check| check.outcome == Outcome::Failed)
    }

    /// The failed checks, a line each, and the removal.
    pub(super) fn details(&self) -> String {
        let lines = self.failed().map(|check| {
            let node = check.node.as_ref().map(|node| format!("{node}: ")).unwrap_or_default();
            format!("{node}{}: {}", check.name, check.detail)
        });
        lines.chain(self.removal.iter().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for FailedChecks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {} checks failed", self.topology.name, self.failed().count())
    }
}
