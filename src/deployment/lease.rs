//! The lease: the right of one run to change a deployment. One run at a time holds it, and other runs wait.
//!
//! The lease is a container with a fixed name, which is never started ([`crate::docker::lease`]). So runs of all
//! users and machines see it, and the engine lets only one run create it. A run ends its lease, or another run does:
//!
//! | the holder | the lease |
//! |---|---|
//! | ends, with or without an error | the holder releases it |
//! | is killed or interrupted | the next run on the same machine sees that the process has ended |
//! | is killed on another machine or in a container, or is stopped or dropped | it is not renewed, and expires |
//!
//! A run that continues after its lease expired finds no lease to renew, and stops.
//!
//! A deployment on several engines has a lease on each engine that answers, taken in the order of their names. So two
//! runs that reach one common engine never change the deployment at the same time, even if one of them does not reach
//! the first engine.
//!
//! A run that finds the lease of a killed run waits until the engine has finished that run's calls. It removes the
//! lease after that, so that no other run starts earlier.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::Error;
use super::engine::ConnectedEngine;
use super::handle::Deployment;
use crate::docker::lease::{self as engine_lease, Creation, FoundLease};
use crate::event::{Event, Listener, Note};
use crate::poll;
use crate::topology::DeploymentName;

mod holder;
mod process;

use holder::{LeaseHolder, Verdict};

/// How often to check whether another run has released the lease. Users do not notice a tenth of a second.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How often the holder renews the lease. The lease lasts for several renewals.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(4);

/// The request of a run for a lease.
pub(super) struct LeaseRequest<'a> {
    /// The engine.
    pub(super) engine: ConnectedEngine,
    /// The deployment.
    pub(super) deployment: DeploymentName,
    /// An image on the engine; `None` if the run needs no image.
    pub(super) image: Option<String>,
    /// The command, shown to other runs.
    pub(super) command: &'static str,
    /// The time limit to wait for another run.
    pub(super) timeout: Duration,
    /// Gets the event of a wait.
    pub(super) listener: &'a dyn Listener,
}

/// The right to change one deployment on one engine, until it is released. A dropped lease stays on the engine, so
/// that the next run notices the interruption.
pub(super) struct Lease {
    engine: ConnectedEngine,
    deployment: DeploymentName,
    /// The containers of the lease, one on each engine. An engine without an image has none: then no run can create
    /// containers there.
    held: Vec<Held>,
    /// When this run took the lease. The system clock also counts while the machine sleeps.
    taken: SystemTime,
    /// Whether another run held the lease before.
    follows: bool,
}

/// The container of a lease on one engine.
struct Held {
    engine: ConnectedEngine,
    id: String,
}

impl Lease {
    /// Takes the lease. Waits for the run that holds it, and takes over from an interrupted run.
    ///
    /// # Errors
    /// [`Error::InUse`]: another run still holds it at the end of the time.
    pub(super) async fn take(request: LeaseRequest<'_>) -> Result<Self, Error> {
        let wait = poll::Wait::new("the lease", request.timeout, POLL_INTERVAL);
        let mut lease = request.lease();
        for engine in request.engine.each() {
            // The others must not expire during a wait for this lease.
            let taken = lease.keep(take_on(&request, &engine, &wait)).await;
            match taken {
                Ok(Taken { id, follows }) => {
                    lease.follows |= follows;
                    lease.held.extend(id.map(|id| Held { engine, id }));
                }
                Err(error) => {
                    lease.release().await;
                    return Err(error);
                }
            }
        }
        Ok(Self { taken: SystemTime::now(), ..lease })
    }

    /// Takes the lease, does work under it, and releases it.
    ///
    /// # Errors
    /// As [`Lease::take`] and [`Lease::keep`].
    pub(super) fn during<T>(
        request: LeaseRequest<'_>,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Pin<Box<impl Future<Output = Result<T, Error>>>> {
        Box::pin(async move {
            let lease = Self::take(request).await?;
            let result = lease.keep(work).await;
            lease.release().await;
            result
        })
    }

