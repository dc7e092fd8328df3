//! Facts about an engine, for `doctor`.

use std::time::Duration;

use bollard::Docker;
use tokio::time::timeout;

use super::credentials::{self, Login, login_command};
use super::response::{asks_for_login, status};
use super::timestamp::since_1970;
use super::{EngineError, image};
use crate::doctor::{ImageState, Limits};

/// The time limit for a registry to answer. The user waits.
const REGISTRY_TIMEOUT: Duration = Duration::from_secs(10);

/// Facts about an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// Its product, its version, and the version of its API.
    pub version: String,
    /// Operating system and processor of its containers.
    pub platform: String,
    /// The limits that it can enforce.
    pub limits: Limits,
    /// Its warnings.
    pub warnings: Vec<String>,
    /// Its clock, as time since 1970; `None` if the engine does not tell it.
    pub time: Option<Duration>,
}

/// Asks the engine for facts about itself.
///
/// # Errors
/// The engine does not answer.
pub async fn engine_info(docker: &Docker) -> Result<EngineInfo, EngineError> {
    let version = docker.version().await.map_err(EngineError::call("tell its version"))?;
    let information = docker.info().await.map_err(EngineError::call("tell about itself"))?;
    let parts = version.components.unwrap_or_default();
    // Docker's first component is called `Engine`, Podman's has its own name.
    let engine = parts.first().map_or("Engine", |part| part.name.as_str());
    let said = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "?".to_owned());
    Ok(EngineInfo {
        version: format!("{engine} {}, API {}", said(version.version), said(version.api_version)),
        platform: format!("{}/{}", said(version.os), said(version.arch)),
        // Engines that do not mention a limit enforce it.
        limits: Limits {
            memory: information.memory_limit.unwrap_or(true),
            cpu: information.cpu_cfs_quota.unwrap_or(true),
        },
        warnings: information.warnings.unwrap_or_default(),
        time: information.system_time.as_deref().and_then(since_1970),
    })
}

/// Whether an image is on the engine, or can be pulled. The image is not pulled.
///
/// # Errors
/// The engine does not answer.
pub async fn image_state(docker: &Docker, reference: &str) -> Result<ImageState, EngineError> {
    if image::find(docker, reference).await?.is_some() {
        return Ok(ImageState::Present);
    }
    let login = match credentials::of_image(reference).await {
        Login::Found(login) => Some(login),
        Login::None | Login::Unreadable(_) => None,
    };
    let docker = credentials::readable(docker);
    let asked = timeout(REGISTRY_TIMEOUT, docker.inspect_registry_image(reference, login)).await;
    Ok(match asked {
        Ok(Ok(_)) => ImageState::InRegistry,
        Ok(Err(error)) if asks_for_login(&error) => ImageState::OutOfReach(format!(
            "its registry wants a log-in, or refuses the user (`{}`)",
            login_command(reference)
        )),
        Ok(Err(error)) if matches!(status(&error), Some(404)) => {
            ImageState::OutOfReach("its registry does not have the image, or refuses to give it".to_owned())
        }
        Ok(Err(_)) => ImageState::OutOfReach("the engine reaches no registry".to_owned()),
        Err(_) => ImageState::OutOfReach("the registry does not answer".to_owned()),
    })
}
