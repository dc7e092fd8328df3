//! A runner of GitHub as far as `action.yml` needs it: steps, inputs, outputs, files for the environment, conditions,
//! and a step after the job. It follows the documentation of workflow commands and composite actions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{output, texts};

/// The repository, where the action is.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Node, which runners have.
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/readers/node/bin/node");

/// A job that uses the action.
pub(crate) struct Job {
    folder: TempDir,
    inputs: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    paths: Vec<String>,
    /// What the steps printed.
    pub(crate) log: String,
    /// The folder that became an artifact, with the artifact's name.
    pub(crate) artifact: Option<(String, PathBuf)>,
    /// The local action that has a step after the job, with its state.
    after: Option<(PathBuf, String)>,
}

impl Job {
    pub(crate) fn new(inputs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["workspace", "temp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let declared = action()["inputs"].as_object().expect("inputs").clone();
        let mut all: BTreeMap<String, String> = declared
            .iter()
            .map(|(name, input)| (name.clone(), input["default"].as_str().unwrap_or_default().to_owned()))
            .collect();
        for (name, value) in inputs {
            assert!(all.insert((*name).to_owned(), (*value).to_owned()).is_some(), "no input `{name}`");
        }
        Self {
            folder,
            inputs: all,
            outputs: BTreeMap::new(),
            environment: BTreeMap::new(),
            paths: Vec::new(),
            log: String::new(),
            artifact: None,
            after: None,
        }
    }

    /// The checked out repository of the job.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// Runs the steps of the action. Whether all succeeded.
    pub(crate) fn uses_action(&mut self) -> bool {
        let mut failed: Option<String> = None;
        let steps = action()["runs"]["steps"].as_array().expect("steps").clone();
        for step in steps {
            let id = step["id"].as_str().unwrap_or_default();
            let outcome =
                format!("failure() && steps.{}.outcome == 'failure'", failed.as_deref().unwrap_or("?"));
            let condition = step["if"].as_str();
            if condition != Some("always()") && condition != failed.is_some().then_some(outcome.as_str()) {
                continue;
            }
            let succeeded = match step["uses"].as_str() {
                Some("actions/upload-artifact@v4") => {
                    let input = |name: &str| self.evaluate(step["with"][name].as_str().expect("an input"));
                    self.artifact = Some((input("name"), PathBuf::from(input("path"))));
                    true
                }
                Some(local) => {
                    let action = self.workspace().join(local);
                    let name = self.evaluate(step["with"]["name"].as_str().expect("a name"));
                    self.local_action(&action, &name)
                }
                None => {
                    let mut command = self.command(step["run"].as_str().expect("a script"));
                    for (name, value) in step["env"].as_object().into_iter().flatten() {
                        command.env(name, self.evaluate(value.as_str().expect("text")));
                    }
                    self.finish(&mut command, id)
                }
            };
            if !succeeded {
                failed = failed.or(Some(id.to_owned()));
            }
        }
        failed.is_none()
    }

    /// Runs a later step of the job. Whether it succeeded.
    pub(crate) fn run(&mut self, script: &str) -> bool {
        let mut command = self.command(script);
        self.finish(&mut command, "")
    }

    /// Ends the job: runs the step after it.
    pub(crate) fn end(&mut self) {
        let (action, state) = self.after.take().expect("a step after the job");
        let mut node = self.prepared(NODE);
        node.arg(action.join(local_manifest(&action)["runs"]["post"].as_str().expect("a script")));
        for line in state.lines() {
            let (name, value) = line.split_once('=').expect("a state");
            node.env(format!("STATE_{name}"), value);
        }
        let succeeded = self.finish(&mut node, "");
        assert!(succeeded || std::thread::panicking(), "{}", self.log);
    }

    /// An output of a step.
    pub(crate) fn output(&self, name: &str) -> &str {
        &self.outputs[name]
    }

    fn local_action(&mut self, action: &Path, name: &str) -> bool {
        let state = self.folder.path().join("state");
        let mut node = self.prepared(NODE);
        node.arg(action.join(local_manifest(action)["runs"]["main"].as_str().expect("a script")));
        node.env("INPUT_NAME", name).env("GITHUB_STATE", &state);
        let succeeded = self.finish(&mut node, "");
        self.after = Some((action.to_owned(), fs::read_to_string(state).expect("a state")));
        succeeded
    }

    /// Bash as the runner calls it.
    fn command(&self, script: &str) -> Command {
        let mut command = self.prepared("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command
    }

    fn prepared(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let machine = std::env::var("PATH").unwrap_or_default();
        let paths: Vec<&str> =
            self.paths.iter().rev().map(String::as_str).chain([machine.as_str()]).collect();
        command.current_dir(self.workspace()).env("PATH", paths.join(":")).env("NO_COLOR", "1");
        command.envs(&self.environment);
        for (name, path) in [
            ("GITHUB_WORKSPACE", self.workspace()),
            ("RUNNER_TEMP", self.folder.path().join("temp")),
            ("GITHUB_ACTION_PATH", PathBuf::from(ROOT)),
            ("GITHUB_OUTPUT", self.folder.path().join("output")),
            ("GITHUB_ENV", self.folder.path().join("environment")),
            ("GITHUB_PATH", self.folder.path().join("path")),
        ] {
            command.env(name, path);
        }
        command.env("GITHUB_RUN_ID", "4711");
        command
    }

    /// Runs a step, and reads the files that it wrote.
    fn finish(&mut self, command: &mut Command, id: &str) -> bool {
        let ended = output(command);
        let (stdout, stderr) = texts(&ended);
        self.log.extend([stdout, stderr]);
        for (name, value) in variables(&self.taken("output")) {
            self.outputs.insert(format!("steps.{id}.outputs.{name}"), value);
        }
        self.environment.extend(variables(&self.taken("environment")));
        self.paths.extend(self.taken("path").lines().map(str::to_owned));
        ended.status.success()
    }

    /// The text of a file, which is empty for the next step.
    fn taken(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text
    }

    /// A text with the values of its expressions: inputs, outputs, and the forms that `action.yml` has.
    fn evaluate(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("${{ ") else { return text.to_owned() };
        let (expression, after) = rest.split_once(" }}").expect("an end of an expression");
        let value = match expression {
            "github.action_repository" => "example/redisctl".to_owned(),
            "inputs.artifact || format('redisctl-{0}', steps.choose.outputs.name)" => {
                format!("redisctl-{}", self.output("steps.choose.outputs.name"))
            }
            _ => match expression.strip_prefix("inputs.") {
                Some(name) => self.inputs[name].clone(),
                None => self.outputs.get(expression).cloned().unwrap_or_default(),
            },
        };
        format!("{before}{value}{}", self.evaluate(after))
    }
}

impl Drop for Job {
    /// A test that failed must leave nothing, either.
    fn drop(&mut self) {
        if self.after.is_some() {
            self.end();
        }
    }
}

/// `action.yml` of the repository.
fn action() -> Value {
    local_manifest(Path::new(ROOT))
}

fn local_manifest(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("action.yml")).expect("an action");
    serde_yaml::from_str(&text).expect("YAML")
}

/// The lines `NAME=VALUE`, and values of several lines between delimiters.
fn variables(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let ends_at = |words: &str| line.find(words).unwrap_or(usize::MAX);
        if ends_at("=") < ends_at("<<") {
            let (name, value) = line.split_once('=').expect("it was found");
            found.push((name.to_owned(), value.to_owned()));
        } else {
            let (name, delimiter) = line.split_once("<<").expect("a name and a value");
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            found.push((name.to_owned(), value.join("\n")));
        }
    }
    found
}
