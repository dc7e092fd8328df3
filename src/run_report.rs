//! The results of `redisctl run`: a run for each image, and the exit code for all of them.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::event::in_seconds;
use crate::run_outcome::RunOutcome;
use crate::topology::DeploymentName;

/// The run of a command with one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunResult {
    /// The image as the user or the spec names it.
    pub image: String,
    /// The deployment.
    pub deployment: DeploymentName,
    /// How the run ended.
    pub outcome: RunOutcome,
    /// The time until the deployment was up and verified; `None`: it did not come up.
    pub up_took: Option<Duration>,
    /// The time of the command; `None`: it did not start.
    pub command_took: Option<Duration>,
    /// Whether the deployment was kept.
    pub is_kept: bool,
    /// The folder of the failure bundle.
    pub bundle: Option<PathBuf>,
}

/// The exit code for several runs: 0 if all commands succeeded, otherwise that of the first run that failed.
#[must_use]
pub fn exit_code(runs: &[RunResult]) -> u8 {
    let failed = |run: &&RunResult| !run.outcome.passed() && run.outcome != RunOutcome::NotRun;
    let first = runs.iter().find(failed).or_else(|| runs.iter().find(|run| !run.outcome.passed()));
    first.map_or(0, |run| run.outcome.exit_code())
}

/// The name of the folder for each image's bundle: its characters that every file system has. Equal names get a number.
#[must_use]
pub fn folder_names(images: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for image in images {
        let fits = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let name: String =
            image.chars().map(|character| if fits(character) { character } else { '-' }).collect();
        let free = (1..).map(|number| if number == 1 { name.clone() } else { format!("{name}-{number}") });
        let free = free.into_iter().find(|name| !names.contains(name));
        names.push(free.expect("some number is free"));
    }
    names
}

/// The results as a document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunDocument<'a> {
    /// The exit code of redisctl.
    exit_code: u8,
    /// The runs, in the order of the images.
    runs: Vec<RunLine<'a>>,
}

/// A run as a document.
#[derive(Debug, Serialize, JsonSchema)]
struct RunLine<'a> {
    /// The image.
    image: &'a str,
    /// The name of the deployment.
    deployment: &'a DeploymentName,
    /// How the run ended.
    outcome: OutcomeWord,
    /// The exit code for this run.
    exit_code: u8,
    /// The number of the signal that ended the command or the run.
    signal: Option<i32>,
    /// Why the deployment did not come up, or the command did not start.
    error: Option<&'a str>,
    /// Seconds until the deployment was up and verified.
    up_seconds: Option<f64>,
    /// Seconds of the command.
    command_seconds: Option<f64>,
    /// Whether the deployment was kept.
    kept: bool,
    /// The folder of the failure bundle.
    bundle: Option<String>,
}

/// How a run ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OutcomeWord {
    /// The command succeeded.
    Passed,
    /// The command failed.
    Failed,
    /// A signal ended the command.
    Killed,
    /// A signal ended the run before the command began.
    Interrupted,
    /// The deployment did not come up, or the command did not start.
    NotStarted,
    /// A signal ended the runs before it.
    NotRun,
}

impl<'a> RunDocument<'a> {
    /// The document of these runs.
    #[must_use]
    pub fn new(runs: &'a [RunResult]) -> Self {
        Self { exit_code: exit_code(runs), runs: runs.iter().map(RunLine::new).collect() }
    }
}

impl<'a> RunLine<'a> {
    fn new(run: &'a RunResult) -> Self {
        let (outcome, signal, error) = match &run.outcome {
            RunOutcome::Exited(0) => (OutcomeWord::Passed, None, None),
            RunOutcome::Exited(_) => (OutcomeWord::Failed, None, None),
            RunOutcome::Killed(signal) => (OutcomeWord::Killed, Some(*signal), None),
            RunOutcome::Interrupted(signal) => (OutcomeWord::Interrupted, Some(*signal), None),
            RunOutcome::Failed { message, .. } => (OutcomeWord::NotStarted, None, Some(message.as_str())),
            RunOutcome::NotRun => (OutcomeWord::NotRun, None, None),
        };
        Self {
            image: &run.image,
            deployment: &run.deployment,
            outcome,
            exit_code: run.outcome.exit_code(),
            signal,
            error,
            up_seconds: run.up_took.map(in_seconds),
            command_seconds: run.command_took.map(in_seconds),
            kept: run.is_kept,
            bundle: run.bundle.as_ref().map(|folder| folder.display().to_string()),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A run that took a second and a half.
    pub(crate) fn run(image: &str, outcome: RunOutcome) -> RunResult {
        let is_up = !matches!(outcome, RunOutcome::Failed { .. } | RunOutcome::NotRun);
        RunResult {
            image: image.to_owned(),
            deployment: DeploymentName::new("shop-x7k2q9").unwrap(),
            outcome,
            up_took: is_up.then_some(Duration::from_millis(1500)),
            command_took: is_up.then_some(Duration::from_secs(75)),
            is_kept: false,
            bundle: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::run;
    use super::*;

    #[test]
    fn the_first_failure_decides_the_exit_code() {
        let code = |outcomes: &[RunOutcome]| {
            let runs: Vec<_> = outcomes.iter().map(|outcome| run("redis:8", outcome.clone())).collect();
            exit_code(&runs)
        };
        let (passed, failed) = (RunOutcome::Exited(0), RunOutcome::Exited(3));
        assert_eq!(code(&[]), 0);
        assert_eq!(code(&[passed.clone(), passed.clone()]), 0);
        assert_eq!(code(&[passed.clone(), failed.clone(), RunOutcome::Killed(9)]), 3);
        assert_eq!(code(&[RunOutcome::NotRun, RunOutcome::Interrupted(2), failed]), 130);
        assert_eq!(code(&[passed, RunOutcome::NotRun]), 1);
    }

    #[test]
    fn folders_have_names_that_every_file_system_has_and_none_twice() {
        let images = ["redis:8", "a/b:8@sha256:0", "redis-8", "redis:8"].map(str::to_owned);
        assert_eq!(folder_names(&images), ["redis-8", "a-b-8-sha256-0", "redis-8-2", "redis-8-3"]);
    }

    #[test]
    fn the_document_has_the_shape_that_scripts_depend_on() {
        let runs = [run("redis:8", RunOutcome::Killed(9))];
        let document = serde_json::to_value(RunDocument::new(&runs)).unwrap();
        assert_eq!(
            document,
            serde_json::json!({"exit_code": 137, "runs": [{
                "image": "redis:8", "deployment": "shop-x7k2q9", "outcome": "killed", "exit_code": 137,
                "signal": 9, "error": null, "up_seconds": 1.5, "command_seconds": 75.0, "kept": false, "bundle": null,
            }]})
        );
    }
}
