//! The right of one run to change a deployment. One run at a time holds it; the others wait.
//!
//! The lease is on the engine, so that runs of all users and machines see it: a container with a fixed name, which
//! never runs ([`crate::docker::lease`]). The engine creates it for one of several runs. How it ends:
//!
//! | the holder | the lease |
//! |---|---|
//! | ends, also with an error | it releases the lease |
//! | is killed or interrupted | the next run on the same machine sees that its process has ended |
//! | is killed on another machine or in a container, is stopped, or is dropped | it is not renewed, and expires |
//!
//! A run that goes on after its lease expired finds it removed when it renews it, and stops.
//!
//! A run that finds the lease of a run that was cut off waits until the engine has finished the calls of that run.
//! Only then it removes the lease, so that no other run starts before.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::Error;
use super::engine::ConnectedEngine;
use crate::docker::lease::{self as engine_lease, Creation, FoundLease};
use crate::event::{Event, Listener, Note};
use crate::poll;
use crate::topology::DeploymentName;

mod holder;
mod process;

use holder::{LeaseHolder, Verdict};

/// How often to look whether another run has released the lease: a person does not notice a tenth of a second.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How often the holder renews the lease: several times before it expires.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(4);

/// What a run asks for.
pub(super) struct LeaseRequest<'a> {
    /// The engine.
    pub(super) engine: ConnectedEngine,
    /// The deployment.
    pub(super) deployment: DeploymentName,
    /// An image that the engine has; `None` where the run needs none.
    pub(super) image: Option<String>,
    /// The verb, which other runs are told.
    pub(super) command: &'static str,
    /// The longest that this run waits for another.
    pub(super) timeout: Duration,
    /// Hears what this run waits for.
    pub(super) listener: &'a dyn Listener,
}

/// The right to change one deployment on one engine, until it is released. A lease that is dropped tells the next run
/// that this run was cut off.
pub(super) struct Lease {
    engine: ConnectedEngine,
    deployment: DeploymentName,
    /// The lease on the engine. `None` where the engine has no image: then no run can make anything.
    id: Option<String>,
    /// When this run took it. The clock of the machine, which goes on while the machine sleeps.
    taken: SystemTime,
    /// Whether another run held it before.
    follows: bool,
}

impl Lease {
    /// Takes the lease. Waits for the run that holds it, and takes over from a run that was cut off.
    ///
    /// # Errors
    /// [`Error::InUse`]: another run still holds it when the time is over.
    pub(super) async fn take(request: LeaseRequest<'_>) -> Result<Self, Error> {
        let image = match &request.image {
            Some(image) => Some(image.clone()),
            None => request.any_image().await?,
        };
        let Some(image) = image else { return Ok(request.lease(None, false)) };
        let holder = LeaseHolder::this_run(request.command).to_label();
        let wait = poll::Wait::new("the lease", request.timeout, POLL_INTERVAL);
        let mut others = Others { request: &request, clock: None, seen: None };
        let mut follows = false;
        loop {
            let (docker, name) = (request.engine.api.client(), &request.deployment);
            match engine_lease::create(docker, name, &image, &holder).await? {
                Creation::Created(id) => return Ok(request.lease(Some(id), follows)),
                Creation::NoImage => return Ok(request.lease(None, follows)),
                Creation::NameTaken => follows = true,
            }
            if others.end_one_that_was_cut_off().await? {
                continue;
            }
            if wait.pause().await.is_err() {
                return Err(others.in_use(wait.waited()));
            }
        }
    }

    /// Whether another run changed the deployment before, so that what this run saw before may have changed.
    pub(super) fn follows_another_run(&self) -> bool {
        self.follows
    }

    /// Does work under the lease, and renews it meanwhile.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]: the lease does not exist any more, and the work was stopped. The error of the work.
    pub(super) async fn keep<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.renew_until_lost() => Err(Error::LeaseLost(self.deployment.to_string())),
        }
    }

    /// Renews the lease again and again, until it does not exist any more.
    async fn renew_until_lost(&self) {
        let Some(id) = &self.id else { return std::future::pending().await };
        loop {
            sleep(RENEWAL_INTERVAL).await;
            let age = self.taken.elapsed().unwrap_or_default();
            // An engine that does not answer fails the work itself. The next renewal may succeed.
            if let Ok(false) = engine_lease::renew(self.engine.api.client(), id, age).await {
                return;
            }
        }
    }

    /// Gives the lease back. The engine and the servers have answered every call of this run.
    pub(super) async fn release(&self) {
        let Some(id) = &self.id else { return };
        // A lease that stays only makes the next run careful: its holder has ended.
        if let Err(error) = engine_lease::remove(self.engine.api.client(), id, &self.deployment).await {
            tracing::debug!(%error, "could not release the lease");
        }
    }
}

impl LeaseRequest<'_> {
    async fn any_image(&self) -> Result<Option<String>, Error> {
        let api = &self.engine.api;
        let inventory = api.inventory().await?.deployment(&self.deployment);
        Ok(engine_lease::any_image(api.client(), &inventory).await?)
    }

    fn lease(&self, id: Option<String>, follows: bool) -> Lease {
        let (engine, deployment) = (self.engine.clone(), self.deployment.clone());
        Lease { engine, deployment, id, taken: SystemTime::now(), follows }
    }
}

/// The runs that hold the lease while this run wants it.
struct Others<'a> {
    request: &'a LeaseRequest<'a>,
    /// The engine's clock, once it was read: the time since 1970, and when this run read it.
    clock: Option<(Duration, Instant)>,
    /// The lease that was seen last.
    seen: Option<Seen>,
}

#[derive(Clone)]
struct Seen {
    lease: FoundLease,
    holder: LeaseHolder,
    /// How old it was at its last renewal, as far as it was read.
    renewed_at: Duration,
}

impl Others<'_> {
    /// Looks at the lease, and tells about its holder. Removes it where its holder was cut off, and says so.
    async fn end_one_that_was_cut_off(&mut self) -> Result<bool, Error> {
        let (api, name) = (&self.request.engine.api, &self.request.deployment);
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
        api.settle_after_killed_run(name).await?;
        // A run that stood still may have gone on meanwhile.
        if self.judge(&mut seen).await? == Verdict::Works {
            return Ok(false);
        }
        engine_lease::remove(api.client(), &seen.lease.id, name).await?;
        Ok(true)
    }

    /// Whether the holder of a lease still works. Reads the last renewal where the lease seems to have expired.
    async fn judge(&self, seen: &mut Seen) -> Result<Verdict, Error> {
        let age = self.age(&seen.lease);
        let verdict = seen.holder.judge(age.saturating_sub(seen.renewed_at));
        if verdict != Verdict::Expired {
            return Ok(verdict);
        }
        let docker = self.request.engine.api.client();
        seen.renewed_at = engine_lease::age_at_renewal(docker, &seen.lease.id).await?;
        Ok(seen.holder.judge(age.saturating_sub(seen.renewed_at)))
    }

    /// How old a lease is by the engine's clock.
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
