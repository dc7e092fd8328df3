//! Docker contexts: named engines in Docker's configuration.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::address::{EngineAddress, EngineTlsFiles};
use super::machine::{MachineFacts, docker_folder};
use super::{AddressOrigin, LocationError};

/// The needed fields of `config.json`.
#[derive(Deserialize)]
struct Configuration {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// The needed fields of a context's `meta.json`.
#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "Endpoints", default)]
    endpoints: HashMap<String, ContextEndpoint>,
}

#[derive(Deserialize)]
struct ContextEndpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
}

/// The name of the current context, as `docker context use` wrote it.
pub(super) fn current(machine: &impl MachineFacts) -> Result<Option<String>, LocationError> {
    let Some(path) = docker_folder(machine).map(|folder| folder.join("config.json")) else {
        return Ok(None);
    };
    let Some(text) = machine.read(&path) else { return Ok(None) };
    let configuration: Configuration = parse(&text, &path)?;
    Ok(configuration.current_context.filter(|name| !name.is_empty()))
}

/// The address of the context that `origin` names.
pub(super) fn address(
    origin: &AddressOrigin,
    machine: &impl MachineFacts,
) -> Result<EngineAddress, LocationError> {
    let id = identifier(origin.context().unwrap_or_default());
    let contexts = docker_folder(machine).unwrap_or_default().join("contexts");
    let path = contexts.join("meta").join(&id).join("meta.json");
    let Some(text) = machine.read(&path) else {
        return Err(LocationError::NoContext { origin: origin.clone(), path });
    };
    let mut metadata: Metadata = parse(&text, &path)?;
    let host = metadata.endpoints.remove("docker").and_then(|endpoint| endpoint.host);
    let Some(host) = host.filter(|host| !host.is_empty()) else {
        return Err(LocationError::NoEndpoint { origin: origin.clone(), path });
    };

    let files = EngineTlsFiles::in_folder(&contexts.join("tls").join(id).join("docker"));
    let tls = machine.exists(&files.ca).then_some(files);
    EngineAddress::parse(&host, tls).map_err(|source| LocationError::Address {
        text: host,
        origin: origin.clone(),
        source,
    })
}

fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, LocationError> {
    serde_json::from_str(text)
        .map_err(|source| LocationError::Configuration { path: path.to_owned(), source })
}

/// The directory of a context: the SHA-256 of its name, in hexadecimal digits.
pub(super) fn identifier(name: &str) -> String {
    hex::encode(Sha256::digest(name))
}
