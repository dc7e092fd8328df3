//! Bringing a deployment up: take the lease, observe, plan, execute, verify.

use std::future::pending;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use super::cleanup::Cleanup;
use super::contention::Contention;
use super::converge::{ConvergeOptions, Converged, RunContext as _, converge};
use super::engine::ConnectedEngine;
use super::failure_bundle::{FailureBundle, Recorder};
use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::loaded_spec::LoadedSpec;
use super::lost_resources::LostResources;
use super::memory_kills::memory_kills;
use super::neighbour_table::{full_table, neighbour_warning};
use super::no_listener::NoListener;
use super::provided_image::{image_reference, provide_image};
use super::rule_trial::try_rules;
use super::run_context::EngineRunContext;
use super::seed_file::SeedFile;
use super::seed_keeping::{check_formats, seed_new};
use super::spec_source::SpecSource;
use super::stopwatch::Stopwatch;
use super::target::Target;
use super::verify::verify;
use super::{DEFAULT_TIMEOUT, Error};
use crate::event::{Event, Listener, Note, Warning};
use crate::plan::Plan;
use crate::planner::{self, Options};
use crate::status::status;
use crate::topology::Replacement;
use crate::up_result::{UpResult, Verification};

mod options;
mod stop;

use stop::{take_lease, unless_stopped};

/// Brings a deployment up: creates it, or changes it until it matches its spec, and verifies it.
///
/// ```no_run
/// # async fn example() -> Result<(), redisctl::deployment::Error> {
/// use redisctl::deployment::{SpecSource, Up};
///
/// let up = Up::new(SpecSource::shipped("cluster").name("shop")).run().await?;
/// println!("{} steps, dial {}", up.result.changes, up.deployment.endpoints()[0]);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before `run`"]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Up<'a> {
    spec: SpecSource,
    engine: EngineChoice,
    listener: &'a dyn Listener,
    timeout: Duration,
    plan: Options,
    verify: bool,
    remove_on_failure: bool,
    bundle: Option<PathBuf>,
    time_to_live: Option<Duration>,
    only_new: bool,
    adopt_slots: bool,
    replacement: Option<Replacement>,
}

enum EngineChoice {
    /// The engine at an address, otherwise the engine of the environment.
    Address(Option<String>),
    Connected(ConnectedEngine),
}

/// A deployment that is up.
pub struct UpDone {
    /// The deployment.
    pub deployment: Deployment,
    /// The result of `up`, with the verification.
    pub result: UpResult,
}

/// The progress of a run.
#[derive(Default)]
struct UpProgress {
    engine: Option<ConnectedEngine>,
    lease: Option<Arc<Lease>>,
    target: Option<Box<Target>>,
    /// Whether this run made every part of the deployment.
    is_new: bool,
}

