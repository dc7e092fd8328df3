//! One run: a deployment, the command, the removal.

use std::time::{Duration, Instant};

use super::signals::ArrivingSignals;
use super::{Assignment, Common, environment, show_error, supervision, warn_if_out_of_reach};
use crate::commands::CommandError;
use crate::deployment::{Deployment, Down, Error, Event, Listener, Up, UpDone, remove_bundle};
use crate::event::Note;
use crate::executor::chain;
use crate::run_outcome::RunOutcome;
use crate::run_report::RunResult;

/// A run and the facts for its result. It prints errors when they happen.
pub(super) struct SingleRun<'a> {
    common: &'a Common<'a>,
    assignment: Assignment,
    signals: ArrivingSignals,
    up_took: Option<Duration>,
    command_took: Option<Duration>,
    is_kept: bool,
    has_bundle: bool,
    /// Whether a failed `up` of this run may have left parts. A deployment of another run is not touched.
    has_parts: bool,
}

impl<'a> SingleRun<'a> {
    pub(super) fn new(common: &'a Common<'a>, assignment: Assignment) -> Self {
        Self {
            common,
            assignment,
            signals: common.signals.arriving(),
            up_took: None,
            command_took: None,
            is_kept: false,
            has_bundle: false,
            has_parts: false,
        }
    }

    pub(super) fn image(&self) -> &str {
        &self.assignment.image
    }

    /// The result with an outcome.
    pub(super) fn result(self, outcome: RunOutcome) -> RunResult {
        let Assignment { image, name, bundle, .. } = self.assignment;
        RunResult {
            image,
            deployment: name,
            outcome,
            up_took: self.up_took,
            command_took: self.command_took,
            is_kept: self.is_kept,
            bundle: bundle.filter(|_| self.has_bundle),
        }
    }

    /// Brings the deployment up, runs the command, and removes the deployment.
    pub(super) async fn perform(&mut self) -> RunOutcome {
        let keeps = self.common.arguments.keep_on_failure;
        let deployment = match self.up().await {
            Ok(deployment) => deployment,
            Err(outcome) => {
                if keeps && self.has_parts {
                    self.keep().await;
                }
                return outcome;
            }
        };
        let outcome = match self.command(&deployment).await {
            Ok(outcome) => outcome,
            Err(error) => self.failed(&error),
        };
        self.complete_bundle(&deployment, &outcome).await;
        if keeps && !outcome.passed() {
            self.keep().await;
        } else {
            self.down().await;
        }
        outcome
    }

    /// Brings the deployment up. If it fails, the deployment is removed or kept already.
    async fn up(&mut self) -> Result<Deployment, RunOutcome> {
        let Common { arguments, ui, engine, .. } = self.common;
        let started = Instant::now();
        let renderer = ui.brief_renderer();
        let listener = RunNotes(renderer.as_ref());
        let up = Up::new(self.assignment.spec.clone())
            .on(engine)
            .listener(&listener)
            .timeout(arguments.timeout)
            .only_new(true)
            .remove_on_failure(!arguments.keep_on_failure)
            .bundle(self.assignment.bundle.clone())
            .time_to_live(Some(arguments.ttl));
        let mut signal = None;
        let signals = &mut self.signals;
        let stop = async { signal = Some(signals.next().await.number) };
        let done = Box::pin(up.run_until(stop)).await;
        renderer.finish();
        drop(renderer);
        match (done, signal) {
            (Ok(UpDone { deployment, .. }), _) => {
                let took = started.elapsed();
                let (name, summary) = (deployment.name(), deployment.topology().summary());
                let image =
                    if self.common.has_headings { format!("{}, ", self.image()) } else { String::new() };
                let took_seconds = took.as_secs_f64();
                ui.note(&format!("`{name}` is up and verified: {summary} ({image}{took_seconds:.1} s)"));
                self.up_took = Some(took);
                Ok(deployment)
            }
            (Err(error), signal) => {
                self.has_parts = matches!(error, Error::Unfinished { .. } | Error::ChecksFailed(_));
                if let Some(folder) = self.assignment.bundle.clone() {
                    self.has_bundle = true;
                    ui.notices().hear(Event::Note(Note::BundleWritten { folder }));
                }
                let failed = self.failed(&error.into());
                Err(signal.map_or(failed, |number| {
                    self.common.is_stopped.set(true);
                    RunOutcome::Interrupted(number)
                }))
            }
        }
    }

