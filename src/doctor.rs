//! What `redisctl doctor` finds: whether this machine and its engine can do what `up` needs. Pure: the
//! command asks the engine.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

pub mod checks;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is wrong.
    Ok,
    /// `up` works, but something does not work as expected.
    Warning,
    /// `up` cannot work.
    Problem,
}

impl Severity {
    /// The severity as text and JSON spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// The check's name: it stays the same between releases.
    #[serde(rename = "name")]
    pub check: &'static str,
    /// How much it matters.
    #[serde(rename = "outcome")]
    pub severity: Severity,
    /// What was found.
    pub detail: String,
    /// How to mend it; `None` if nothing is wrong.
    pub hint: Option<String>,
}

impl DoctorFinding {
    /// A finding of a check that passed.
    #[must_use]
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, severity: Severity::Ok, detail: detail.into(), hint: None }
    }

    /// A finding that `up` works in spite of.
    #[must_use]
    pub fn warning(check: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, severity: Severity::Warning, detail: detail.into(), hint: Some(hint.into()) }
    }

    /// A finding with which `up` cannot work.
    #[must_use]
    pub fn problem(check: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, severity: Severity::Problem, detail: detail.into(), hint: Some(hint.into()) }
    }
}

/// All findings, in the order in which one check needs the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// The findings.
    pub findings: Vec<DoctorFinding>,
}

impl Diagnosis {
    /// How many findings have this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The diagnosis as JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "ok": self.count(Severity::Ok),
            "warnings": self.count(Severity::Warning),
            "problems": self.count(Severity::Problem),
            "checks": self.findings,
        })
    }
}

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// It is on the engine.
    Present,
    /// The engine can pull it.
    InRegistry,
    /// The engine cannot pull it, and why.
    OutOfReach(String),
}

/// This machine's own server, for `--image host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostServer {
    /// An image can be made of it.
    Usable,
    /// No image can be made: the reason, and what to do.
    Unusable(String, Option<&'static str>),
}

/// Which limits of containers the engine enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory.
    pub memory: bool,
    /// CPU time.
    pub cpu: bool,
}

/// The kernel's neighbour table: one table for the containers of all networks of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbours {
    /// The number of its entries.
    pub known: usize,
    /// The number of entries that it has room for.
    pub most: usize,
}

/// Busy ports with their holders.
pub type Holders = BTreeMap<u16, String>;

/// How far two clocks may differ: expiry within seconds still works.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);
