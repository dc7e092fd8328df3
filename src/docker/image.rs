//! Images that are on the engine, and which server each of them holds.

use std::collections::BTreeMap;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, ImageInspect};
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptionsBuilder, StartContainerOptions, WaitContainerOptions,
};
use futures_util::StreamExt as _;

use super::error::is_not_found;
use super::{EngineError, container, labels};
use crate::topology::server::{Flavor, Version, repository};
use crate::topology::{DeploymentName, Server};

/// An image that is on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// What registries call it, `redis@sha256:…`; none where it came from no registry.
    pub digests: Vec<String>,
    /// The server in it, where the image says so by its variables or labels.
    declared: Option<Server>,
}

impl Image {
    /// What the registry calls it that `reference` is from, else what any other does.
    #[must_use]
    pub fn digest(&self, reference: &str) -> Option<String> {
        let repository = repository(reference);
        let from = |digest: &&String| digest.split('@').next() == Some(repository);
        self.digests.iter().find(from).or(self.digests.first()).cloned()
    }
}

/// Looks for an image.
///
/// # Errors
/// Where the engine does not answer.
pub async fn find(docker: &Docker, reference: &str) -> Result<Option<Image>, EngineError> {
    match docker.inspect_image(reference).await {
        Ok(inspect) => Ok(Some(Image {
            id: inspect.id.clone().unwrap_or_default(),
            digests: inspect.repo_digests.clone().unwrap_or_default(),
            declared: declared_server(&inspect, reference),
        })),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(source) => Err(EngineError::call(format!("inspect the image `{reference}`"))(source)),
    }
}

/// Which server an image holds: what it says itself, else what its server says when it is run, in a
/// container that is `deployment`'s: should it be left behind, `down` takes it away.
///
/// # Errors
/// Where it holds none.
pub async fn server(
    docker: &Docker,
    reference: &str,
    image: &Image,
    deployment: &DeploymentName,
) -> Result<Server, EngineError> {
    if let Some(server) = image.declared {
        return Ok(server);
    }
    for flavor in [Flavor::Redis, Flavor::Valkey] {
        if let Some(server) = ask(docker, reference, flavor, deployment).await? {
            return Ok(server);
        }
    }
    Err(EngineError::NoServer(reference.to_owned()))
}

/// What an image says of its server: the official images by a variable, others by the labels of
/// the Open Container Initiative.
fn declared_server(inspect: &ImageInspect, reference: &str) -> Option<Server> {
    let config = inspect.config.as_ref()?;
    let variables: BTreeMap<&str, &str> =
        config.env.iter().flatten().filter_map(|variable| variable.split_once('=')).collect();
    for (name, flavor) in [("VALKEY_VERSION", Flavor::Valkey), ("REDIS_VERSION", Flavor::Redis)] {
        if let Some(version) = variables.get(name).and_then(|version| version.parse().ok()) {
            return Some(Server { flavor, version });
        }
    }
    let label = |name: &str| config.labels.as_ref()?.get(name).map(String::as_str);
    let title = label("org.opencontainers.image.title").unwrap_or(reference).to_ascii_lowercase();
    let flavor = if title.contains("valkey") {
        Flavor::Valkey
    } else if title.contains("redis") {
        Flavor::Redis
    } else {
        return None;
    };
    Some(Server { flavor, version: label("org.opencontainers.image.version")?.parse().ok()? })
}

/// Runs the server's `--version` in a container without a network; `None`: it is not in the image.
async fn ask(
    docker: &Docker,
    reference: &str,
    flavor: Flavor,
    deployment: &DeploymentName,
) -> Result<Option<Server>, EngineError> {
    let program = Server { flavor, version: Version { major: 0, minor: 0, patch: 0 } }.program();
    let operation = format!("ask the image `{reference}` for its server's version");
    let body = ContainerCreateBody {
        image: Some(reference.to_owned()),
        entrypoint: Some(vec![program.to_owned()]),
        cmd: Some(vec!["--version".to_owned()]),
        labels: Some(labels::of_deployment(deployment, &BTreeMap::new())),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..Default::default() }),
        ..Default::default()
    };
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let id = created.map_err(EngineError::call(operation))?.id;
    // A program that is not there fails the start, with one status or another.
    let output = match docker.start_container(&id, None::<StartContainerOptions>).await {
        Ok(()) => output(docker, &id).await,
        Err(_) => String::new(),
    };
    container::remove(docker, &id, &id).await?;
    let version = output.split_whitespace().find_map(|word| word.strip_prefix("v=")?.parse().ok());
    Ok(version.map(|version| Server { flavor, version }))
}

/// What a container that ends by itself wrote.
async fn output(docker: &Docker, id: &str) -> String {
    // The wait's own error is a non-zero exit code; then there is no version in the output.
    let _exit = docker.wait_container(id, None::<WaitContainerOptions>).next().await;
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
    let lines = docker.logs(id, Some(options)).filter_map(|line| async { line.ok() });
    lines.map(|line| line.to_string()).collect::<Vec<_>>().await.concat()
}
