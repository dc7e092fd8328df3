//! The lease of a deployment on the engine: a container that never runs, named after the deployment.
//!
//! The engine gives a name to one container only, so of several runs one gets the lease. A run removes a lease by the
//! container's id, so it never removes the lease of the next run. The container needs an image, and any image will do.
//! Labels cannot change: the holder renews its lease by a file in the container, which says how old the lease was.

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, ListImagesOptions,
    UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt as _;

use super::error::{is_conflict, is_internal, is_not_found};
use super::inventory::Inventory;
use super::{EngineError, archive, container, labels, timestamp};
use crate::spec::SecretText;
use crate::topology::DeploymentName;
use crate::topology::files::File;

/// The file in the container. It holds the age of the lease at the last renewal, in seconds.
const RENEWAL_FILE: &str = "redisctl-lease";

/// What an attempt to create a lease led to.
#[derive(Debug)]
pub enum Creation {
    /// This run has the lease: the id of its container.
    Created(String),
    /// Another container has the name, or the engine is still creating or removing it.
    NameTaken,
    /// The engine does not have the image.
    NoImage,
}

/// The lease of another run.
#[derive(Debug, Clone)]
pub struct FoundLease {
    /// The id of its container.
    pub id: String,
    /// What the run wrote about itself.
    pub holder: String,
    /// When the engine created it, as time since 1970 by the engine's clock.
    pub created: Duration,
}

/// The name of the container.
fn container_name(deployment: &DeploymentName) -> String {
    format!("{deployment}-lease")
}

/// An image for the container of a lease: one that the deployment runs, else any. `None` where the engine has no
/// image.
///
/// # Errors
/// Where the engine does not answer.
pub async fn any_image(docker: &Docker, inventory: &Inventory) -> Result<Option<String>, EngineError> {
    let images = docker.list_images(None::<ListImagesOptions>).await;
    let images = images.map_err(EngineError::call("list images"))?;
    let is_own =
        |id: &String| inventory.containers.values().any(|container| container.image_id.as_str() == id);
    let mut ids = images.into_iter().map(|image| image.id);
    let first = ids.next();
    Ok(first.into_iter().chain(ids).reduce(|best, next| if is_own(&best) { best } else { next }))
}

/// Creates the lease of a deployment, where there is none. `holder` tells other runs about this one.
///
/// # Errors
/// Where the engine cannot create it.
pub async fn create(
    docker: &Docker,
    deployment: &DeploymentName,
    image: &str,
    holder: &str,
) -> Result<Creation, EngineError> {
    let name = container_name(deployment);
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        // Never run. The engine wants a program all the same.
        cmd: Some(vec!["lease".to_owned()]),
        labels: Some(labels::of_lease(deployment, holder)),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..Default::default() }),
        ..Default::default()
    };
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    match docker.create_container(Some(options), body).await {
        Ok(created) => Ok(Creation::Created(created.id)),
        Err(error) if is_conflict(&error) => Ok(Creation::NameTaken),
        Err(error) if is_not_found(&error) => Ok(Creation::NoImage),
        // Podman 4 answers so where the name is taken.
        Err(error) if is_internal(&error) && container::inspect(docker, &name).await?.is_some() => {
            tracing::debug!(%error, "the lease exists");
            Ok(Creation::NameTaken)
        }
        Err(error) => Err(EngineError::call(format!("create the container `{name}`"))(error)),
    }
}

/// Looks for the lease of a deployment; `None` where there is none, or where the engine is removing it.
///
/// # Errors
/// [`EngineError::Foreign`] where a container has the name that redisctl did not create.
pub async fn find(docker: &Docker, deployment: &DeploymentName) -> Result<Option<FoundLease>, EngineError> {
    let name = container_name(deployment);
    let Some(inspected) = container::inspect(docker, &name).await? else { return Ok(None) };
    if container::is_being_removed(&inspected) {
        return Ok(None);
    }
    found(inspected, deployment).map(Some).ok_or(EngineError::Foreign { container: name })
}

/// The lease that an inspected container is.
fn found(inspected: ContainerInspectResponse, deployment: &DeploymentName) -> Option<FoundLease> {
    let labels: HashMap<String, String> = inspected.config?.labels?;
    let holder = labels::lease_holder(&labels, deployment)?.to_owned();
    let created = inspected.created.as_deref().and_then(timestamp::since_1970);
    Some(FoundLease { id: inspected.id?, holder, created: created.unwrap_or_default() })
}

/// Writes into a lease how old it is. `false`: the lease does not exist any more.
///
/// # Errors
/// Where the engine does not answer.
pub async fn renew(docker: &Docker, id: &str, age: Duration) -> Result<bool, EngineError> {
    let operation = || "renew the lease".to_owned();
    let text = SecretText::new(age.as_secs().to_string());
    let file = File::Content { path: RENEWAL_FILE.to_owned(), text };
    let bytes =
        archive::write(&[file]).map_err(|source| EngineError::Archive { operation: operation(), source })?;
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    match docker.upload_to_container(id, Some(options), bollard::body_full(bytes.into())).await {
        Ok(()) => Ok(true),
        Err(error) if is_not_found(&error) => Ok(false),
        Err(error) => Err(EngineError::call(operation())(error)),
    }
}

/// How old a lease was when its holder renewed it last; zero where the holder never did.
///
/// # Errors
/// Where the engine does not answer.
pub async fn age_at_renewal(docker: &Docker, id: &str) -> Result<Duration, EngineError> {
    let options = DownloadFromContainerOptionsBuilder::default().path(&format!("/{RENEWAL_FILE}")).build();
    let download = docker.download_from_container(id, Some(options));
    let bytes = download.try_fold(Vec::new(), |mut bytes, chunk| async move {
        bytes.extend_from_slice(&chunk);
        Ok(bytes)
    });
    let seconds = match bytes.await {
        Ok(bytes) => archive::read_first(&bytes).ok().and_then(|text| text.trim().parse().ok()),
        Err(error) if is_not_found(&error) => None,
        Err(error) => return Err(EngineError::call("read how old the lease is")(error)),
    };
    Ok(Duration::from_secs(seconds.unwrap_or_default()))
}

/// Removes a lease. A lease that does not exist counts as removed.
///
/// # Errors
/// Where the engine cannot remove it.
pub async fn remove(docker: &Docker, id: &str, deployment: &DeploymentName) -> Result<(), EngineError> {
    container::remove(docker, id, &container_name(deployment)).await
}

/// The engine's clock, as time since 1970; `None` where the engine does not tell it.
///
/// # Errors
/// Where the engine does not answer.
pub async fn clock(docker: &Docker) -> Result<Option<Duration>, EngineError> {
    let information = docker.info().await.map_err(EngineError::call("tell its time"))?;
    Ok(information.system_time.as_deref().and_then(timestamp::since_1970))
}
