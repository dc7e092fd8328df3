//! Calls for containers: create, start, stop, attach and remove.

use std::net::Ipv4Addr;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, NetworkConnectRequest};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, KillContainerOptionsBuilder, RemoveContainerOptionsBuilder,
    StartContainerOptions, StopContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::StreamExt as _;

use super::health_checks::HealthChecks;
use super::response::{is_conflict, is_not_found, status};
use super::{EngineError, dialect, request_body};
use crate::poll::Wait;
use crate::topology::DeploymentName;
use crate::topology::container::ContainerSettings;

/// The time that a server gets to end when its container is stopped, in seconds. Redis waits up to ten seconds for
/// its replicas, then saves its data.
const STOP_LIMIT: i32 = 20;

/// The time limit for the engine to remove a container. Kill, detach and unmount each take tenths of a second, and
/// longer if many containers are removed at once.
pub(super) const REMOVAL_LIMIT: Duration = Duration::from_secs(30);

/// The time after which the wait for a removal is requested again. A request at the moment of the removal may get no
/// answer.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Creates a node's container.
pub(super) async fn create(
    docker: &Docker,
    health_checks: &HealthChecks,
    settings: &ContainerSettings,
) -> Result<(), EngineError> {
    let name = settings.name.as_str();
    let mut options = CreateContainerOptionsBuilder::default().name(name);
    if let Some(platform) = &settings.platform {
        options = options.platform(&platform.to_string());
    }
    let options = options.build();
    let mut body = request_body::container(settings);
    if !health_checks.work(docker, &settings.image).await {
        body.healthcheck = None;
    }
    match docker.create_container(Some(options), body).await {
        Ok(_) => Ok(()),
        Err(error) if is_conflict(&error) => {
            Err(EngineError::NameTaken { kind: "container", name: name.to_owned() })
        }
        Err(error) => Err(EngineError::call(format!("create the container `{name}`"))(error)),
    }
}

/// Starts a container.
pub(super) async fn start(docker: &Docker, container: &str) -> Result<(), EngineError> {
    let started = docker.start_container(container, None::<StartContainerOptions>).await;
    started.map_err(|source| match status(&source) {
        Some(_) => EngineError::NotStarted { container: container.to_owned(), source },
        None => EngineError::call(format!("start the container `{container}`"))(source),
    })
}

/// Stops a container. The engine kills the server if it does not end in time.
pub(super) async fn stop(docker: &Docker, container: &str) -> Result<(), EngineError> {
    let options = StopContainerOptionsBuilder::default().t(STOP_LIMIT).build();
    dialect::stop_container(docker, container, options)
        .await
        .map_err(EngineError::call(format!("stop the container `{container}`")))
}

/// Kills the server of a container. The engine does not start the container again, although its policy would.
pub(super) async fn kill(docker: &Docker, container: &str) -> Result<(), EngineError> {
    let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
    docker
        .kill_container(container, Some(options))
        .await
        .map_err(EngineError::call(format!("kill the container `{container}`")))
}

/// Pauses a container.
pub(super) async fn pause(docker: &Docker, container: &str) -> Result<(), EngineError> {
    docker
        .pause_container(container)
        .await
        .map_err(EngineError::call(format!("pause the container `{container}`")))
}

/// Unpauses a container.
pub(super) async fn unpause(docker: &Docker, container: &str) -> Result<(), EngineError> {
    docker
        .unpause_container(container)
        .await
        .map_err(EngineError::call(format!("unpause the container `{container}`")))
}

/// Attaches a container to its deployment's network, at its address there if it has a static IP.
pub(super) async fn attach(
    docker: &Docker,
    container: &str,
    deployment: &DeploymentName,
    ip: Option<Ipv4Addr>,
) -> Result<(), EngineError> {
    let request = NetworkConnectRequest {
        container: container.to_owned(),
        endpoint_config: Some(request_body::endpoint(container, ip)),
    };
    docker
        .connect_network(deployment.as_str(), request)
        .await
        .map_err(EngineError::call(format!("attach the container `{container}` to its network")))
}

/// Inspects a container; `None` if it does not exist.
pub(super) async fn inspect(
    docker: &Docker,
    container: &str,
) -> Result<Option<ContainerInspectResponse>, EngineError> {
    match dialect::inspect_container(docker, container).await {
        Ok(inspected) => Ok(Some(inspected)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(EngineError::call(format!("inspect the container `{container}`"))(error)),
    }
}

/// Whether the engine is removing an inspected container.
pub(super) fn is_being_removed(inspected: &ContainerInspectResponse) -> bool {
    let status = inspected.state.as_ref().and_then(|state| state.status);
    matches!(status, Some(ContainerStateStatusEnum::REMOVING | ContainerStateStatusEnum::DEAD))
}

/// Removes a container by its id, running or not, with the anonymous volumes of its image. `name` is for errors. A
/// container that does not exist counts as removed.
pub(super) async fn remove(docker: &Docker, id: &str, name: &str) -> Result<(), EngineError> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match dialect::remove_container(docker, id, options).await {
        // Another run is removing it, or a killed run asked for its removal.
        Err(error) if is_conflict(&error) => until_removed(docker, id).await,
        Err(error) if !is_not_found(&error) => {
            Err(EngineError::call(format!("remove the container `{name}`"))(error))
        }
        _ => Ok(()),
    }
}

/// Waits until the engine has removed a container whose removal has begun.
pub(super) async fn until_removed(docker: &Docker, container: &str) -> Result<(), EngineError> {
    let wait = Wait::new("the container to be removed", REMOVAL_LIMIT, ASK_AGAIN);
    loop {
        let options = WaitContainerOptionsBuilder::default().condition("removed").build();
        let mut ended = docker.wait_container(container, Some(options));
        // The answer is an exit code, or that the container does not exist. Both mean that it is removed.
        match wait.pause_until(ended.next()).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(_) => {
                return Err(EngineError::NotGone { container: container.to_owned(), waited: REMOVAL_LIMIT });
            }
        }
    }
}
