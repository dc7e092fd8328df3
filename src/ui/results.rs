//! The results of commands on stdout: as text, or as JSON.

use std::io;

use serde::Serialize;

use super::{
    CheckLine, Ui, Verbosity, checks, deployment_list, diagnosis, json_line, nodes_changed, notices, plan,
    reset_summary, run_table, say, status, up_summary,
};
use crate::doctor::Diagnosis;
use crate::failover::FailedOver;
use crate::node_change::NodesChanged;
use crate::output::{DiagnosisDocument, LogLine, RemovedDocument, TopologyLine, UpDocument, ValidDocument};
use crate::plan::{Plan, PlanDocument};
use crate::removed::Removed;
use crate::report::{CheckResult, Outcome, Report, ReportDocument};
use crate::reset_result::ResetResult;
use crate::run_report::{RunDocument, RunResult};
use crate::spec::{Remarks, SecretText};
use crate::status::{Change, DeploymentLine, StatusLine, StatusView};
use crate::topology::{NodeName, Topology};
use crate::up_result::{UpResult, Verification};

impl Ui {
    /// Writes a plan, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn plan(&self, plan: &Plan) -> io::Result<()> {
        if self.is_json() {
            self.document(PlanDocument::new(plan))
        } else {
            self.print(&plan::render(plan, self.data))
        }
    }

    /// Writes a deployment's status, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn status(&self, status: &StatusView) -> io::Result<()> {
        if self.is_json() { self.document(status) } else { self.print(&status::render(status, self.data)) }
    }

    /// Writes a sample of a watched deployment as a line of JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn status_line(&self, line: StatusLine<'_>) -> io::Result<()> {
        self.print(&json_line(line))
    }

    /// Writes a change of a watched deployment as a line of text, with its time of day.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn change(&self, time: &str, change: &Change) -> io::Result<()> {
        self.print(&format!("{} {change}\n", self.data.faint(time)))
    }

    /// Writes the list of deployments, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn deployments(&self, lines: &[DeploymentLine]) -> io::Result<()> {
        if self.is_json() {
            self.json(&lines)
        } else {
            self.print(&deployment_list::render(lines, self.data))
        }
    }

    /// Writes the result of `up`, as text or as JSON: the deployment in short, the commands to connect to it, and the
    /// checks.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn up(&self, topology: &Topology, done: &UpResult) -> io::Result<()> {
        if self.is_json() {
            return self.document(UpDocument::new(topology, done));
        }
        self.print(&up_summary::render(topology, &done.status, self.data))?;
        if let Some(Verification { report, took }) = &done.verification {
            self.print(&format!("\n{}", checks::in_short(&lines(report), *took, self.data)))?;
        }
        Ok(())
    }

    /// Writes the checks' results, as a table with a summary or as JSON. `explain` adds requests and replies.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn checks(&self, verified: &Verification, explain: bool) -> io::Result<()> {
        let Verification { report, took } = verified;
        if self.is_json() {
            return self.document(ReportDocument::new(report, explain));
        }
        if explain {
            self.print(&format!("{}\n", report.transcript_text()))?;
        }
        self.print(&checks::render(&lines(report), *took, self.data))
    }

    /// Writes the results of `run`: as JSON to stdout, otherwise a table for several images to stderr. Stdout belongs to
    /// the user's command.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn runs(&self, runs: &[RunResult]) -> io::Result<()> {
        if self.is_json() {
            return self.document(RunDocument::new(runs));
        }
        if runs.len() > 1 {
            say(&run_table::render(runs, self.messages));
        }
        Ok(())
    }

    /// Writes the findings of `doctor`, as a table with hints or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn diagnosis(&self, diagnosis: &Diagnosis) -> io::Result<()> {
        if self.is_json() {
            return self.document(DiagnosisDocument::new(diagnosis));
        }
        self.print(&diagnosis::render(diagnosis, self.data))
    }

    /// Writes the shipped topologies: name and summary of each, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn topologies(&self, specs: &[(&str, &str)]) -> io::Result<()> {
        if self.is_json() {
            let all: Vec<_> = specs.iter().map(|(name, summary)| TopologyLine { name, summary }).collect();
            return self.json(&all);
        }
        self.print(&notices::topologies(specs, self.data))
    }

    /// Writes that a spec is valid, as text or as JSON. Warnings go to stderr.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn valid(&self, source: &str, topology: &Topology, remarks: &Remarks) -> io::Result<()> {
        if self.is_json() {
            return self.document(ValidDocument {
                spec: source,
                valid: true,
                deployment: &topology.name,
                summary: topology.summary(),
                warnings: remarks.located(),
            });
        }
        let remarks = remarks.render(self.messages.is_enabled());
        if self.options.verbosity != Verbosity::Quiet && !remarks.is_empty() {
            say(&remarks);
        }
        self.print(&notices::valid(source, topology, self.data))
    }

    /// Writes the parts that `down` removed and kept, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn removed(&self, deployments: &[(String, Removed)]) -> io::Result<()> {
        if self.is_json() {
            return self.json(&RemovedDocument::new(deployments));
        }
        self.print(&notices::removed(deployments, self.data))
    }

    /// Writes the result of a change of nodes, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn nodes_changed(&self, result: &NodesChanged) -> io::Result<()> {
        if self.is_json() {
            return self.document(result);
        }
        self.print(&nodes_changed::render(result, self.data))
    }

    /// Writes the result of a change of nodes that is not over, as text. JSON is written at the end only.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn nodes_changed_so_far(&self, result: &NodesChanged) -> io::Result<()> {
        if self.is_json() { Ok(()) } else { self.nodes_changed(result) }
    }

    /// Writes the result of `failover`, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn failed_over(&self, result: &FailedOver) -> io::Result<()> {
        if self.is_json() { self.document(result) } else { self.print(&result.to_string()) }
    }

    /// Writes the result of `seed`, `snapshot` or `restore`, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn moved(&self, result: &(impl Serialize + std::fmt::Display)) -> io::Result<()> {
        if self.is_json() { self.document(result) } else { self.print(&format!("{result}\n")) }
    }

    /// Writes the result of `reset`, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn reset(&self, done: &ResetResult) -> io::Result<()> {
        if self.is_json() { self.document(done) } else { self.print(&reset_summary::render(done, self.data)) }
    }

    /// Writes a line of a node's log. Each of the `nodes` has its own colour.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn log_line(&self, nodes: &[NodeName], node: &NodeName, line: &str) -> io::Result<()> {
        if self.is_json() {
            return self.print(&json_line(LogLine { node: node.as_str(), line }));
        }
        let width = nodes.iter().map(|node| node.as_str().len()).max().unwrap_or_default();
        let position = nodes.iter().position(|other| other == node).unwrap_or_default();
        let name = format!("{:width$} |", node.as_str());
        self.print(&format!("{} {line}\n", self.data.distinct(position, name)))
    }

    /// Writes connection settings with passwords, for `env`.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn connection(&self, settings: &SecretText) -> io::Result<()> {
        self.print(settings.expose())
    }
}

/// A report's checks as lines of a table.
fn lines(report: &Report) -> Vec<CheckLine> {
    let line = |check: &CheckResult| CheckLine {
        name: check.name.to_owned(),
        node: check.node.as_ref().map(ToString::to_string),
        passed: check.outcome == Outcome::Passed,
        detail: check.detail.clone(),
    };
    report.checks.iter().map(line).collect()
}
