//! The engine: the soak causes faults in its containers, and counts its objects.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::NetworkDisconnectRequest;
use bollard::query_parameters::{
    KillContainerOptions, ListContainersOptionsBuilder, ListNetworksOptions, ListVolumesOptions,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions, RestartContainerOptions,
};

use crate::fault::Harm;

/// The limit of a call to a healthy engine.
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// A connection to the engine.
pub(crate) struct Engine {
    docker: Docker,
}

/// An object on the engine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    /// `container`, `network` or `volume`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Its id. A new object with the same name has another id.
    id: String,
}

impl Engine {
    /// Connects to the engine of `DOCKER_HOST`, or else of the platform's default socket.
    pub(crate) async fn connect() -> Result<Self> {
        let docker = Docker::connect_with_defaults()?.with_timeout(CALL_LIMIT);
        docker.ping().await.context("the engine does not answer")?;
        Ok(Self { docker })
    }

    /// All objects on the engine except images.
    pub(crate) async fn objects(&self) -> Result<BTreeSet<Object>> {
        let all = ListContainersOptionsBuilder::default().all(true).build();
        let containers = self.docker.list_containers(Some(all)).await?;
        let networks = self.docker.list_networks(None::<ListNetworksOptions>).await?;
        let volumes = self.docker.list_volumes(None::<ListVolumesOptions>).await?.volumes;
        let containers = containers.into_iter().map(|container| {
            let name = container.names.into_iter().flatten().next().unwrap_or_default();
            let name = name.trim_start_matches('/').to_owned();
            Object { kind: "container", name, id: container.id.unwrap_or_default() }
        });
        let networks = networks.into_iter().map(|network| Object {
            kind: "network",
            name: network.name.unwrap_or_default(),
            id: network.id.unwrap_or_default(),
        });
        let volumes = volumes.into_iter().flatten().map(|volume| Object {
            kind: "volume",
            id: volume.created_at.unwrap_or_default(),
            name: volume.name,
        });
        Ok(containers.chain(networks).chain(volumes).collect())
    }

    /// Causes a fault in a container. `false`: the container is missing, or its state does not allow this fault.
    pub(crate) async fn harm(&self, harm: Harm, container: &str, network: &str) -> Result<bool> {
        let done = match harm {
            Harm::Kill => self.docker.kill_container(container, None::<KillContainerOptions>).await,
            Harm::Pause => self.docker.pause_container(container).await,
            Harm::Cut => {
                let request = NetworkDisconnectRequest { container: container.to_owned(), force: Some(true) };
                self.docker.disconnect_network(network, request).await
            }
            Harm::Remove => self.remove(container).await,
            Harm::Restart => self.docker.restart_container(container, None::<RestartContainerOptions>).await,
        };
        match done {
            Ok(()) => Ok(true),
            // The container is missing, does not run, or is not in the network. The engine is healthy.
            Err(Error::DockerResponseServerError { .. }) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("harming `{container}`")),
        }
    }

    async fn remove(&self, container: &str) -> Result<(), Error> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        self.docker.remove_container(container, Some(options)).await
    }

    /// Removes objects that a round left behind, for the next round.
    pub(crate) async fn sweep<'a>(&self, objects: impl Iterator<Item = &'a Object>) {
        for object in objects {
            // An object that cannot be removed is counted again after the next round.
            let _ = match object.kind {
                "container" => self.remove(&object.id).await,
                "network" => self.docker.remove_network(&object.id).await,
                _ => self.docker.remove_volume(&object.name, None::<RemoveVolumeOptions>).await,
            };
        }
    }
}