    /// Removes the lease of an interrupted run. The lease of a working run stays.
    pub(super) async fn remove_if_interrupted(request: LeaseRequest<'_>) -> Result<(), Error> {
        for engine in request.engine.each() {
            Others::new(&request, &engine).remove_if_interrupted().await?;
        }
        Ok(())
    }

    /// Whether another run changed the deployment before, so that earlier observations may be outdated.
    pub(super) fn follows_another_run(&self) -> bool {
        self.follows
    }

    /// The deployment as it is under the lease: after the changes of another run, it is read again.
    ///
    /// # Errors
    /// The deployment does not exist any more, or the engine does not answer.
    pub(super) async fn present(&self, deployment: &Deployment) -> Result<Deployment, Error> {
        if self.follows {
            deployment.engine().deployment(Some(deployment.name().as_str())).await
        } else {
            Ok(deployment.clone())
        }
    }

    /// Does work under the lease, and renews it meanwhile.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]: the lease was removed, and the work was stopped. Otherwise the error of the work.
    pub(super) async fn keep<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.renew_until_lost() => Err(Error::LeaseLost(self.deployment.to_string())),
        }
    }

    /// Renews the lease until it does not exist any more.
    async fn renew_until_lost(&self) {
        if self.held.is_empty() {
            return std::future::pending().await;
        }
        loop {
            sleep(RENEWAL_INTERVAL).await;
            let age = self.taken.elapsed().unwrap_or_default();
            for held in &self.held {
                // If an engine does not answer, the work fails by itself. The next renewal may succeed.
                if let Ok(false) = engine_lease::renew(held.engine.api.client(), &held.id, age).await {
                    return;
                }
            }
        }
    }

    /// Removes the expiry of the deployment, if the deployment has no parts.
    pub(super) async fn forget_unused_expiry(&self) {
        self.engine.forget_unused_expiry(&self.deployment).await;
    }

    /// Releases the lease. The engine and the servers have answered every call of this run.
    pub(super) async fn release(&self) {
        // The first is released last: a waiting run takes it first.
        for held in self.held.iter().rev() {
            // If the lease stays, the next run sees that its holder has ended.
            let docker = held.engine.api.client();
            if let Err(error) = engine_lease::remove(docker, &held.id, &self.deployment).await {
                tracing::debug!(%error, "could not release the lease");
            }
        }
    }
}

/// The result of the wait for the lease on one engine.
struct Taken {
    id: Option<String>,
    /// Whether another run held it before.
    follows: bool,
}

/// Takes the lease on one engine.
async fn take_on(
    request: &LeaseRequest<'_>,
    engine: &ConnectedEngine,
    wait: &poll::Wait,
) -> Result<Taken, Error> {
    let (docker, name) = (engine.api.client(), &request.deployment);
    let holder = LeaseHolder::this_run(request.command).to_label();
    let mut image = request.image.clone();
    let mut others = Others::new(request, engine);
    let mut follows = false;
    loop {
        let Some(present) = &image else {
            image = engine_lease::any_image(docker, name).await?;
            if image.is_none() {
                return Ok(Taken { id: None, follows });
            }
            continue;
        };
        match engine_lease::create(docker, name, present, &holder).await? {
            Creation::Created(id) => return Ok(Taken { id: Some(id), follows }),
            // Another engine of the deployment may have it.
            Creation::NoImage if request.image.as_ref() == Some(present) => {
                image = None;
                continue;
            }
            Creation::NoImage => return Ok(Taken { id: None, follows }),
            Creation::NameTaken => follows = true,
        }
        if others.remove_if_interrupted().await? {
            continue;
        }
        if wait.pause().await.is_err() {
            return Err(others.in_use(wait.waited()));
        }
    }
}

impl<'a> LeaseRequest<'a> {
    /// The request of a command on an existing deployment.
    pub(super) fn on(
        deployment: &Deployment,
        command: &'static str,
        timeout: Duration,
        listener: &'a dyn Listener,
    ) -> Self {
        Self {
            engine: deployment.engine().clone(),
            deployment: deployment.name().clone(),
            // The name of the deployment's image may be gone.
            image: None,
            command,
            timeout,
            listener,
        }
    }

