//! A report as a document for programs: `verify --output json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{CheckResult, Exchange, Outcome, Report};
use crate::topology::{DeploymentName, NodeName};

/// The results of all checks of a deployment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReportDocument {
    /// The deployment.
    deployment: DeploymentName,
    /// The number of checks that passed.
    passed: usize,
    /// The number of checks that failed.
    failed: usize,
    /// The checks, in the order of the report.
    checks: Vec<CheckDocument>,
}

/// The result of one check.
#[derive(Debug, Serialize, JsonSchema)]
struct CheckDocument {
    /// The name of the check, which stays the same between releases.
    name: &'static str,
    /// The checked node; `null`: the whole deployment.
    node: Option<NodeName>,
    /// Whether it passed.
    outcome: Outcome,
    /// The finding, or the problem.
    detail: String,
    /// The fact that the check proves. Only with `--explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    proves: Option<&'static str>,
    /// The commands and replies, with masked passwords. Only with `--explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    transcript: Option<Vec<ExchangeDocument>>,
}

/// One command and its reply.
#[derive(Debug, Serialize, JsonSchema)]
struct ExchangeDocument {
    /// The asked node and its endpoint, or the cluster client and its first node.
    at: String,
    /// The user of the connection; `null`: no login.
    user: Option<String>,
    /// The command.
    command: String,
    /// The reply; the last reply of a repeated command.
    reply: String,
    /// The number of times that the command was sent.
    times: u32,
}

impl ReportDocument {
    /// The document of a report. `explain` adds the fact that each check proves, and its transcript.
    #[must_use]
    pub fn new(report: &Report, explain: bool) -> Self {
        Self {
            deployment: report.deployment.clone(),
            passed: report.passed(),
            failed: report.failed(),
            checks: report.checks.iter().map(|check| CheckDocument::new(check, explain)).collect(),
        }
    }
}

impl CheckDocument {
    fn new(check: &CheckResult, explain: bool) -> Self {
        Self {
            name: check.name,
            node: check.node.clone(),
            outcome: check.outcome,
            detail: check.detail.clone(),
            proves: explain.then_some(check.proves),
            transcript: explain.then(|| check.transcript.iter().map(ExchangeDocument::new).collect()),
        }
    }
}

impl ExchangeDocument {
    fn new(exchange: &Exchange) -> Self {
        Self {
            at: exchange.at.clone(),
            user: exchange.user.clone(),
            command: exchange.command.clone(),
            reply: exchange.reply.clone(),
            times: exchange.times,
        }
    }
}
