//! The contents of an image: its server, and the modules that it loads. An image never changes, so they are examined
//! once.

use std::collections::BTreeMap;

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::CreateContainerOptions;
use serde::{Deserialize, Serialize};

use super::elf::{self, ElfTarget};
use super::image::{self, Image};
use super::{EngineError, container, labels, server_binary, start_script};
use crate::topology::{DeploymentName, Module, Server};

/// The contents of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageContents {
    /// Its server.
    pub server: Server,
    /// The modules that it loads, or the reason why they are not known.
    pub modules: Result<Vec<Module>, String>,
    /// The variables that its start script sets for the server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Whether its server was seen with TLS. Servers are built with or without it.
    #[serde(default)]
    pub has_tls: bool,
    /// The files at the requested paths. The server's program is one of them.
    #[serde(default)]
    pub files: BTreeMap<String, ImageFile>,
}

/// The file at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFile {
    /// No file.
    Missing,
    /// A file that is neither a program nor a module.
    NoElf,
    /// A program or module for this processor.
    For(String),
}

impl ImageFile {
    fn of(target: Option<ElfTarget>) -> Self {
        target.map_or(Self::NoElf, |target| Self::For(target.name()))
    }

    /// The kind of a file of this machine, from its content.
    #[must_use]
    pub fn of_content(content: &[u8]) -> Self {
        let header = content.len().min(usize::try_from(elf::HEADER).unwrap_or(usize::MAX));
        Self::of(elf::target(&content[..header]))
    }
}

/// Examines an image. Its containers have the label of `deployment`: if this run is killed, `down` removes them.
///
/// # Errors
/// The image holds no server, or a server for another processor; or the engine does not answer.
pub async fn find_out(
    docker: &Docker,
    reference: &str,
    image: &Image,
    deployment: &DeploymentName,
) -> Result<ImageContents, EngineError> {
    let server = image::server(docker, reference, image, deployment).await?;
    let start = start_script::server_start(docker, reference, image, server, deployment).await?;
    let environment = start.as_ref().map(|start| start.environment.clone()).unwrap_or_default();
    let modules = start.map(|start| start.modules);
    Ok(ImageContents { server, modules, environment, has_tls: false, files: BTreeMap::new() })
}

/// Examines the files at paths in an image, and the processor of its server. Returns whether a fact is new.
///
/// # Errors
/// The engine does not answer.
pub async fn look(
    docker: &Docker,
    reference: &str,
    image: &Image,
    deployment: &DeploymentName,
    contents: &mut ImageContents,
    paths: &[&str],
) -> Result<bool, EngineError> {
    let program = contents.server.program();
    let is_new = |path: &&str| !contents.files.contains_key(*path);
    let new: Vec<&str> = paths.iter().copied().chain([program]).filter(is_new).collect();
    if new.is_empty() {
        return Ok(false);
    }
    let body = ContainerCreateBody {
        image: Some(reference.to_owned()),
        entrypoint: Some(vec![program.to_owned()]),
        labels: Some(labels::of_deployment(deployment, &BTreeMap::new(), false)),
        ..Default::default()
    };
    let operation = format!("look into the image `{reference}`");
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let id = created.map_err(EngineError::call(operation))?.id;
    for path in new {
        let found = if path == program {
            server_binary::find(docker, &id, program, image.path.as_deref()).await
        } else {
            server_binary::at(docker, &id, path).await
        };
        let file = found.map_or(ImageFile::Missing, |found| ImageFile::of(found.target));
        contents.files.insert(path.to_owned(), file);
    }
    container::remove(docker, &id, &id).await?;
    Ok(true)
}
