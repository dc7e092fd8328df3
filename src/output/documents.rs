//! The documents of commands whose data has no document of its own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::doctor::{Diagnosis, DoctorFinding, Severity};
use crate::removed::Removed;
use crate::report::ReportDocument;
use crate::spec::Located;
use crate::status::StatusView;
use crate::topology::{DeploymentName, Topology};
use crate::up_result::UpResult;

/// The result of `up`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UpDocument<'a> {
    /// The deployment.
    deployment: &'a DeploymentName,
    /// The number of steps that changed the deployment.
    changes: usize,
    /// The state of the deployment afterwards.
    status: &'a StatusView,
    /// The results of the checks; `null` with `--no-verify`.
    verification: Option<ReportDocument>,
}

impl<'a> UpDocument<'a> {
    /// The document of a result.
    #[must_use]
    pub fn new(topology: &'a Topology, done: &'a UpResult) -> Self {
        let verification = done.verification.as_ref();
        Self {
            deployment: &topology.name,
            changes: done.changes,
            status: &done.status,
            verification: verification.map(|verified| ReportDocument::new(&verified.report, false)),
        }
    }
}

/// A spec without problems.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValidDocument<'a> {
    /// The spec as the user named it.
    pub spec: &'a str,
    /// Always true. A spec with problems is an error.
    pub valid: bool,
    /// The name of its deployment.
    pub deployment: &'a DeploymentName,
    /// The deployment in one line.
    pub summary: String,
    /// Its doubtful fields.
    pub warnings: Vec<Located>,
}

/// The certificate of a deployment's CA.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuthorityDocument<'a> {
    /// The deployment.
    pub deployment: &'a DeploymentName,
    /// The certificate, in PEM.
    pub ca: &'a str,
}

/// A deployment as a diagram.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiagramDocument<'a> {
    /// The deployment.
    pub deployment: &'a DeploymentName,
    /// The diagram, in Mermaid's language.
    pub mermaid: String,
}

/// A deployment as a drawing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SvgDocument<'a> {
    /// The deployment.
    pub deployment: &'a DeploymentName,
    /// The drawing, as SVG.
    pub svg: String,
}

/// A deployment as a spec.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SpecDocument<'a> {
    /// The deployment.
    pub deployment: &'a DeploymentName,
    /// The fields of the spec.
    pub spec: serde_json::Value,
    /// The spec as YAML, with comments.
    pub yaml: &'a str,
}

/// A topology that comes with redisctl.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TopologyLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its contents, in one line.
    pub summary: &'a str,
}

/// A line of a node's log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogLine<'a> {
    /// The node.
    pub node: &'a str,
    /// The line, without a line break.
    pub line: &'a str,
}

/// The removed parts of each deployment, by the name of the deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RemovedDocument<'a>(BTreeMap<&'a str, &'a Removed>);

impl<'a> RemovedDocument<'a> {
    /// The document of these deployments.
    #[must_use]
    pub fn new(deployments: &'a [(String, Removed)]) -> Self {
        Self(deployments.iter().map(|(name, removed)| (name.as_str(), removed)).collect())
    }
}

/// The findings of `doctor`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiagnosisDocument<'a> {
    /// The number of checks without a problem.
    ok: usize,
    /// The number of findings with which `up` still works.
    warnings: usize,
    /// The number of findings with which `up` cannot work.
    problems: usize,
    /// The findings. A check comes after the checks that it depends on.
    checks: &'a [DoctorFinding],
}

impl<'a> DiagnosisDocument<'a> {
    /// The document of a diagnosis.
    #[must_use]
    pub fn new(diagnosis: &'a Diagnosis) -> Self {
        Self {
            ok: diagnosis.count(Severity::Ok),
            warnings: diagnosis.count(Severity::Warning),
            problems: diagnosis.count(Severity::Problem),
            checks: &diagnosis.findings,
        }
    }
}