impl Up<'_> {
    /// Brings the deployment of a spec up, on the engine of the environment.
    pub fn new(spec: impl Into<SpecSource>) -> Self {
        Self {
            spec: spec.into(),
            engine: EngineChoice::Address(None),
            listener: &NoListener,
            timeout: DEFAULT_TIMEOUT,
            plan: Options::default(),
            verify: true,
            remove_on_failure: false,
            bundle: None,
            time_to_live: None,
            only_new: false,
            adopt_slots: false,
            replacement: None,
        }
    }

    fn read_spec(&self) -> Result<LoadedSpec, Error> {
        let spec = self.spec.read_before_asking()?;
        Ok(LoadedSpec { adopts_slots: self.adopt_slots, replacement: self.replacement.clone(), ..spec })
    }

    /// The plan of [`Up::run`]. Nothing is changed.
    ///
    /// # Errors
    /// The spec has problems, the engine does not answer, or the plan needs a decision of the caller.
    pub async fn plan(&self) -> Result<Plan, Error> {
        let mut spec = self.read_spec()?;
        let engine = Box::pin(self.connect(&mut spec)).await?;
        let image = image_reference(&spec).await?;
        let target = Box::pin(Target::resolve(&spec, &engine, image, &LostResources::default())).await?;
        check_formats(&spec, target.topology.server)?;
        try_rules(&spec, &target, &engine).await?;
        let servers = target.servers();
        let observed = Box::pin(target.observe(&engine, &servers, false)).await?;
        planner::plan(&target.topology, &observed, self.plan).map_err(|obstacles| target.obstacles(obstacles))
    }

    /// Brings the deployment up.
    ///
    /// # Errors
    /// The step that failed. [`Error::ChecksFailed`]: the deployment is up, but its verification failed.
    pub async fn run(self) -> Result<UpDone, Error> {
        // Erased here, so that the compiler of a caller need not look into the future to see that it is `Send`.
        let run: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(self.run_until(pending()));
        run.await
    }

    /// Brings the deployment up, until `stop` is ready. Dropping the future of [`Up::run`] leaves a lease, which other
    /// runs respect for 20 s; this method releases it.
    ///
    /// # Errors
    /// As [`Up::run`]. [`Error::Interrupted`], possibly in [`Error::Unfinished`]: `stop` was ready first.
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send) -> Result<UpDone, Error> {
        let bundle = self.bundle.as_deref().map(FailureBundle::begin).transpose()?;
        let recorder = Recorder::new(self.listener, bundle.as_ref());
        let mut progress = UpProgress::default();
        let stop = pin!(stop);
        let result = Box::pin(self.attempt(bundle.as_ref(), &recorder, &mut progress, stop)).await;
        let wind_up = Box::pin(self.wind_up(bundle.as_ref(), &recorder, &progress, result));
        let Some(lease) = &progress.lease else { return wind_up.await };
        // The lease is released last: until here, this run may have removed parts.
        let result = lease.keep(wind_up).await;
        if let (Err(_), Some(_)) = (&result, self.time_to_live) {
            lease.forget_unused_expiry().await;
        }
        lease.release().await;
        result
    }

    /// Connects to the engine. Refuses a spec that names unknown nodes, if the engine has no such deployment.
    async fn connect(&self, spec: &mut LoadedSpec) -> Result<ConnectedEngine, Error> {
        let engine = self.engine.connect(spec).await;
        let Some(unknown_nodes) = spec.unknown_nodes.take() else { return engine };
        match engine {
            Ok(engine) if engine.deployment_names().await?.contains(&spec.topology.name) => Ok(engine),
            _ => Err(unknown_nodes.into()),
        }
    }

    /// Takes the lease, then observes, plans, executes and verifies. `progress` records how far it came.
    async fn attempt(
        &self,
        bundle: Option<&FailureBundle>,
        listener: &dyn Listener,
        progress: &mut UpProgress,
        mut stop: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<UpDone, Error> {
        let mut spec = self.read_spec()?;
        let mut watch = Stopwatch::new(listener);
        let preparation = async {
            let engine = progress.engine.insert(self.connect(&mut spec).await?).clone();
            watch.lap("connect");
            engine.make_room(self.time_to_live.map(|_| &spec.topology.name), listener).await;
            let image = provide_image(&spec, &engine, listener).await?;
            watch.lap("image");
            Ok((engine, image))
        };
        let (engine, image) = unless_stopped(stop.as_mut(), Box::pin(preparation)).await?;
        let request = LeaseRequest {
            engine: engine.clone(),
            deployment: spec.topology.name.clone(),
            image: Some(image.clone()),
            command: "up",
            timeout: self.timeout,
            listener,
        };
        let lease = Arc::new(take_lease(request, stop.as_mut()).await?);
        watch.lap("wait for others");
        progress.lease = Some(Arc::clone(&lease));
        let work = async {
            if self.only_new {
                engine.refuse_existing(&spec.topology.name).await?;
            }
            self.limit_time(&spec, &engine, &image, listener).await?;
            Box::pin(self.work(&spec, &engine, &image, bundle, listener, progress)).await
        };
        let result = lease.keep(unless_stopped(stop, Box::pin(work))).await;
        match &result {
            Err(Error::LeaseLost(_)) => progress.is_new = false,
            // The engine continues the calls that are under way.
            Err(Error::Interrupted) => {
                let settled = async { Ok(engine.api.settle_after_killed_run(&spec.topology.name).await?) };
                lease.keep(Box::pin(settled)).await?;
            }
            _ => {}
        }
        result
    }

    /// Sets the expiry of the deployment, before any part of it exists.
    async fn limit_time(
        &self,
        spec: &LoadedSpec,
        engine: &ConnectedEngine,
        image: &str,
        listener: &dyn Listener,
    ) -> Result<(), Error> {
        let Some(after) = self.time_to_live else { return Ok(()) };
        let deployment = spec.topology.name.clone();
        engine.expire_after(&deployment, after, image).await?;
        listener.hear(Event::Note(Note::Expires { deployment, after }));
        Ok(())
    }

    /// Observes, plans, executes and verifies. It starts again while chosen subnets, ports or names are taken.
    async fn work(
        &self,
        spec: &LoadedSpec,
        engine: &ConnectedEngine,
        image: &str,
        bundle: Option<&FailureBundle>,
        listener: &dyn Listener,
        progress: &mut UpProgress,
    ) -> Result<UpDone, Error> {
        let mut contention = Contention::new(spec, engine, listener);
        let mut has_warned = false;
        loop {
            let mut watch = Stopwatch::new(listener);
            let target = Box::pin(Target::resolve(spec, engine, image.to_owned(), contention.lost())).await?;
            let target = progress.target.insert(Box::new(target));
            watch.lap("look around");
            if let Some(bundle) = bundle {
                bundle.mask(target.stored_credentials());
                bundle.mask(Some(&target.credentials));
            }
            if !std::mem::replace(&mut has_warned, true) {
                check_formats(spec, target.topology.server)?;
                try_rules(spec, target, engine).await?;
                warn(spec, target, engine, listener);
            }
            target.begun = contention.is_new(target);
            progress.is_new = target.begun;
            let done = Box::pin(self.converge_and_verify(&spec.seed_files, target, engine, listener)).await;
            match done {
                Ok(result) => {
                    return Ok(UpDone { deployment: target.deployment(engine), result });
                }
                Err(error) => {
                    if let (Error::Execute(_), Some(warning)) = (&error, full_table(target, engine)) {
                        listener.hear(Event::Warning(warning));
                    }
                    contention.recover(error, target).await?;
                }
            }
        }
    }

    /// Observes, plans and executes until the deployment matches its target. Then applies the first data, and verifies
    /// the deployment.
    async fn converge_and_verify(
        &self,
        seed: &[SeedFile],
        target: &Target,
        engine: &ConnectedEngine,
        listener: &dyn Listener,
    ) -> Result<UpResult, Error> {
        let servers = target.servers();
        let context = EngineRunContext { target, engine, servers: &servers };
        let options = ConvergeOptions { plan: self.plan, timeout: self.timeout };
        let converged = converge(&context, options, listener).await.map_err(|error| context.error(error))?;
        if let Some(lost) = engine.lost_with_nodes(&target.topology) {
            let Converged { changes, out_of_reach, .. } = converged;
            let waiting = out_of_reach.into_iter().skip(lost.engines.len()).collect();
            return Err(Error::RepairedInPart { lost, changes, waiting });
        }
        let mut watch = Stopwatch::new(listener);
        if !(target.begun && seed.is_empty()) {
            Box::pin(seed_new(&target.deployment(engine), seed, self.timeout, listener)).await?;
            watch.lap("seed");
        }
        let observed = context.observe(converged.written).await?;
        watch.lap("look at the result");
        // The file of learned facts concerns no check, so both are done at the same time.
        let verification = async {
            let in_force = target.learned.in_force(&target.topology);
            if self.verify {
                Some(verify(&servers, &in_force, &target.credentials, engine).await)
            } else {
                None
            }
        };
        let (verification, kept) = tokio::join!(verification, target.keep_learned(engine, &observed));
        kept?;
        watch.lap("verify");
        // After failed checks, the present state is worth more than the state before them.
        let passed = verification.as_ref().is_none_or(Verification::passed);
        let observed = if passed { observed } else { context.observe(converged.written).await? };
        let status = status(&target.topology, &observed);
        let result = UpResult { changes: converged.changes, status, verification };
        if target.begun && result.passed() {
            servers.empty_records().await;
        }
        Ok(result)
    }

    /// Completes the bundle. Removes the parts of a failed run, if the caller wants it.
    async fn wind_up(
        &self,
        bundle: Option<&FailureBundle>,
        listener: &dyn Listener,
        progress: &UpProgress,
        result: Result<UpDone, Error>,
    ) -> Result<UpDone, Error> {
        let UpProgress { engine, target, is_new, .. } = progress;
        let (engine, target) = (engine.as_ref(), target.as_deref());
        if let (Some(bundle), Some(engine)) = (bundle, engine) {
            // This comes before the removal: the bundle needs containers and servers.
            bundle.collect(engine, target).await;
        }
        let cleanup = Cleanup { remove: self.remove_on_failure, is_new: *is_new };
        let result = match (result, engine, target) {
            (Err(error), Some(engine), Some(target)) => {
                Err(cleanup.after_error(error, engine, &target.topology.name).await)
            }
            (result, ..) => result,
        };
        if let Some(bundle) = bundle {
            // The error contains the leftovers.
            let name = target.map(|target| &target.topology.name);
            listener.hear(bundle.complete(name, result.as_ref().map(|done| &done.result)));
        }
        match result {
            Ok(UpDone { deployment, result }) if !result.passed() => {
                Err(cleanup.after_failed_checks(deployment, result).await)
            }
            result => result,
        }
    }
}

impl EngineChoice {
    async fn connect(&self, spec: &LoadedSpec) -> Result<ConnectedEngine, Error> {
        match self {
            Self::Address(address) => ConnectedEngine::for_spec(spec, address.as_deref()).await,
            Self::Connected(engine) if engine.members.is_empty() && !spec.topology.engines.is_empty() => {
                ConnectedEngine::for_spec(spec, None).await
            }
            Self::Connected(engine) => Ok(engine.clone()),
        }
    }
}

/// Reports warnings about the spec, the engine's machine, and servers that were killed for lack of memory.
fn warn(spec: &LoadedSpec, target: &Target, engine: &ConnectedEngine, listener: &dyn Listener) {
    let neighbours = neighbour_warning(target, engine);
    let remarks = target.remarks.iter().cloned().chain(target.lowered()).collect();
    let remarks = spec.remarks_and(&target.topology, remarks);
    let remarks = remarks.located().into_iter().map(Warning::Spec);
    let killed = memory_kills(&target.inventory);
    for warning in neighbours.into_iter().chain(target.warnings.clone()).chain(remarks).chain(killed) {
        listener.hear(Event::Warning(warning));
    }
}
