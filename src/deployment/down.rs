//! Removing a deployment.

use std::time::Duration;

use super::engine::{ConnectedEngine, no_such_deployment};
use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::{DEFAULT_TIMEOUT, Error, tls_files};
use crate::event::{Event, Listener, Warning};
use crate::removed::Removed;
use crate::topology::DeploymentName;

/// Removes a deployment: its containers, its network and its volumes.
#[must_use = "nothing happens before `run`"]
pub struct Down<'a> {
    engine: ConnectedEngine,
    name: DeploymentName,
    data: bool,
    timeout: Duration,
    listener: &'a dyn Listener,
}

impl<'a> Down<'a> {
    /// Removes the deployment of that name. The volumes of `data: volume` stay.
    pub fn new(engine: &ConnectedEngine, name: DeploymentName) -> Self {
        Self { engine: engine.clone(), name, data: false, timeout: DEFAULT_TIMEOUT, listener: &NoListener }
    }

    /// Whether to remove the volumes of `data: volume` too. Default: no.
    pub fn data(self, data: bool) -> Self {
        Self { data, ..self }
    }

    /// The time limit to wait for another run that changes the deployment. Default: [`DEFAULT_TIMEOUT`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// Removes the deployment.
    ///
    /// # Errors
    /// The deployment does not exist, another run changes it, or the engine refused a call. After a refused call, all
    /// other calls are still made.
    pub async fn run(&self) -> Result<Removed, Error> {
        let all = self.on_all_engines().await?;
        let lease = Box::pin(Lease::take(all.request("down"))).await?;
        let removed = lease.keep(Box::pin(all.remove(&lease))).await;
        lease.release().await;
        removed
    }

    /// Removes the deployment if its time is over; `None` if it is not. Another run may have renewed it.
    pub(super) async fn run_if_expired(&self) -> Result<Option<Removed>, Error> {
        let all = self.on_all_engines().await?;
        let lease = Box::pin(Lease::take(all.request("gc"))).await?;
        let work = async {
            if all.engine.is_expired(&self.name).await? {
                return Ok(Some(all.remove(&lease).await?));
            }
            Ok(None)
        };
        let removed = lease.keep(Box::pin(work)).await;
        lease.release().await;
        removed
    }

    /// The same removal on all engines of the deployment.
    async fn on_all_engines(&self) -> Result<Self, Error> {
        let engine = Box::pin(self.engine.of_deployment(&self.name)).await?;
        Ok(Self { engine, name: self.name.clone(), ..*self })
    }

    fn request(&self, command: &'static str) -> LeaseRequest<'a> {
        LeaseRequest {
            engine: self.engine.clone(),
            deployment: self.name.clone(),
            image: None,
            command,
            timeout: self.timeout,
            listener: self.listener,
        }
    }

    async fn remove(&self, lease: &Lease) -> Result<Removed, Error> {
        let (api, name) = (&self.engine.api, &self.name);
        let on_engine = api.inventory().await?;
        let inventory = on_engine.deployment(name);
        // The run before may have removed it.
        let expiry = on_engine.expiries().remove(name);
        if inventory.is_empty() && expiry.is_none() && !lease.follows_another_run() {
            return Err(no_such_deployment(name.as_str(), &on_engine.deployments()));
        }
        let keeps_data = !self.data && !inventory.kept_data.is_empty();
        // The CA identifies the files for TLS. It is removed with the deployment.
        let asks = keeps_data || tls_files::exist(name) || !api.lost().is_empty();
        let stored = if asks { api.stored(name, &on_engine).await.ok().flatten() } else { None };
        let stored_topology = stored.as_ref().map(|(topology, _)| topology.clone());
        let removed = api.remove(name, &inventory, self.data).await?;
        if expiry.is_some() {
            self.engine.forget_expiry(name).await?;
        }
        if let Some((topology, _)) = stored.as_ref().filter(|_| keeps_data) {
            api.record_kept_data(topology).await?;
        }
        if let Some(certificates) = stored.and_then(|(_, credentials)| credentials.certificates)
            && let Err(error) = tls_files::forget(name, &certificates)
        {
            let warning = Warning::TlsFilesLeft { deployment: name.clone(), cause: error.to_string() };
            self.listener.hear(Event::Warning(warning));
        }
        let lost = stored_topology.and_then(|topology| self.engine.lost(&topology));
        match lost {
            Some(lost) => Err(Error::RemovedInPart { lost }),
            None => Ok(removed),
        }
    }
}

impl Deployment {
    /// Removes the deployment with its data.
    ///
    /// # Errors
    /// The engine refused a call. All other calls are still made.
    pub async fn down(self) -> Result<Removed, Error> {
        Box::pin(Down::new(self.engine(), self.name().clone()).data(true).run()).await
    }
}
