//! Runs a program of an image to its end, with given files, and reads its output.

use std::collections::BTreeMap;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, StartContainerOptions, UploadToContainerOptionsBuilder,
};

use super::{EngineError, archive, container, image, labels, request_body};
use crate::topology::Topology;
use crate::topology::files::{File, SERVER_USER};

/// The output of a program of a topology's image; empty if it does not start. Its container has no network. It has the label of
/// the deployment: if this run is killed, `down` removes it.
///
/// # Errors
/// The engine does not answer.
pub async fn program_output(
    docker: &Docker,
    topology: &Topology,
    command: &[String],
    files: &[File],
) -> Result<String, EngineError> {
    let Topology { name, image: reference, environment, .. } = topology;
    let failed = || EngineError::call(format!("try the server of the image `{reference}`"));
    let (program, arguments) = match command.split_first() {
        Some((program, arguments)) => (vec![program.clone()], arguments.to_vec()),
        None => (Vec::new(), Vec::new()),
    };
    let body = ContainerCreateBody {
        image: Some(reference.to_owned()),
        entrypoint: Some(program),
        cmd: Some(arguments),
        env: Some(request_body::variables(environment)),
        user: Some(format!("{SERVER_USER}:{SERVER_USER}")),
        labels: Some(labels::of_deployment(name, &BTreeMap::new(), false)),
        host_config: Some(HostConfig { network_mode: Some("none".to_owned()), ..Default::default() }),
        ..Default::default()
    };
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let id = created.map_err(failed())?.id;
    let ended = run(docker, &id, files).await;
    container::remove(docker, &id, &id).await?;
    ended
}

/// Puts the files into the container, starts it, and waits for its end.
async fn run(docker: &Docker, id: &str, files: &[File]) -> Result<String, EngineError> {
    let bytes = archive::write(files).map_err(|source| EngineError::Archive {
        operation: format!("put files into the container `{id}`"),
        source,
    })?;
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    let uploaded = docker.upload_to_container(id, Some(options), bollard::body_full(bytes.into())).await;
    uploaded.map_err(EngineError::call(format!("put files into the container `{id}`")))?;
    Ok(match docker.start_container(id, None::<StartContainerOptions>).await {
        Ok(()) => image::output(docker, id).await,
        Err(_) => String::new(),
    })
}
