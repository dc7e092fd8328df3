//! Writes and reads the deployment's files through a container, in the volume that all nodes share.

use bollard::Docker;
use bollard::query_parameters::{DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder};
use futures_util::TryStreamExt as _;

use super::response::is_not_found;
use super::{EngineError, archive};
use crate::topology::NodeName;
use crate::topology::files::File;
use crate::topology::paths::MOUNT;

/// Writes files into the shared volume.
pub(super) async fn write(docker: &Docker, through: &NodeName, files: &[File]) -> Result<(), EngineError> {
    let operation = || format!("write files through the container `{through}`");
    let bytes =
        archive::write(files).map_err(|source| EngineError::Archive { operation: operation(), source })?;
    let options = UploadToContainerOptionsBuilder::default().path(MOUNT).build();
    docker
        .upload_to_container(through.as_str(), Some(options), bollard::body_full(bytes.into()))
        .await
        .map_err(EngineError::call(operation()))
}

/// A text file of the shared volume; `None` if it does not exist.
pub(super) async fn read(
    docker: &Docker,
    node: &NodeName,
    file: &str,
) -> Result<Option<String>, EngineError> {
    let operation = format!("read `{file}` from the container `{node}`");
    let content = read_bytes(docker, node, file).await?;
    let text = content.map(archive::as_text).transpose();
    text.map_err(|source| EngineError::Archive { operation, source })
}

/// A file of the shared volume; `None` if it does not exist.
pub(super) async fn read_bytes(
    docker: &Docker,
    node: &NodeName,
    file: &str,
) -> Result<Option<Vec<u8>>, EngineError> {
    let operation = || format!("read `{file}` from the container `{node}`");
    let path = format!("{MOUNT}/{file}");
    let options = DownloadFromContainerOptionsBuilder::default().path(&path).build();
    let download = docker.download_from_container(node.as_str(), Some(options));
    let bytes = download.try_fold(Vec::new(), |mut bytes, chunk| async move {
        bytes.extend_from_slice(&chunk);
        Ok(bytes)
    });
    match bytes.await {
        Err(error) if is_not_found(&error) => Ok(None),
        Err(source) => Err(EngineError::call(operation())(source)),
        Ok(bytes) => match archive::read_first_bytes(&bytes) {
            Ok(content) => Ok(Some(content)),
            Err(source) => Err(EngineError::Archive { operation: operation(), source }),
        },
    }
}
