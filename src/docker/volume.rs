//! A deployment's volumes: creating and removing them.

use bollard::Docker;
use bollard::query_parameters::RemoveVolumeOptions;

use super::error::is_not_found;
use super::{EngineError, labels, request_body};
use crate::plan::VolumeSettings;

/// Creates a volume for the run `maker`.
///
/// All runs may use a data volume of the deployment, whichever of them created it. Of several runs at the same
/// deployment, only the one that created the shared volume goes on.
///
/// # Errors
/// [`EngineError::NameTaken`] where the volume is another run's or another user's.
pub(super) async fn create(
    docker: &Docker,
    maker: &str,
    settings: &VolumeSettings,
) -> Result<(), EngineError> {
    let created = docker.create_volume(request_body::volume(settings, maker)).await;
    let volume = created.map_err(EngineError::call(format!("create the volume `{}`", settings.name)))?;
    // The engine answers with an existing volume of that name as if it had created it now.
    let for_all = settings.keeps.is_some() && labels::belongs(Some(&volume.labels), &settings.deployment);
    if for_all || labels::is_made_by(&volume.labels, maker) {
        Ok(())
    } else {
        Err(EngineError::NameTaken { kind: "volume", name: volume.name })
    }
}

/// Removes a volume. A volume that does not exist counts as removed.
pub(super) async fn remove(docker: &Docker, name: &str) -> Result<(), EngineError> {
    match docker.remove_volume(name, None::<RemoveVolumeOptions>).await {
        Err(error) if !is_not_found(&error) => {
            Err(EngineError::call(format!("remove the volume `{name}`"))(error))
        }
        _ => Ok(()),
    }
}
