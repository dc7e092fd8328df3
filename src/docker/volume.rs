//! Creates and removes a deployment's volumes.

use bollard::Docker;
use bollard::query_parameters::RemoveVolumeOptions;

use super::response::is_not_found;
use super::{EngineError, labels, request_body};
use crate::plan::VolumeSettings;

/// Creates a volume, or finds it created by a killed run.
///
/// # Errors
/// [`EngineError::NameTaken`] if a volume outside the deployment has the name.
pub(super) async fn create(docker: &Docker, settings: &VolumeSettings) -> Result<(), EngineError> {
    let created = docker.create_volume(request_body::volume(settings)).await;
    let volume = created.map_err(EngineError::call(format!("create the volume `{}`", settings.name)))?;
    // If a volume of that name exists, the engine answers as if it had created it.
    if labels::belongs(Some(&volume.labels), &settings.deployment) {
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
