//! `redisctl run`: a deployment of its own for one command, removed afterwards; a run for each image.

use std::cell::Cell;
use std::path::PathBuf;

use futures_util::{StreamExt as _, stream};

use super::junit_file::JunitFile;
use super::spec_arguments::fields_source;
use super::{CommandError, ExitStatus, show_error, warn_if_out_of_reach};
use crate::cli::RunArguments;
use crate::deployment::{ConnectedEngine, DeploymentName, Error, SpecSource};
use crate::junit;
use crate::run_outcome::RunOutcome;
use crate::run_report::{RunResult, exit_code, folder_names};
use crate::ui::Ui;

mod environment;
mod program;
mod signals;
mod single_run;
mod streams;
mod supervision;

use program::Program;
use signals::Signals;
use single_run::SingleRun;
use streams::Streams;

/// What a run needs: the spec with one image, and its names.
struct Assignment {
    image: String,
    spec: SpecSource,
    name: DeploymentName,
    bundle: Option<PathBuf>,
}

/// The parts that all runs share.
struct Common<'a> {
    arguments: &'a RunArguments,
    host: Option<&'a str>,
    ui: &'a Ui,
    engine: ConnectedEngine,
    program: Program,
    signals: Signals,
    streams: Streams,
    /// Whether runs print headings: there are several images.
    has_headings: bool,
    /// Whether a signal has ended a run. No other run begins then.
    is_stopped: Cell<bool>,
}

pub(super) async fn run(
    arguments: &RunArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let program = Program::find(&arguments.command)?;
    let assignments = assignments(arguments)?;
    let junit_file = arguments.junit.as_deref().map(JunitFile::create).transpose()?;
    let signals = Signals::listen()?;
    let mut arriving = signals.arriving();
    let first = assignments.first().map(|assignment| assignment.spec.read()).transpose()?;
    let connect = async {
        match &first {
            Some(spec) => ConnectedEngine::for_spec(spec, host).await,
            None => ConnectedEngine::connect(host).await,
        }
    };
    let engine = tokio::select! {
        engine = connect => engine?,
        signal = arriving.next() => {
            return Ok(ExitStatus::OfCommand(RunOutcome::Interrupted(signal.number).exit_code()));
        }
    };
    // The commands of redisctl in the run find a deployment on several engines through the first.
    let address = engine.address();
    let is_on_several = first.is_some_and(|spec| !spec.topology().engines.is_empty());
    let host = if is_on_several { Some(address.as_str()) } else { host };
    let jobs = usize::from(arguments.jobs).min(assignments.len());
    let command = program.name();
    let common = Common {
        arguments,
        host,
        ui,
        engine,
        program,
        signals,
        streams: match (jobs, ui.is_json()) {
            (1, false) => Streams::Inherited,
            (1, true) => Streams::OutputToStderr,
            (_, to_stderr) => Streams::Kept { to_stderr },
        },
        has_headings: assignments.len() > 1,
        is_stopped: Cell::new(false),
    };
    let runs = stream::iter(assignments).map(|assignment| Box::pin(common.run(assignment)));
    let runs: Vec<RunResult> = runs.buffered(jobs).collect().await;
    if let Some(file) = junit_file {
        file.write(&junit::of_runs(&runs, &command))?;
    }
    ui.runs(&runs)?;
    Ok(ExitStatus::OfCommand(exit_code(&runs)))
}

/// Reads the spec once for each image, before anything is made.
fn assignments(arguments: &RunArguments) -> Result<Vec<Assignment>, CommandError> {
    if arguments.images.len() > 1 && arguments.spec.name.is_some() {
        return Err(CommandError::Deployment(Error::Invalid {
            message: "`--name` names one deployment, but each image has a deployment of its own".to_owned(),
            hint: "leave `--name` out: each deployment gets a fresh name".to_owned(),
        }));
    }
    let text = fields_source(&arguments.spec, None)?.read_text()?;
    let with_image = |image: &String| text.clone().image(image);
    let specs: Vec<SpecSource> = if arguments.images.is_empty() {
        vec![text]
    } else {
        arguments.images.iter().map(with_image).collect()
    };
    let mut assignments = Vec::new();
    for spec in specs.into_iter().map(SpecSource::on_its_own) {
        let loaded = spec.read()?;
        loaded.check_user(arguments.user.as_deref())?;
        let (image, name) = (loaded.image(), loaded.topology().name.clone());
        assignments.push(Assignment { image, spec, name, bundle: arguments.bundle.clone() });
    }
    if assignments.len() > 1 {
        let images: Vec<String> = assignments.iter().map(|assignment| assignment.image.clone()).collect();
        for (assignment, folder) in assignments.iter_mut().zip(folder_names(&images)) {
            assignment.bundle = assignment.bundle.take().map(|bundle| bundle.join(folder));
        }
    }
    Ok(assignments)
}

impl Common<'_> {
    async fn run(&self, assignment: Assignment) -> RunResult {
        let mut run = SingleRun::new(self, assignment);
        if self.is_stopped.get() {
            return run.result(RunOutcome::NotRun);
        }
        // The output of commands side by side has its heading when it is printed.
        if self.has_headings && !matches!(self.streams, Streams::Kept { .. }) {
            self.ui.run_heading(run.image());
        }
        let outcome = run.perform().await;
        run.result(outcome)
    }
}
