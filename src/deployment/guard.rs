//! A guard that removes a deployment when it is dropped.

use std::ops::Deref;
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::time::timeout;

use super::Error;
use super::down::Down;
use super::engine::ConnectedEngine;
use super::handle::Deployment;
use crate::docker::location::EngineLocation;
use crate::removed::Removed;
use crate::topology::DeploymentName;

/// The time limit of a removal during `Drop`. The removal of thirty nodes takes five seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// A guard that removes a deployment with its data when it is dropped: the last resort of a test that panics.
///
/// `Drop` cannot be asynchronous. The removal runs in another thread, with another runtime and connection. It blocks
/// the dropping thread for up to 30 s. Its errors are only logged.
///
/// A successful test calls [`RemovedOnDrop::down`] instead, which does not block and returns errors. A killed or
/// aborted process removes nothing.
#[must_use = "dropping this value removes the deployment"]
pub struct RemovedOnDrop {
    deployment: Deployment,
    /// Whether the drop still removes the deployment.
    armed: bool,
}

impl Deployment {
    /// Removes the deployment with its data when the guard is dropped.
    pub fn remove_on_drop(self) -> RemovedOnDrop {
        RemovedOnDrop { deployment: self, armed: true }
    }
}

impl RemovedOnDrop {
    /// Removes the deployment with its data now.
    ///
    /// # Errors
    /// As [`Deployment::down`].
    pub async fn down(mut self) -> Result<Removed, Error> {
        self.armed = false;
        self.deployment.clone().down().await
    }

    /// Keeps the deployment.
    #[must_use]
    pub fn keep(mut self) -> Deployment {
        self.armed = false;
        self.deployment.clone()
    }
}

impl Deref for RemovedOnDrop {
    type Target = Deployment;

    fn deref(&self) -> &Deployment {
        &self.deployment
    }
}

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        if !std::mem::take(&mut self.armed) {
            return;
        }
        let location = self.deployment.engine().location.as_ref().clone();
        let name = self.deployment.name().clone();
        let removal = thread::Builder::new().spawn(move || remove(location, name));
        // The thread has logged its error. A panic in it is ignored.
        let _ = removal.map(thread::JoinHandle::join);
    }
}

/// Removes a deployment, on a new runtime.
#[expect(clippy::needless_pass_by_value, reason = "the thread that runs it owns both")]
fn remove(location: EngineLocation, name: DeploymentName) {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return tracing::warn!(%name, %error, "could not start a runtime to remove a deployment");
        }
    };
    let removal = runtime.block_on(async {
        let removal = async {
            let engine = ConnectedEngine::at(location).await?;
            Down::new(&engine, name.clone()).data(true).timeout(LIMIT).run().await
        };
        timeout(LIMIT, removal).await
    });
    match removal {
        Ok(Ok(_) | Err(Error::NoSuchDeployment { .. })) => {}
        Ok(Err(error)) => tracing::warn!(%name, %error, "could not remove a deployment"),
        Err(_) => tracing::warn!(%name, "gave up removing a deployment after {} s", LIMIT.as_secs()),
    }
}
