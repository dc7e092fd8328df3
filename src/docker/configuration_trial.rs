//! Starts a server temporarily from the files of a node. Its container is not in the deployment's network. If the run
//! is killed, `down` removes the container.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, PortBinding};
use bollard::query_parameters::{CreateContainerOptions, UploadToContainerOptionsBuilder};

use super::{EngineError, archive, container, image, labels, request_body};
use crate::topology::NodeName;
use crate::topology::container::ContainerSettings;
use crate::topology::files::File;
use crate::topology::paths::MOUNT;

/// A server in a trial.
pub struct ServerTrial {
    docker: Docker,
    id: String,
    /// The port inside its container.
    port: String,
}

/// The state of the server.
pub enum TrialState {
    /// It runs. The engine published its port under this number, once known.
    Runs(Option<u16>),
    /// It ended; its log.
    Ended(String),
}

/// The container of a server on trial, without a port.
fn body(settings: &ContainerSettings) -> ContainerCreateBody {
    let mut body = request_body::container(settings);
    // It has no label of a node, because it is not a node.
    body.labels = Some(labels::of_deployment(&settings.deployment, &settings.labels, false));
    body.hostname = None;
    body.networking_config = None;
    if let Some(host) = &mut body.host_config {
        (host.network_mode, host.mounts, host.restart_policy) = (None, None, None);
        host.readonly_rootfs = Some(false);
    }
    body
}

impl ServerTrial {
    /// Makes and starts a container for a server with these files. The engine publishes its port.
    ///
    /// # Errors
    /// The engine refuses a call.
    pub async fn start(
        docker: &Docker,
        settings: &ContainerSettings,
        files: Vec<File>,
    ) -> Result<Self, EngineError> {
        let port = format!("{}/tcp", settings.network.ports().first().copied().unwrap_or_default());
        let mut body = body(settings);
        body.exposed_ports = Some(vec![port.clone()]);
        if let Some(host) = &mut body.host_config {
            // The engine chooses the port.
            let binding = PortBinding { host_ip: Some(settings.bind.to_string()), host_port: None };
            host.port_bindings = Some(HashMap::from([(port.clone(), Some(vec![binding]))]));
        }
        Self::start_body(docker, settings, body, files, port).await
    }

    /// The same in the network namespace of another container, without a port.
    ///
    /// # Errors
    /// The engine refuses a call.
    pub async fn start_beside(
        docker: &Docker,
        settings: &ContainerSettings,
        files: Vec<File>,
        other: &NodeName,
    ) -> Result<Self, EngineError> {
        let mut body = body(settings);
        body.exposed_ports = None;
        if let Some(host) = &mut body.host_config {
            host.port_bindings = None;
            host.network_mode = Some(format!("container:{other}"));
        }
        Self::start_body(docker, settings, body, files, String::new()).await
    }

    async fn start_body(
        docker: &Docker,
        settings: &ContainerSettings,
        body: ContainerCreateBody,
        files: Vec<File>,
        port: String,
    ) -> Result<Self, EngineError> {
        let created = docker.create_container(None::<CreateContainerOptions>, body).await;
        let operation = || format!("try the configuration of `{}`", settings.name);
        let id = created.map_err(EngineError::call(operation()))?.id;
        let trial = Self { docker: docker.clone(), id, port };
        match trial.begin(files, operation()).await {
            Ok(()) => Ok(trial),
            Err(error) => {
                trial.end().await?;
                Err(error)
            }
        }
    }

    async fn begin(&self, files: Vec<File>, operation: String) -> Result<(), EngineError> {
        let folder = File::Folder { path: MOUNT.trim_start_matches('/').to_owned() };
        let files = files.into_iter().map(|file| file.below(MOUNT));
        let files: Vec<File> = std::iter::once(folder).chain(files).collect();
        let bytes = archive::write(&files)
            .map_err(|source| EngineError::Archive { operation: operation.clone(), source })?;
        let options = UploadToContainerOptionsBuilder::default().path("/").build();
        let upload =
            self.docker.upload_to_container(&self.id, Some(options), bollard::body_full(bytes.into()));
        upload.await.map_err(EngineError::call(operation))?;
        container::start(&self.docker, &self.id).await
    }

    /// The log of the server so far.
    pub async fn log(&self) -> String {
        image::log(&self.docker, &self.id).await
    }

    /// The present state of the server.
    ///
    /// # Errors
    /// The engine refuses a call.
    pub async fn state(&self) -> Result<TrialState, EngineError> {
        let Some(found) = container::inspect(&self.docker, &self.id).await? else {
            return Ok(TrialState::Ended(String::new()));
        };
        if !found.state.as_ref().and_then(|state| state.running).unwrap_or_default() {
            return Ok(TrialState::Ended(image::output(&self.docker, &self.id).await));
        }
        let ports = found.network_settings.and_then(|network| network.ports);
        let bindings = ports.and_then(|mut ports| ports.remove(&self.port).flatten()).unwrap_or_default();
        let port = bindings.into_iter().find_map(|binding| binding.host_port?.parse().ok());
        Ok(TrialState::Runs(port))
    }

    /// Removes the container.
    ///
    /// # Errors
    /// The engine refuses the removal.
    pub async fn end(self) -> Result<(), EngineError> {
        container::remove(&self.docker, &self.id, &self.id).await
    }
}
