//! The right of one run to change a deployment. One run at a time holds it; the others wait.
//!
//! This is the only interface to the five mechanisms behind it, none of which sees every other run:
//!
//! | mechanism | sees |
//! |---|---|
//! | [`file_lock`]: a lock file with a note about its holder | runs of this user on this machine |
//! | the label of the run that made the shared volume | the run that makes a new deployment |
//! | [`presence`](crate::redis::presence): names of client connections | runs that are connected with a server |
//! | [`other_runs`]: waiting until the deployment stays as it is | the rest |
//! | passwords in the deployment's file that are not this run's | runs that have ended |

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::RngExt as _;

use super::Error;
use super::engine::ConnectedEngine;
use super::target::Target;
use crate::docker::EngineInventory;
use crate::event::Listener;
use crate::redis::Servers;
use crate::redis::presence::{Presence, Worker};
use crate::topology::DeploymentName;

mod file_lock;
mod other_runs;

use file_lock::FileLock;
use other_runs::OtherRuns;

/// How often a run that failed goes on because another run was at work: it may have failed for a reason
/// of its own.
const MOST_REPEATS: usize = 3;

/// What a run asks for.
pub(super) struct LeaseRequest<'a> {
    /// The engine.
    pub(super) engine: ConnectedEngine,
    /// The deployment.
    pub(super) deployment: DeploymentName,
    /// The verb, which other runs are told.
    pub(super) command: &'static str,
    /// The longest that this run waits for another.
    pub(super) timeout: Duration,
    /// Hears what this run waits for.
    pub(super) listener: &'a dyn Listener,
}

/// The right to change one deployment on one engine, until it is released or dropped. A lease that is
/// dropped tells the next run that this run was cut off.
pub(super) struct Lease<'a> {
    lock: FileLock,
    presence: Presence,
    others: OtherRuns<'a>,
    /// How often this run has gone on because of another run.
    repeats: usize,
    /// Whether this run has looked for a run that makes the deployment.
    looked: bool,
}

impl<'a> Lease<'a> {
    /// Takes the lease. Waits for the run that holds it.
    ///
    /// # Errors
    /// [`Error::InUse`]: another run still holds it when the time is over.
    pub(super) async fn take(request: LeaseRequest<'a>) -> Result<Self, Error> {
        let lock = FileLock::take(&request).await?;
        let others = OtherRuns::new(request);
        Ok(Self { lock, presence: Presence::new(worker()), others, repeats: 0, looked: false })
    }

    /// Gives the lease back. The engine and the servers have answered every call of this run.
    pub(super) fn release(self) {
        self.lock.release();
    }

    /// Whether this run waited for another, so that what it saw before may have changed.
    pub(super) fn waited(&self) -> bool {
        self.lock.waited
    }

    /// Whether another run was at work on the deployment too, so that its parts are not this run's alone.
    pub(super) fn met_another_run(&self) -> bool {
        self.others.met_any()
    }

    /// The engine's inventory once the engine has finished what a killed run asked for.
    pub(super) async fn settled_inventory(&self) -> Result<EngineInventory, Error> {
        let (engine, name) = (&self.others.engine().api, self.others.deployment());
        if self.lock.follows_killed_run {
            Ok(engine.inventory_after_killed_run(name).await?)
        } else {
            Ok(engine.inventory().await?)
        }
    }

    /// Lets other runs see this run on the servers.
    pub(super) fn show_on<'s>(&'s self, servers: Servers<'s>) -> Servers<'s> {
        servers.seen_as(&self.presence)
    }

    /// Waits for a run that is making the deployment, and has not written its file yet: without the file
    /// this run would choose other passwords. Says whether it waited.
    pub(super) async fn wait_for_maker(
        &mut self,
        target: &Target,
        lost_network: bool,
    ) -> Result<bool, Error> {
        let half_made = target.stored.is_none() && !std::mem::replace(&mut self.looked, true);
        let inventory = &target.inventory;
        // Volumes that keep data stay after `down`, without a run at work.
        let begun = inventory.network.is_some() || inventory.volumes.values().any(|keeps_data| !keeps_data);
        if !(begun && (lost_network || half_made)) {
            return Ok(false);
        }
        let (engine, name) = (&self.others.engine().api, &target.topology.name);
        if engine.began(name, &engine.inventory().await?) {
            return Ok(false);
        }
        self.others.wait_until_quiet().await?;
        Ok(true)
    }

    /// Waits until the deployment stays as it is: another run took a name or a subnet for it.
    pub(super) async fn wait_until_quiet(&mut self) -> Result<(), Error> {
        self.others.wait_until_quiet().await
    }

    /// Confirms, before a plan changes something, that this run still holds the lease.
    ///
    /// # Errors
    /// [`Error::OtherRun`]: a run of another user or machine goes first.
    pub(super) async fn confirm(&self, servers: &Servers<'_>) -> Result<(), Error> {
        if servers.claim().await {
            Ok(())
        } else {
            Err(Error::OtherRun(self.others.deployment().to_string()))
        }
    }

    /// Whether a failure comes from another run at work on the same deployment. Then waits for that run, so
    /// that this run can go on.
    pub(super) async fn recover(&mut self, error: &Error, target: &Target) -> Result<bool, Error> {
        if matches!(error, Error::OtherRun(_)) {
            self.others.wait_for_turn(&self.presence).await?;
            return Ok(true);
        }
        let was_met = self.others.take_met();
        let may_be_disturbed = matches!(error, Error::Execute(_) | Error::Unsettled(..));
        if !may_be_disturbed || self.repeats >= MOST_REPEATS {
            return Ok(false);
        }
        self.repeats += 1;
        // A run that cannot be found out about does not explain the failure.
        if self.presence.has_company().await || self.others.wrote_passwords(target).await.unwrap_or(false) {
            self.others.wait_for_turn(&self.presence).await?;
            return Ok(true);
        }
        if was_met {
            self.others.wait_until_quiet().await?;
        }
        Ok(was_met)
    }
}

/// What tells this run from others at the same deployment.
fn worker() -> Worker {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Worker { began: u64::try_from(since.as_millis()).unwrap_or(u64::MAX), token: rand::rng().random() }
}
