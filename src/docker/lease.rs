//! The lease of a deployment on the engine: a container that is never started, named after the deployment.
//!
//! The engine gives a name to one container only, so only one of several runs gets the lease. A run removes its lease
//! by the container's id, so it never removes the lease of the next run. The container needs an image, and any image
//! will do. Docker cannot change labels. So the holder renews its lease with a file in the container, which holds the
//! lease's age.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, ListImagesOptions,
    UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt as _;
use futures_util::future::try_join;

use super::response::{is_conflict, is_internal, is_not_found};
use super::{EngineError, archive, container, dialect, labels, request_body, timestamp};
use crate::spec::SecretText;
use crate::topology::DeploymentName;
use crate::topology::files::File;

/// The file in the container. It holds the age of the lease at the last renewal, in seconds.
const RENEWAL_FILE: &str = "redisctl-lease";

/// The result of an attempt to create a lease.
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
    /// The run's description of itself.
    pub holder: String,
    /// The time of its creation by the engine's clock, since 1970.
    pub created: Duration,
}

/// The name of the container.
fn container_name(deployment: &DeploymentName) -> String {
    format!("{deployment}-lease")
}

/// An image for the container of a lease: an image of the deployment, otherwise any image. `None` if the engine has
/// no image.
///
/// # Errors
/// The engine does not answer.
pub async fn any_image(docker: &Docker, deployment: &DeploymentName) -> Result<Option<String>, EngineError> {
    let listed = try_join(docker.list_images(None::<ListImagesOptions>), dialect::list_containers(docker));
    let (images, containers) = listed.await.map_err(EngineError::call("list images and containers"))?;
    let belongs = |container: &&ContainerSummary| labels::belongs(container.labels.as_ref(), deployment);
    let own = containers.iter().filter(belongs).filter_map(|container| container.image_id.as_deref());
    let own: BTreeSet<&str> = own.collect();
    let mut ids = images.into_iter().map(|image| image.id);
    let first = ids.next();
    Ok(first
        .into_iter()
        .chain(ids)
        .reduce(|best, next| if own.contains(best.as_str()) { best } else { next }))
}

/// Creates the lease of a deployment, if there is none. `holder` describes this run to other runs.
///
/// # Errors
/// The engine cannot create it.
pub async fn create(
    docker: &Docker,
    deployment: &DeploymentName,
    image: &str,
    holder: &str,
) -> Result<Creation, EngineError> {
    let name = container_name(deployment);
    let body = request_body::mark(image, labels::of_lease(deployment, holder));
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    match docker.create_container(Some(options), body).await {
        Ok(created) => Ok(Creation::Created(created.id)),
        Err(error) if is_conflict(&error) => Ok(Creation::NameTaken),
        Err(error) if is_not_found(&error) => Ok(Creation::NoImage),
        // Podman 4 answers with an internal error if the name is taken.
        Err(error) if is_internal(&error) && container::inspect(docker, &name).await?.is_some() => {
            tracing::debug!(%error, "the lease exists");
            Ok(Creation::NameTaken)
        }
        Err(error) => Err(EngineError::call(format!("create the container `{name}`"))(error)),
    }
}

/// Finds the lease of a deployment; `None` if there is none, or if the engine is removing it.
///
/// # Errors
/// [`EngineError::Foreign`] if a container has the name that redisctl did not create.
pub async fn find(docker: &Docker, deployment: &DeploymentName) -> Result<Option<FoundLease>, EngineError> {
    let name = container_name(deployment);
    let Some(inspected) = container::inspect(docker, &name).await? else { return Ok(None) };
    if container::is_being_removed(&inspected) {
        return Ok(None);
    }
    found(inspected, deployment).map(Some).ok_or(EngineError::Foreign { container: name })
}

/// The lease of an inspected container.
fn found(inspected: ContainerInspectResponse, deployment: &DeploymentName) -> Option<FoundLease> {
    let labels: HashMap<String, String> = inspected.config?.labels?;
    let holder = labels::lease_holder(&labels, deployment)?.to_owned();
    let created = inspected.created.as_deref().and_then(timestamp::since_1970);
    Some(FoundLease { id: inspected.id?, holder, created: created.unwrap_or_default() })
}

/// Writes its age into a lease. `false`: the lease does not exist any more.
///
/// # Errors
/// The engine does not answer.
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

/// The age of a lease at its last renewal; zero if it was never renewed.
///
/// # Errors
/// The engine does not answer.
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
/// The engine cannot remove it.
pub async fn remove(docker: &Docker, id: &str, deployment: &DeploymentName) -> Result<(), EngineError> {
    container::remove(docker, id, &container_name(deployment)).await
}

/// The engine's clock, as time since 1970; `None` if the engine does not tell it.
///
/// # Errors
/// The engine does not answer.
pub async fn clock(docker: &Docker) -> Result<Option<Duration>, EngineError> {
    let information = docker.info().await.map_err(EngineError::call("tell its time"))?;
    Ok(information.system_time.as_deref().and_then(timestamp::since_1970))
}
