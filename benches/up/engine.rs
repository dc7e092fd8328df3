//! The engine alone: it creates a network, and creates, starts and removes all containers at once, through its API. This
//! is the least time that any tool can take. The module also removes what the benchmark made.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HostConfig, Ipam, IpamConfig,
    NetworkCreateRequest, NetworkingConfig, PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptions,
    RemoveContainerOptionsBuilder, StartContainerOptions,
};
use futures_util::future::try_join_all;

use crate::layout::{Layout, Node, PREFIX};

/// The limit of a single call, also while thirty containers start at once.
const CALL_LIMIT: Duration = Duration::from_secs(120);

/// A connection to the engine.
pub(crate) struct Engine {
    docker: Docker,
}

impl Engine {
    /// Connects to the engine of `DOCKER_HOST`, or else of the platform's default socket.
    pub(crate) async fn connect() -> Result<Self> {
        let docker = Docker::connect_with_defaults()?.with_timeout(CALL_LIMIT);
        docker.ping().await.context("the engine does not answer")?;
        Ok(Self { docker })
    }

    /// Creates the network, then creates and starts all containers in parallel.
    pub(crate) async fn start(&self, layout: &Layout, image: &str) -> Result<Duration> {
        let start = Instant::now();
        let ipam = IpamConfig { subnet: Some(layout.subnet()), ..IpamConfig::default() };
        self.docker
            .create_network(NetworkCreateRequest {
                name: layout.name(),
                driver: Some("bridge".to_owned()),
                ipam: Some(Ipam { config: Some(vec![ipam]), ..Ipam::default() }),
                ..NetworkCreateRequest::default()
            })
            .await
            .with_context(|| format!("creating network `{}`", layout.name()))?;
        try_join_all(layout.nodes().map(|node| self.start_node(layout, node, image))).await?;
        Ok(start.elapsed())
    }

    async fn start_node(&self, layout: &Layout, node: Node, image: &str) -> Result<()> {
        let options = CreateContainerOptionsBuilder::default().name(&node.name).build();
        self.docker
            .create_container(Some(options), container(layout, &node, image))
            .await
            .with_context(|| format!("creating container `{}`", node.name))?;
        self.docker
            .start_container(&node.name, None::<StartContainerOptions>)
            .await
            .with_context(|| format!("starting container `{}`", node.name))
    }

    /// Force-removes all containers in parallel, then the network.
    pub(crate) async fn remove(&self, layout: &Layout) -> Result<Duration> {
        let start = Instant::now();
        try_join_all(layout.nodes().map(|node| self.remove_container(node.name))).await?;
        self.docker.remove_network(&layout.name()).await?;
        Ok(start.elapsed())
    }

    async fn remove_container(&self, name: String) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        self.docker
            .remove_container(&name, Some(options))
            .await
            .with_context(|| format!("removing container `{name}`"))
    }

    /// Removes every container and network with the prefix of the benchmark.
    pub(crate) async fn sweep(&self) -> Result<()> {
        let everything = ListContainersOptionsBuilder::default().all(true).build();
        let containers = self.docker.list_containers(Some(everything)).await?;
        let names = containers.into_iter().flat_map(|container| container.names.unwrap_or_default());
        let ours = names.filter_map(|name| {
            let name = name.trim_start_matches('/');
            name.starts_with(PREFIX).then(|| name.to_owned())
        });
        try_join_all(ours.map(|name| self.remove_container(name))).await?;

        // redisctl may put a prefix before the deployment's name.
        let networks = self.docker.list_networks(None::<ListNetworksOptions>).await?;
        for name in networks.into_iter().filter_map(|network| network.name) {
            if name.contains(PREFIX) {
                self.docker.remove_network(&name).await?;
            }
        }
        Ok(())
    }
}

/// A container with the options of redisctl that cost the engine time: a static IP, a published port, the server's own
/// user, no capabilities.
fn container(layout: &Layout, node: &Node, image: &str) -> ContainerCreateBody {
    let port = format!("{}/tcp", node.port);
    let published =
        PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(node.port.to_string()) };
    let endpoint = EndpointSettings {
        ipam_config: Some(EndpointIpamConfig {
            ipv4_address: Some(node.address.clone()),
            ..EndpointIpamConfig::default()
        }),
        ..EndpointSettings::default()
    };
    ContainerCreateBody {
        image: Some(image.to_owned()),
        hostname: Some(node.name.clone()),
        user: Some("999:999".to_owned()),
        entrypoint: Some(vec!["redis-server".to_owned()]),
        cmd: Some(node.server_arguments()),
        exposed_ports: Some(vec![port.clone()]),
        host_config: Some(HostConfig {
            port_bindings: Some(HashMap::from([(port, Some(vec![published]))])),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            ..HostConfig::default()
        }),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(layout.name(), endpoint)])),
        }),
        ..ContainerCreateBody::default()
    }
}