    async fn command(&mut self, deployment: &Deployment) -> Result<RunOutcome, CommandError> {
        let Common { arguments, ui, host, program, streams, .. } = self.common;
        warn_if_out_of_reach(deployment, ui);
        let mut command = program.command();
        let user = arguments.user.as_deref();
        environment::set(&mut command, deployment, user, &arguments.env_prefix, *host).await?;
        let kept = streams.connect(&mut command)?;
        let started = Instant::now();
        let work = supervision::supervise(command, &mut self.signals);
        let ended = deployment.alive_during(arguments.ttl, work).await;
        if let Some(kept) = kept {
            ui.run_heading(&self.assignment.image);
            kept.print()?;
        }
        let not_started = |source| CommandError::Start { program: program.name(), source };
        let ended = ended.map_err(not_started)?;
        self.command_took = Some(started.elapsed());
        let outcome = RunOutcome::of_command(ended.status.code(), supervision::signal_of(ended.status));
        if ended.was_signalled && !outcome.passed() {
            self.common.is_stopped.set(true);
        }
        Ok(outcome)
    }

    /// Adds the state of the servers after a failure to the bundle. After a success, removes the bundle of `up`.
    async fn complete_bundle(&mut self, deployment: &Deployment, outcome: &RunOutcome) {
        let Some(folder) = &self.assignment.bundle else { return };
        let ui = self.common.ui;
        if outcome.passed() {
            if let Err(error) = remove_bundle(folder) {
                ui.warning(&chain(&error));
            }
        } else {
            deployment.add_to_bundle(folder, outcome.exit_code(), &ui.notices()).await;
            self.has_bundle = true;
        }
    }

    /// Removes the deployment with its data. A failure is a warning, because the outcome of the command counts.
    async fn down(&mut self) {
        let Self { common: Common { ui, engine, .. }, assignment: Assignment { name, .. }, signals, .. } =
            self;
        let notices = ui.notices();
        let down = Down::new(engine, name.clone()).data(true).listener(&notices);
        let mut removal = Box::pin(down.run());
        let mut is_asked_to_hurry = false;
        let removed = loop {
            tokio::select! {
                removed = &mut removal => break removed,
                _ = signals.next() => {}
            }
            if std::mem::replace(&mut is_asked_to_hurry, true) {
                ui.warning(&format!("the rest of `{name}` stays until its time is over"));
                return;
            }
            ui.note(&format!("removing `{name}`; a second signal leaves the rest of it"));
        };
        match removed {
            // The command may have removed it.
            Ok(_) | Err(Error::NoSuchDeployment { .. }) => {}
            Err(error) => ui.warning(&format!("could not remove `{name}`: {}", chain(&error))),
        }
    }

    /// Keeps the deployment for the user, without a time limit.
    async fn keep(&mut self) {
        let Common { ui, engine, .. } = self.common;
        let name = &self.assignment.name;
        if let Err(error) = engine.limit_time(name, None).await {
            return ui.warning(&format!("could not keep `{name}`: {}", chain(&error)));
        }
        self.is_kept = true;
        ui.note(&format!(
            "`{name}` stays, without a time limit: `redisctl env {name}` connects to it, `redisctl down {name} --volumes` \
             removes it"
        ));
    }

    fn failed(&self, error: &CommandError) -> RunOutcome {
        show_error(error, self.common.ui);
        let text = match error {
            CommandError::Deployment(error) => error.text(),
            error => error.failure().plain(),
        };
        RunOutcome::Failed { exit_code: error.exit_code(), message: error.to_string(), text }
    }
}

/// Passes all events on except two notes: a run renews the time limit, and completes the bundle itself.
struct RunNotes<'a>(&'a dyn Listener);

impl Listener for RunNotes<'_> {
    fn hear(&self, event: Event) {
        if !matches!(event, Event::Note(Note::Expires { .. } | Note::BundleWritten { .. })) {
            self.0.hear(event);
        }
    }
}