    fn lease(&self) -> Lease {
        let (engine, deployment) = (self.engine.clone(), self.deployment.clone());
        Lease { engine, deployment, held: Vec::new(), taken: SystemTime::now(), follows: false }
    }
}

/// The runs that hold the lease while this run waits.
struct Others<'a> {
    request: &'a LeaseRequest<'a>,
    engine: &'a ConnectedEngine,
    /// The engine's clock, once read: the time since 1970, and the moment of reading.
    clock: Option<(Duration, Instant)>,
    /// The last lease that was seen.
    seen: Option<Seen>,
}

#[derive(Clone)]
struct Seen {
    lease: FoundLease,
    holder: LeaseHolder,
    /// Its age at its last renewal, as far as known.
    renewed_at: Duration,
}

impl<'a> Others<'a> {
    fn new(request: &'a LeaseRequest<'a>, engine: &'a ConnectedEngine) -> Self {
        Self { request, engine, clock: None, seen: None }
    }

    /// Reads the lease, and reports its holder. Removes the lease of an interrupted run, and reports that.
    async fn remove_if_interrupted(&mut self) -> Result<bool, Error> {
        let (api, name) = (&self.engine.api, &self.request.deployment);
        let Some(lease) = engine_lease::find(api.client(), name).await? else { return Ok(false) };
        if self.clock.is_none() {
            self.clock = engine_lease::clock(api.client()).await?.map(|time| (time, Instant::now()));
        }
        let known = self.seen.take().filter(|seen| seen.lease.id == lease.id);
        let is_new = known.is_none();
        let holder = LeaseHolder::from_label(&lease.holder);
        let mut seen = known.unwrap_or(Seen { lease, holder, renewed_at: Duration::ZERO });
        let verdict = self.judge(&mut seen).await?;
        let described = seen.holder.describe(self.age(&seen.lease));
        self.seen = Some(seen.clone());
        if verdict == Verdict::Works {
            if is_new {
                let limit = self.request.timeout;
                self.note(Note::RunAtWork { run: described, deployment: name.clone(), limit });
            }
            return Ok(false);
        }
        self.note(Note::RunCutOff { run: described });
        self.request.engine.api.settle_after_killed_run(name).await?;
        // A stopped run may have continued meanwhile.
        if self.judge(&mut seen).await? == Verdict::Works {
            return Ok(false);
        }
        engine_lease::remove(api.client(), &seen.lease.id, name).await?;
        Ok(true)
    }

    /// Whether the holder of a lease still works. If the lease seems expired, its last renewal is read.
    async fn judge(&self, seen: &mut Seen) -> Result<Verdict, Error> {
        let age = self.age(&seen.lease);
        let verdict = seen.holder.judge(age.saturating_sub(seen.renewed_at));
        if verdict != Verdict::Expired {
            return Ok(verdict);
        }
        let docker = self.engine.api.client();
        seen.renewed_at = engine_lease::age_at_renewal(docker, &seen.lease.id).await?;
        Ok(seen.holder.judge(age.saturating_sub(seen.renewed_at)))
    }

    /// The age of a lease by the engine's clock.
    fn age(&self, lease: &FoundLease) -> Duration {
        let now = self.clock.map(|(time, read)| time + read.elapsed());
        now.unwrap_or_default().saturating_sub(lease.created)
    }

    fn in_use(&self, waited: Duration) -> Error {
        let deployment = self.request.deployment.to_string();
        let (holder, process) = match &self.seen {
            Some(seen) => (seen.holder.describe(self.age(&seen.lease)), seen.holder.process_here()),
            None => ("another redisctl".to_owned(), None),
        };
        Error::InUse { deployment, holder, process, waited }
    }

    fn note(&self, note: Note) {
        self.request.listener.hear(Event::Note(note));
    }
}
