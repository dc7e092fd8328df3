//! What `redisctl doctor` finds: whether this machine and its engine can do what `up` needs. Data and
//! pure judgement; who asks the engine is elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

pub mod checks;

/// How far something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// `up` works, but not in every respect.
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

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// What was looked at: a word that stays the same between releases.
    #[serde(rename = "name")]
    pub check: &'static str,
    /// How it is.
    #[serde(rename = "outcome")]
    pub severity: Severity,
    /// What was found.
    pub detail: String,
    /// How to put it right, where something is to be put right.
    pub hint: Option<String>,
}

impl DoctorFinding {
    /// All is well.
    #[must_use]
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, severity: Severity::Ok, detail: detail.into(), hint: None }
    }

    /// Something will not be as it should.
    #[must_use]
    pub fn warning(check: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, severity: Severity::Warning, detail: detail.into(), hint: Some(hint.into()) }
    }

    /// Something is in the way of `up`.
    #[must_use]
    pub fn problem(check: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, severity: Severity::Problem, detail: detail.into(), hint: Some(hint.into()) }
    }
}

/// Everything that was found, in the order in which one thing needs the other.
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

/// Whether an image can be had.
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
    /// There is none, or none that an image can be made of: why, and what to do.
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

/// The kernel's neighbour table: one for all containers of a machine, whatever network they are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbours {
    /// Entries that it has.
    pub known: usize,
    /// Entries that it takes.
    pub most: usize,
}

/// Ports that something holds, and what.
pub type Holders = BTreeMap<u16, String>;

/// How far two clocks may differ: what expires within seconds is still right.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);
