//! The calls of a plan's engine actions.

use bollard::Docker;

use super::health_checks::HealthChecks;
use super::pull::{self, PullProgress};
use super::{EngineError, container, network, volume};
use crate::event::{Event, Listener};
use crate::plan::EngineAction;
use crate::topology::NodeName;

/// Does an action; `node` is the node of the action's step, if it has one.
pub(super) async fn apply(
    docker: &Docker,
    health_checks: &HealthChecks,
    node: Option<&NodeName>,
    action: &EngineAction,
    listener: &dyn Listener,
) -> Result<(), EngineError> {
    let name = node.map_or("", NodeName::as_str);
    match action {
        EngineAction::PullImage { reference, platform } => {
            let tell = |progress: PullProgress| {
                let (done, total) = (progress.done_bytes, progress.total_bytes);
                listener.hear(Event::Pulling { reference: reference.clone(), done, total });
            };
            Ok(pull::pull(docker, reference, platform.as_ref(), tell).await?)
        }
        EngineAction::CreateNetwork(settings) => network::create(docker, settings).await,
        EngineAction::RemoveNetwork(deployment) => {
            network::remove(docker, deployment.as_str(), deployment).await
        }
        EngineAction::CreateVolume(settings) => volume::create(docker, settings).await,
        EngineAction::RemoveVolume { name } => volume::remove(docker, name).await,
        EngineAction::CreateContainer(settings) => container::create(docker, health_checks, settings).await,
        // The executor renders the files, with secrets that no action holds.
        EngineAction::WriteFiles { .. } | EngineAction::PrepareDataFolder => Ok(()),
        EngineAction::StartContainer => container::start(docker, name).await,
        EngineAction::StopContainer => container::stop(docker, name).await,
        EngineAction::KillContainer => container::kill(docker, name).await,
        EngineAction::PauseContainer => container::pause(docker, name).await,
        EngineAction::UnpauseContainer => container::unpause(docker, name).await,
        EngineAction::AttachContainer { deployment, ip } => {
            container::attach(docker, name, deployment, *ip).await
        }
        EngineAction::RemoveContainer => container::remove(docker, name, name).await,
    }
}
