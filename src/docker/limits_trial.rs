//! Finds out whether the engine can give a container its kernel parameters and its limit of open files. The engine refuses
//! them only when it starts the container.

use std::collections::BTreeMap;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptions, StartContainerOptions};

use super::response::status;
use super::{EngineError, container, labels, request_body};
use crate::topology::DeploymentName;

/// What a container is to get of its machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LimitsTrial {
    /// Kernel parameters.
    pub sysctls: BTreeMap<String, String>,
    /// Open files.
    pub files: Option<u32>,
}

impl LimitsTrial {
    /// The engine's words where it refuses a container like that. The container has no network, and the label of
    /// `deployment`: if this run is killed, `down` removes it.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn refused(
        &self,
        docker: &Docker,
        image: &str,
        program: &str,
        deployment: &DeploymentName,
    ) -> Result<Option<String>, EngineError> {
        const OPERATION: &str = "try the limits of a container";
        let host_config = HostConfig {
            network_mode: Some("none".to_owned()),
            ulimits: self.files.map(|files| vec![request_body::open_files(files)]),
            sysctls: Some(self.sysctls.clone().into_iter().collect()),
            ..Default::default()
        };
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(vec![program.to_owned()]),
            cmd: Some(vec!["--version".to_owned()]),
            labels: Some(labels::of_deployment(deployment, &BTreeMap::new(), false)),
            host_config: Some(host_config),
            ..Default::default()
        };
        let id = match docker.create_container(None::<CreateContainerOptions>, body).await {
            Ok(created) => created.id,
            Err(error) => return words(error, OPERATION).map(Some),
        };
        let started = docker.start_container(&id, None::<StartContainerOptions>).await;
        container::remove(docker, &id, &id).await?;
        match started {
            Ok(()) => Ok(None),
            Err(error) => words(error, OPERATION).map(Some),
        }
    }
}

/// The words of an engine that refuses a call.
fn words(error: Error, operation: &str) -> Result<String, EngineError> {
    match error {
        Error::DockerResponseServerError { message, .. } => Ok(message),
        error if status(&error).is_some() => Ok(error.to_string()),
        error => Err(EngineError::call(operation)(error)),
    }
}
