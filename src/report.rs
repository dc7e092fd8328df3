//! The report: the result of every check, with its transcript.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::topology::{DeploymentName, NodeName};

mod document;

pub use document::ReportDocument;

/// The results of all checks of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The deployment.
    pub deployment: DeploymentName,
    /// Its checks, in the order of the report.
    pub checks: Vec<CheckResult>,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// The name of the check, which stays the same between releases.
    pub name: &'static str,
    /// The fact that it proves, in one sentence.
    pub proves: &'static str,
    /// The checked node; `None`: the whole deployment.
    pub node: Option<NodeName>,
    /// Whether it passed.
    pub outcome: Outcome,
    /// The finding, or the problem.
    pub detail: String,
    /// The commands and replies, with masked secrets.
    pub transcript: Vec<Exchange>,
}

impl CheckResult {
    /// The result of a check of the engines, without a command to a server.
    #[must_use]
    pub fn of_engines(name: &'static str, proves: &'static str, judgement: Result<String, String>) -> Self {
        let (outcome, detail) = match judgement {
            Ok(found) => (Outcome::Passed, found),
            Err(wrong) => (Outcome::Failed, wrong),
        };
        Self { name, proves, node: None, outcome, detail, transcript: Vec::new() }
    }
}

/// Whether a check passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The fact is proved.
    Passed,
    /// The fact is wrong, or the check could not run.
    Failed,
}

impl Outcome {
    /// The outcome in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

/// One command and its reply, with masked secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The asked node and its endpoint, or the cluster client and its first node.
    pub at: String,
    /// The user of the connection; `None`: no login.
    pub user: Option<String>,
    /// The command.
    pub command: String,
    /// The reply; the last reply of a repeated command.
    pub reply: String,
    /// The number of times that the command was sent.
    pub times: u32,
}

impl Report {
    /// The number of passed checks.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(Outcome::Passed)
    }

    /// The number of failed checks.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(Outcome::Failed)
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    /// The report as JSON. `explain` adds the fact that each check proves, and its transcript.
    #[must_use]
    pub fn to_json(&self, explain: bool) -> Value {
        json!(ReportDocument::new(self, explain))
    }

    /// The transcripts of all checks as plain text.
    #[must_use]
    pub fn transcript_text(&self) -> String {
        let texts: Vec<String> = self.checks.iter().map(CheckResult::transcript_text).collect();
        texts.join("\n")
    }
}

impl CheckResult {
    /// The fact to prove, the commands and replies, and the result.
    #[must_use]
    pub fn transcript_text(&self) -> String {
        let mut text = self.name.to_owned();
        // Writing to a String cannot fail.
        if let Some(node) = &self.node {
            let _ = write!(text, " {node}");
        }
        let _ = writeln!(text, ": {}", self.proves);
        let mut prompt = String::new();
        for exchange in &self.transcript {
            let next = exchange.prompt();
            if next != prompt {
                let _ = writeln!(text, "  {next}");
                prompt = next;
            }
            let _ = write!(text, "    > {}", exchange.command);
            if exchange.times > 1 {
                let _ = write!(text, "  (asked {} times)", exchange.times);
            }
            text.push('\n');
            for line in exchange.reply.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
        let _ = writeln!(text, "  {}: {}", self.outcome.as_str(), self.detail);
        text
    }
}

impl Exchange {
    fn prompt(&self) -> String {
        match &self.user {
            Some(user) => format!("{} as {user}", self.at),
            None => format!("{} not logged in", self.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let deployment = DeploymentName::new("shop").unwrap();
        let exchange = |user: Option<&str>, command: &str, reply: &str, times| Exchange {
            at: "shop-1 127.0.0.1:7001".to_owned(),
            user: user.map(str::to_owned),
            command: command.to_owned(),
            reply: reply.to_owned(),
            times,
        };
        let check = |name, outcome, detail: &str, transcript| CheckResult {
            name,
            proves: "something",
            node: Some(deployment.node(1)),
            outcome,
            detail: detail.to_owned(),
            transcript,
        };
        let checks = vec![
            check("ping", Outcome::Passed, "PONG", vec![exchange(Some("default"), "PING", "PONG", 1)]),
            check(
                "expiry",
                Outcome::Failed,
                "never gone",
                vec![exchange(None, "AUTH default ***", "OK", 1), exchange(None, "GET k", "1) a\n2) b", 7)],
            ),
        ];
        Report { deployment, checks }
    }

    #[test]
    fn json_has_the_shape_that_scripts_depend_on() {
        assert_eq!(
            report().to_json(false),
            json!({"deployment": "shop", "passed": 1, "failed": 1, "checks": [
                {"name": "ping", "node": "shop-1", "outcome": "passed", "detail": "PONG"},
                {"name": "expiry", "node": "shop-1", "outcome": "failed", "detail": "never gone"},
            ]})
        );
        assert_eq!(report().to_json(true)["checks"][1]["transcript"][1]["times"], 7);
    }

    #[test]
    fn a_transcript_reads_like_a_session() {
        insta::assert_snapshot!(report().transcript_text(), @r"
        ping shop-1: something
          shop-1 127.0.0.1:7001 as default
            > PING
            PONG
          passed: PONG

        expiry shop-1: something
          shop-1 127.0.0.1:7001 not logged in
            > AUTH default ***
            OK
            > GET k  (asked 7 times)
            1) a
            2) b
          failed: never gone
        ");
    }
}
