//! Keeps or removes the parts that a failed `up` made, and lists them.

use std::time::Duration;

use tokio::time::timeout;

use super::Error;
use super::engine::ConnectedEngine;
use super::failed_checks::FailedChecks;
use super::handle::Deployment;
use super::leftovers::{LeftoverState, Leftovers};
use crate::executor::chain;
use crate::topology::DeploymentName;
use crate::up_result::UpResult;

/// The time limit for the engine to list its parts. The engine itself may have failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The treatment of a deployment after a failure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cleanup {
    /// Whether the caller wants it removed.
    pub(super) remove: bool,
    /// Whether the failed run made all parts of it. No other deployment is removed.
    pub(super) is_new: bool,
}

impl Cleanup {
    /// Cleans up after an error, and adds the leftovers to the error.
    pub(super) async fn after_error(
        self,
        error: Error,
        engine: &ConnectedEngine,
        name: &DeploymentName,
    ) -> Error {
        if !error.may_leave_parts() && !self.is_new {
            return error;
        }
        let state = if self.remove {
            remove_new(engine, name, self.is_new).await
        } else {
            look(engine, name, None).await
        };
        let leftovers = Leftovers { deployment: name.clone(), state };
        if leftovers.is_empty() {
            return error;
        }
        Error::Unfinished { source: Box::new(error), leftovers: Box::new(leftovers) }
    }

    /// Cleans up after a verification with failed checks.
    pub(super) async fn after_failed_checks(self, deployment: Deployment, result: UpResult) -> Error {
        let removal = if self.remove {
            let name = deployment.name().clone();
            let state = remove_new(deployment.engine(), &name, self.is_new).await;
            Some(Leftovers { deployment: name, state })
        } else {
            None
        };
        Error::ChecksFailed(Box::new(FailedChecks { topology: deployment.into_topology(), result, removal }))
    }
}

/// Removes a deployment that this run made. A deployment that existed before stays.
async fn remove_new(engine: &ConnectedEngine, name: &DeploymentName, is_new: bool) -> LeftoverState {
    if !is_new {
        return look(engine, name, Some("it existed before".to_owned())).await;
    }
    let removed = async {
        let inventory = engine.api.inventory().await?.deployment(name);
        // Data volumes are removed too: only this run has written to them.
        engine.api.remove(name, &inventory, true).await
    };
    match removed.await {
        Ok(removed) => LeftoverState::Removed(removed),
        Err(error) => look(engine, name, Some(chain(&error))).await,
    }
}

async fn look(engine: &ConnectedEngine, name: &DeploymentName, because: Option<String>) -> LeftoverState {
    match timeout(PATIENCE, engine.api.inventory()).await {
        Ok(Ok(on_engine)) => LeftoverState::Kept { inventory: Box::new(on_engine.deployment(name)), because },
        Ok(Err(_)) | Err(_) => LeftoverState::Unknown,
    }
}
