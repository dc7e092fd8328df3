//! A deployment that is up, but whose verification failed.

use std::fmt;

use super::leftovers::Leftovers;
use crate::report::{CheckResult, Outcome, Report};
use crate::topology::Topology;
use crate::up_result::UpResult;

/// The result of an `up` with failed checks.
#[derive(Debug)]
pub struct FailedChecks {
    /// The topology of the deployment.
    pub topology: Topology,
    /// The result of `up`, with the report.
    pub result: UpResult,
    /// The removal of the deployment, if the caller wanted it.
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

    /// The failed checks, one per line, and the removal.
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
