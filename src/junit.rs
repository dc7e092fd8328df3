//! Reports as XML in the form of `JUnit`, which CI systems read.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report as Document, TestCase, TestCaseStatus, TestSuite};

use crate::report::{CheckResult, Outcome};
use crate::run_outcome::RunOutcome;
use crate::run_report::RunResult;
use crate::up_result::Verification;

/// The report of `verify`: a suite with a case for each check. The class of a case is its node.
#[must_use]
pub fn of_verification(verified: &Verification) -> String {
    let Verification { report, took } = verified;
    let deployment = report.deployment.as_str();
    let mut suite = TestSuite::new(deployment);
    suite.set_time(*took);
    for check in &report.checks {
        let mut case = TestCase::new(check.name, check_status(check));
        case.set_classname(check.node.as_ref().map_or(deployment, |node| node.as_str()));
        suite.add_test_case(case);
    }
    document("redisctl verify", *took, vec![suite])
}

fn check_status(check: &CheckResult) -> TestCaseStatus {
    if check.outcome == Outcome::Passed {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(&check.detail).set_description(check.transcript_text());
    status
}

/// The report of `run`: a suite for each image, with the command as its only case.
#[must_use]
pub fn of_runs(runs: &[RunResult], command: &str) -> String {
    let suites = runs.iter().map(|run| {
        let took = run.command_took.unwrap_or_default();
        let mut case = TestCase::new(command, run_status(&run.outcome));
        case.set_classname(&run.image).set_time(took);
        let mut suite = TestSuite::new(&run.image);
        suite.set_time(took).add_test_case(case);
        for (name, value) in [("image", run.image.as_str()), ("deployment", run.deployment.as_str())] {
            suite.add_property(Property::new(name, value));
        }
        suite
    });
    let took = runs.iter().filter_map(|run| run.command_took).sum();
    document("redisctl run", took, suites.collect())
}

fn run_status(outcome: &RunOutcome) -> TestCaseStatus {
    let mut status = match outcome {
        RunOutcome::Exited(0) => return TestCaseStatus::success(),
        RunOutcome::NotRun => TestCaseStatus::skipped(),
        RunOutcome::Exited(_) | RunOutcome::Killed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        RunOutcome::Interrupted(_) | RunOutcome::Failed { .. } => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    status.set_message(outcome.in_words());
    if let RunOutcome::Failed { text, .. } = outcome {
        status.set_description(text);
    }
    status
}

fn document(name: &str, took: Duration, suites: Vec<TestSuite>) -> String {
    let mut document = Document::new(name);
    document.set_time(took).add_test_suites(suites);
    document.to_string().expect("text can be written to memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Exchange, Report};
    use crate::run_report::testing::run;
    use crate::topology::DeploymentName;

    #[test]
    fn a_check_is_a_case() {
        let deployment = DeploymentName::new("shop").unwrap();
        let check = |name, node, outcome, detail: &str| CheckResult {
            name,
            proves: "something",
            node,
            outcome,
            detail: detail.to_owned(),
            transcript: vec![Exchange {
                at: "shop-1 127.0.0.1:7001".to_owned(),
                user: None,
                command: "GET <k>".to_owned(),
                reply: "1) a".to_owned(),
                times: 1,
            }],
        };
        let checks = vec![
            check("ping", Some(deployment.node(1)), Outcome::Passed, "PONG"),
            check("slots", None, Outcome::Failed, "slots 0-5460 are not served"),
        ];
        let verified =
            Verification { report: Report { deployment, checks }, took: Duration::from_millis(130) };
        insta::assert_snapshot!(of_verification(&verified));
    }

    #[test]
    fn an_image_is_a_suite() {
        let failed = RunOutcome::Failed {
            exit_code: 1,
            message: "no such image".to_owned(),
            text: "error: no such image\n\nhint: pull it\n".to_owned(),
        };
        let outcomes = [
            ("redis:8", RunOutcome::Exited(0)),
            ("redis:7", RunOutcome::Exited(2)),
            ("redis:6", failed),
            ("valkey/valkey:9", RunOutcome::NotRun),
        ];
        let runs = outcomes.map(|(image, outcome)| run(image, outcome));
        insta::assert_snapshot!(of_runs(&runs, "pytest"));
    }
}
