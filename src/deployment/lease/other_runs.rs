//! Waiting for runs of other users and machines, which no lock file shows.

use std::time::Duration;

use tokio::time::Instant;

use super::super::Error;
use super::super::engine::ConnectedEngine;
use super::super::target::Target;
use super::LeaseRequest;
use crate::docker::Settled;
use crate::event::Event;
use crate::redis::presence::Presence;
use crate::topology::DeploymentName;

/// How often to ask the servers whether another run has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// For how long a deployment must stay as it is before its maker is taken to have ended: longer than a
/// server takes to start, or a cluster to form.
const QUIET: Duration = Duration::from_secs(4);

/// The other runs at work on one deployment.
pub(super) struct OtherRuns<'a> {
    request: LeaseRequest<'a>,
    /// Whether any other run was met.
    met_any: bool,
    /// Whether another run was met since the last failure.
    met: bool,
}

impl<'a> OtherRuns<'a> {
    pub(super) fn new(request: LeaseRequest<'a>) -> Self {
        Self { request, met_any: false, met: false }
    }

    pub(super) fn engine(&self) -> &ConnectedEngine {
        &self.request.engine
    }

    pub(super) fn deployment(&self) -> &DeploymentName {
        &self.request.deployment
    }

    pub(super) fn met_any(&self) -> bool {
        self.met_any
    }

    /// Whether another run was met since the last failure; asks once for each failure.
    pub(super) fn take_met(&mut self) -> bool {
        std::mem::take(&mut self.met)
    }

    /// Whether the file of the deployment has other passwords than this run's.
    pub(super) async fn wrote_passwords(&self, target: &Target) -> Result<bool, Error> {
        let engine = &self.engine().api;
        let stored = engine.stored(self.deployment(), &engine.inventory().await?).await?;
        Ok(stored.is_some_and(|(_, stored)| !stored.changed_since(&target.credentials).is_empty()))
    }

    /// Waits until the deployment has stayed as it is for some seconds.
    pub(super) async fn wait_until_quiet(&mut self) -> Result<(), Error> {
        let name = self.deployment();
        self.note(format!(
            "another redisctl makes `{name}`, or did a moment ago: waiting until `{name}` stays as it is"
        ));
        (self.met_any, self.met) = (true, true);
        let timeout = self.request.timeout;
        match self.engine().api.until_unchanged(self.deployment(), QUIET, timeout).await? {
            Settled::Quiet(_) => Ok(()),
            Settled::Changing(_) => Err(self.in_use(timeout)),
        }
    }

    /// Waits until every run that is seen on the servers and goes first has ended.
    pub(super) async fn wait_for_turn(&mut self, presence: &Presence) -> Result<(), Error> {
        self.note(format!(
            "another redisctl is at work on `{}`: waiting for it to end, for {} s at most",
            self.deployment(),
            self.request.timeout.as_secs()
        ));
        self.met_any = true;
        let started = Instant::now();
        presence.show(false).await;
        while presence.is_second().await {
            self.pause(started).await?;
        }
        Ok(())
    }

    /// Waits a moment, unless the time since `started` is over.
    async fn pause(&self, started: Instant) -> Result<(), Error> {
        let waited = started.elapsed();
        if waited >= self.request.timeout {
            return Err(self.in_use(waited));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        Ok(())
    }

    fn in_use(&self, waited: Duration) -> Error {
        let holder = "another redisctl, of another user or machine,".to_owned();
        Error::InUse { deployment: self.deployment().to_string(), holder, process: None, waited }
    }

    fn note(&self, message: String) {
        self.request.listener.hear(Event::Note { message });
    }
}
