//! A deployment that is removed when the value that stands for it is dropped.

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

/// How long a removal may take while a value is dropped: a deployment of thirty nodes goes in five seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// A deployment that is removed, with its data, when this value is dropped: the last resort of a test that
/// panics.
///
/// `Drop` cannot be asynchronous. The removal runs in a thread of its own, with a runtime and a connection
/// of its own, and blocks the thread that drops the value, for 30 s at most. Its errors are logged, and
/// lost otherwise. A test that succeeds calls [`RemovedOnDrop::down`] instead, which blocks nothing and
/// gives the error. A process that is killed or aborted removes nothing.
#[must_use = "dropping this value removes the deployment"]
pub struct RemovedOnDrop {
    deployment: Deployment,
    /// Whether the deployment is still to be removed.
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
        // The thread has logged its error; a panic in it is as lost.
        let _ = removal.map(thread::JoinHandle::join);
    }
}

/// Removes a deployment, on a runtime of its own.
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
