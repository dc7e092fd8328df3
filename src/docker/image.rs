//! Images on the engine, and the server that each of them holds.

use std::collections::BTreeMap;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, ImageInspect};
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptionsBuilder, StartContainerOptions, WaitContainerOptions,
};
use futures_util::StreamExt as _;

use super::elf::ElfTarget;
use super::response::is_not_found;
use super::{EngineError, container, labels, server_binary};
use crate::topology::server::{Flavor, Version, repository};
use crate::topology::{DeploymentName, Platform, Server};

/// An image that is on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its digests in registries, `redis@sha256:…`; empty if the image was not pulled.
    pub digests: Vec<String>,
    /// The server in it, if the image's variables or labels name it.
    declared: Option<Server>,
    /// The variables that it sets.
    pub(super) variables: BTreeMap<String, String>,
    /// Its `PATH`, if it sets one.
    pub(super) path: Option<String>,
    /// The processor in its configuration, `amd64`.
    pub architecture: Option<String>,
    /// The platform in its configuration.
    pub platform: Option<Platform>,
    /// The command of its containers: its entrypoint with the arguments for the entrypoint.
    pub(super) command: Vec<String>,
    /// The working folder of its containers.
    pub(super) folder: Option<String>,
}

impl Image {
    /// Whether it is for the wanted platform, as far as it says.
    #[must_use]
    pub fn fits(&self, wanted: Option<&Platform>) -> bool {
        self.platform.as_ref().zip(wanted).is_none_or(|(own, wanted)| own.fits(wanted))
    }

    /// Its digest in the registry of `reference`, else in any other.
    #[must_use]
    pub fn digest(&self, reference: &str) -> Option<String> {
        let repository = repository(reference);
        let from = |digest: &&String| digest.split('@').next() == Some(repository);
        self.digests.iter().find(from).or(self.digests.first()).cloned()
    }
}

/// Finds an image.
///
/// # Errors
/// Where the engine does not answer.
pub async fn find(docker: &Docker, reference: &str) -> Result<Option<Image>, EngineError> {
    match docker.inspect_image(reference).await {
        Ok(inspect) => Ok(Some(Image {
            id: inspect.id.clone().unwrap_or_default(),
            digests: inspect.repo_digests.clone().unwrap_or_default(),
            declared: declared_server(&inspect, reference),
            variables: variables(&inspect)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            path: variables(&inspect).get("PATH").map(|path| (*path).to_owned()),
            platform: platform(&inspect),
            architecture: inspect.architecture.clone().filter(|name| !name.is_empty()),
            command: command(&inspect),
            folder: inspect.config.as_ref().and_then(|config| config.working_dir.clone()),
        })),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(source) => Err(EngineError::call(format!("inspect the image `{reference}`"))(source)),
    }
}

/// The server that an image holds. If the image does not say so itself, its server is run and asked. The container
/// for that has the label of `deployment`, so that `down` removes it if this run is killed.
///
/// # Errors
/// Where the image holds no server, or a server for another processor.
pub async fn server(
    docker: &Docker,
    reference: &str,
    image: &Image,
    deployment: &DeploymentName,
) -> Result<Server, EngineError> {
    let engine = docker.version().await.map_err(EngineError::call("tell its processor"))?;
    let needed = engine.arch.unwrap_or_default();
    // A server for another processor may still run, if the engine's machine emulates the processor.
    let is_foreign = image.architecture.as_ref().is_some_and(|architecture| *architecture != needed);
    if let Some(server) = image.declared.filter(|_| !is_foreign) {
        return Ok(server);
    }
    let mut others = Vec::new();
    for flavor in [Flavor::Redis, Flavor::Valkey] {
        match ask(docker, reference, image, flavor, deployment).await? {
            Answer::Version(version) => return Ok(Server { flavor, version }),
            Answer::None { processor: Some(processor) } => others.push((flavor, processor)),
            Answer::None { processor: None } => {}
        }
    }
    for (flavor, processor) in others {
        let (found, needed) = (processor.name(), needed.clone());
        if found != needed {
            let (reference, program) = (reference.to_owned(), program(flavor));
            return Err(EngineError::OtherProcessor { reference, program, found, needed });
        }
    }
    Err(EngineError::NoServer(reference.to_owned()))
}

