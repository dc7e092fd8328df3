//! `redisctl run`: a deployment of its own for one command, removed afterwards.

use std::time::{Duration, Instant};

use super::spec_arguments::fields_source;
use super::{CommandError, ExitStatus, show_error, warn_if_out_of_reach};
use crate::cli::RunArguments;
use crate::deployment::{
    ConnectedEngine, Deployment, DeploymentName, Down, Error, Event, Listener, SpecSource, Up, UpDone,
};
use crate::event::Note;
use crate::run_outcome::RunOutcome;
use crate::ui::Ui;

mod environment;
mod program;
mod signals;
mod supervision;

use program::Program;
use signals::Signals;

/// How long a deployment lives after its run was killed. A run renews it.
const TIME_TO_LIVE: Duration = Duration::from_secs(600);

/// The exit code for a command that cannot be started, as in shells.
const NOT_STARTED: u8 = 126;

pub(super) async fn run(
    arguments: &RunArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let program = Program::find(&arguments.command)?;
    let spec = fields_source(&arguments.spec, arguments.image.as_deref())?.read_text()?.on_its_own();
    let loaded = spec.read()?;
    loaded.check_user(arguments.user.as_deref())?;
    let signals = Signals::listen()?;
    let engine = ConnectedEngine::connect(host).await?;
    let mut run = Run { arguments, host, ui, engine, name: loaded.topology().name.clone(), signals };
    Ok(ExitStatus::OfCommand(run.of(spec, &program).await.exit_code()))
}

/// A run: a deployment, the command, the removal.
struct Run<'a> {
    arguments: &'a RunArguments,
    host: Option<&'a str>,
    ui: &'a Ui,
    engine: ConnectedEngine,
    name: DeploymentName,
    signals: Signals,
}

impl Run<'_> {
    /// Prints errors when they happen.
    async fn of(&mut self, spec: SpecSource, program: &Program) -> RunOutcome {
        let deployment = match self.up(spec).await {
            Ok(deployment) => deployment,
            Err(outcome) => {
                if self.arguments.keep_on_failure {
                    self.keep().await;
                }
                return outcome;
            }
        };
        let outcome = match self.command(&deployment, program).await {
            Ok(outcome) => outcome,
            Err(error) => self.failed(&error),
        };
        if self.arguments.keep_on_failure && !outcome.passed() {
            self.keep().await;
        } else {
            self.down().await;
        }
        outcome
    }

    /// Brings the deployment up. If it fails, the deployment is removed or kept already.
    async fn up(&mut self, spec: SpecSource) -> Result<Deployment, RunOutcome> {
        let started = Instant::now();
        let renderer = self.ui.brief_renderer();
        let listener = WithoutTimeLimit(renderer.as_ref());
        let up = Up::new(spec)
            .on(&self.engine)
            .listener(&listener)
            .timeout(self.arguments.timeout)
            .only_new(true)
            .remove_on_failure(!self.arguments.keep_on_failure)
            .time_to_live(Some(TIME_TO_LIVE));
        let mut signal = None;
        let signals = &mut self.signals;
        let stop = async { signal = Some(signals.next().await.number) };
        let done = Box::pin(up.run_until(stop)).await;
        renderer.finish();
        match (done, signal) {
            (Ok(UpDone { deployment, .. }), _) => {
                let nodes = deployment.topology().summary();
                let took = started.elapsed().as_secs_f64();
                self.ui.note(&format!("`{}` is up and verified: {nodes} ({took:.1} s)", self.name));
                Ok(deployment)
            }
            (Err(_), Some(number)) => Err(RunOutcome::Interrupted(number)),
            (Err(error), None) => Err(self.failed(&error.into())),
        }
    }

    async fn command(
        &mut self,
        deployment: &Deployment,
        program: &Program,
    ) -> Result<RunOutcome, CommandError> {
        warn_if_out_of_reach(deployment, self.ui);
        let mut command = program.command();
        let (user, prefix) = (self.arguments.user.as_deref(), &self.arguments.env_prefix);
        environment::set(&mut command, deployment, user, prefix, self.host).await?;
        let work = supervision::supervise(command, &mut self.signals);
        let status = match deployment.alive_during(TIME_TO_LIVE, work).await {
            Ok(status) => status,
            Err(source) => {
                let error = CommandError::Start { program: program.name(), source };
                show_error(&error, self.ui);
                return Ok(RunOutcome::Failed { exit_code: NOT_STARTED, message: error.to_string() });
            }
        };
        Ok(RunOutcome::of_command(status.code(), supervision::signal_of(status)))
    }

    /// Removes the deployment with its data. A failure is a warning, because the outcome of the command counts.
    async fn down(&mut self) {
        let notices = self.ui.notices();
        let down = Down::new(&self.engine, self.name.clone()).data(true).listener(&notices);
        let mut removal = Box::pin(down.run());
        let mut signals = 0;
        let removed = loop {
            tokio::select! {
                removed = &mut removal => break removed,
                _ = self.signals.next() => signals += 1,
            }
            if signals == 1 {
                self.ui.note(&format!(
                    "removing `{}`; a second signal leaves its rest to `redisctl gc`",
                    self.name
                ));
            } else if signals > 1 {
                return;
            }
        };
        // The command may have removed it.
        if let Err(error) = removed.as_ref()
            && !matches!(error, Error::NoSuchDeployment { .. })
        {
            self.ui.warning(&format!("could not remove `{}`: {}", self.name, crate::executor::chain(error)));
        }
    }

    /// Keeps the deployment for the user, without a time limit.
    async fn keep(&self) {
        let name = &self.name;
        if let Err(error) = self.engine.limit_time(name, None).await {
            let cause = crate::executor::chain(&error);
            self.ui.warning(&format!("`{name}` stays until its time is over: {cause}"));
            return;
        }
        self.ui.note(&format!(
            "`{name}` stays: `redisctl env {name}` connects to it, `redisctl down {name} --volumes` removes it"
        ));
    }

    fn failed(&self, error: &CommandError) -> RunOutcome {
        show_error(error, self.ui);
        RunOutcome::Failed { exit_code: error.exit_code(), message: error.to_string() }
    }
}

/// Passes all events on except the note about the time limit: a run renews it.
struct WithoutTimeLimit<'a>(&'a dyn Listener);

impl Listener for WithoutTimeLimit<'_> {
    fn hear(&self, event: Event) {
        if !matches!(event, Event::Note(Note::Expires { .. })) {
            self.0.hear(event);
        }
    }
}
