//! Keeps a deployment that expires alive while a caller works with it.

use std::time::Duration;

use futures_util::future::join;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::engine::{ConnectedEngine, no_such_deployment};
use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::{DEFAULT_TIMEOUT, Error};
use crate::topology::DeploymentName;

/// The part of its time after which an expiry is renewed. Two renewals may fail.
const PARTS: u32 = 3;

impl ConnectedEngine {
    /// Sets the time from now after which the next run on the engine removes a deployment; `None`: never.
    ///
    /// # Errors
    /// The deployment does not exist, another run changes it, or the engine refused a call.
    pub async fn limit_time(&self, name: &DeploymentName, time: Option<Duration>) -> Result<(), Error> {
        let request = LeaseRequest {
            engine: self.clone(),
            deployment: name.clone(),
            image: None,
            command: "run",
            timeout: DEFAULT_TIMEOUT,
            listener: &NoListener,
        };
        Lease::during(request, self.set_expiry(name, time)).await
    }

    async fn set_expiry(&self, name: &DeploymentName, time: Option<Duration>) -> Result<(), Error> {
        let on_engine = self.api.inventory().await?;
        let inventory = on_engine.deployment(name);
        let image = inventory.containers.values().next().map(|container| container.image_id.clone());
        match (time, image) {
            (Some(_), None) => Err(no_such_deployment(name.as_str(), &on_engine.deployments())),
            (Some(time), Some(image)) => self.expire_after(name, time, &image).await,
            (None, _) => self.forget_expiry(name).await,
        }
    }
}

impl Deployment {
    /// Does work, and renews the time limit of the deployment meanwhile: it expires this time after the last renewal. A
    /// renewal that fails is logged, and tried again.
    pub async fn alive_during<T>(&self, time: Duration, work: impl Future<Output = T>) -> T {
        let (done, mut ended) = oneshot::channel::<()>();
        let work = async {
            let result = work.await;
            drop(done);
            result
        };
        // A renewal holds the lease, so it is never cut off.
        let renewals = async {
            while timeout(time / PARTS, &mut ended).await.is_err() {
                if let Err(error) = self.engine().limit_time(self.name(), Some(time)).await {
                    tracing::debug!(%error, "could not renew the time of a deployment");
                }
            }
        };
        join(work, renewals).await.0
    }
}