/// The platform that an image is for.
fn platform(inspect: &ImageInspect) -> Option<Platform> {
    let given = |word: &Option<String>| word.clone().filter(|word| !word.is_empty());
    let words = [given(&inspect.os)?, given(&inspect.architecture)?];
    let words: Vec<String> = words.into_iter().chain(given(&inspect.variant)).collect();
    words.join("/").parse().ok()
}

/// The command of an image's containers.
fn command(inspect: &ImageInspect) -> Vec<String> {
    let Some(config) = &inspect.config else { return Vec::new() };
    config.entrypoint.iter().chain(&config.cmd).flatten().cloned().collect()
}

fn program(flavor: Flavor) -> &'static str {
    Server { flavor, version: Version { major: 0, minor: 0, patch: 0 } }.program()
}

/// The variables that an image sets.
fn variables(inspect: &ImageInspect) -> BTreeMap<&str, &str> {
    let variables = inspect.config.iter().flat_map(|config| config.env.iter().flatten());
    variables.filter_map(|variable| variable.split_once('=')).collect()
}

/// The server that an image names: official images have a variable, other images have labels of the Open Container
/// Initiative.
fn declared_server(inspect: &ImageInspect, reference: &str) -> Option<Server> {
    let config = inspect.config.as_ref()?;
    let variables = variables(inspect);
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

/// A server's answer to the question for its version.
enum Answer {
    /// It tells its version.
    Version(Version),
    /// It does not run. `processor`: the processor that its file is made for, if the image has the file.
    None { processor: Option<ElfTarget> },
}

/// Runs the server's `--version` in a container without a network.
async fn ask(
    docker: &Docker,
    reference: &str,
    image: &Image,
    flavor: Flavor,
    deployment: &DeploymentName,
) -> Result<Answer, EngineError> {
    let program = program(flavor);
    let operation = format!("ask the image `{reference}` for its server's version");
    let body = ContainerCreateBody {
        image: Some(reference.to_owned()),
        entrypoint: Some(vec![program.to_owned()]),
        cmd: Some(vec!["--version".to_owned()]),
        labels: Some(labels::of_deployment(deployment, &BTreeMap::new(), false)),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..Default::default() }),
        ..Default::default()
    };
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let id = created.map_err(EngineError::call(operation))?.id;
    // A missing program, or a program for another processor, fails the start on some engines. On others it ends the
    // container.
    let output = match docker.start_container(&id, None::<StartContainerOptions>).await {
        Ok(()) => output(docker, &id).await,
        Err(_) => String::new(),
    };
    let version = output.split_whitespace().find_map(|word| word.strip_prefix("v=")?.parse().ok());
    let answer = match version {
        Some(version) => Answer::Version(version),
        None => Answer::None {
            processor: server_binary::find(docker, &id, program, image.path.as_deref())
                .await
                .and_then(|program| program.target),
        },
    };
    container::remove(docker, &id, &id).await?;
    Ok(answer)
}

/// Waits for the end of a container, and reads its log.
pub(super) async fn output(docker: &Docker, id: &str) -> String {
    // The wait fails if the exit code is not zero. The output then has no version.
    let _exit = docker.wait_container(id, None::<WaitContainerOptions>).next().await;
    log(docker, id).await
}

/// The log of a container so far.
pub(super) async fn log(docker: &Docker, id: &str) -> String {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
    let lines = docker.logs(id, Some(options)).filter_map(|line| async { line.ok() });
    lines.map(|line| line.to_string()).collect::<Vec<_>>().await.concat()
}
