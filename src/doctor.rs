//! The findings of `redisctl doctor`: whether this machine and its engine have what `up` needs. The command asks the
//! engine.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

pub mod checks;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No problem.
    Ok,
    /// `up` works, but something does not work as expected.
    Warning,
    /// `up` cannot work.
    Problem,
}

impl Severity {
    /// The severity in text and JSON.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DoctorFinding {
    /// The check's name, which stays the same between releases.
    #[serde(rename = "name")]
    pub check: &'static str,
    /// Its severity.
    #[serde(rename = "outcome")]
    pub severity: Severity,
    /// The finding.
    pub detail: String,
    /// The way to correct it; `None` if there is no problem.
    pub hint: Option<String>,
}

impl DoctorFinding {
    /// A finding of a check that passed.
    #[must_use]
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, severity: Severity::Ok, detail: detail.into(), hint: None }
    }

    /// A finding with which `up` still works.
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

/// All findings. A check comes after the checks that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// The findings.
    pub findings: Vec<DoctorFinding>,
}

impl Diagnosis {
    /// The number of findings with this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// The place of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// It is on the engine.
    Present,
    /// The engine can pull it.
    InRegistry,
    /// The engine cannot pull it, for this reason.
    OutOfReach(String),
}

/// This machine's own server, for `--image host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostServer {
    /// An image can be made of it.
    Usable,
    /// No image can be made: the reason, and the remedy.
    Unusable(String, Option<&'static str>),
}

/// The limits that the engine can enforce.
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

/// The tolerated difference of two clocks. Expiry within seconds still works.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);
