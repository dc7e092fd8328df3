//! Engine actions as calls.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{Network, NetworkConnectRequest};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, ListNetworksOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt as _;

use super::error::{is_conflict, is_not_found, is_subnet_refused, status};
use super::pull::{self, PullProgress};
use super::{EngineError, archive, dialect, labels, request_body};
use crate::doctor::timestamp::since_1970;
use crate::event::{Event, Listener};
use crate::plan::{EngineAction, NetworkSettings, VolumeSettings};
use crate::topology::NodeName;
use crate::topology::files::{DEPLOYMENT_FILE, File};
use crate::topology::paths::MOUNT;

/// How long a server may take to write what it has to write, seconds: Redis itself waits ten for its
/// replicas.
const STOP_PATIENCE: i32 = 20;

/// Does an action for the run `maker` of redisctl; `node` is the container's name, where it is about one.
pub(super) async fn apply(
    docker: &Docker,
    maker: &str,
    node: Option<&NodeName>,
    action: &EngineAction,
    listener: &dyn Listener,
) -> Result<(), EngineError> {
    let container = node.map_or("", NodeName::as_str);
    match action {
        EngineAction::PullImage { reference } => {
            let tell = |progress: PullProgress| {
                let (done, total) = (progress.done_bytes, progress.total_bytes);
                listener.hear(Event::Pulling { reference: reference.clone(), done, total });
            };
            Ok(pull::pull(docker, reference, tell).await?)
        }
        EngineAction::RemoveVolume { name } => super::remove::volume(docker, name).await.map(drop),
        EngineAction::RemoveNetwork(deployment) => {
            super::remove::network(docker, deployment.as_str(), deployment).await.map(drop)
        }
        EngineAction::CreateNetwork(settings) => create_network(docker, settings).await,
        EngineAction::CreateVolume(settings) => create_volume(docker, maker, settings).await,
        EngineAction::CreateContainer(settings) => {
            let name = settings.name.as_str();
            let options = CreateContainerOptionsBuilder::default().name(name).build();
            match docker.create_container(Some(options), request_body::container(settings)).await {
                Ok(_) => Ok(()),
                Err(error) if is_conflict(&error) => {
                    Err(EngineError::NameTaken { kind: "container", name: name.to_owned() })
                }
                Err(error) => Err(EngineError::call(format!("create the container `{name}`"))(error)),
            }
        }
        // The executor renders the files, with secrets that no action holds.
        EngineAction::WriteFiles { .. } => Ok(()),
        EngineAction::StartContainer => {
            let started = docker.start_container(container, None::<StartContainerOptions>).await;
            started.map_err(|source| match status(&source) {
                Some(_) => EngineError::NotStarted { container: container.to_owned(), source },
                None => EngineError::call(format!("start the container `{container}`"))(source),
            })
        }
        EngineAction::StopContainer => stop(docker, container).await,
        EngineAction::UnpauseContainer => docker
            .unpause_container(container)
            .await
            .map_err(EngineError::call(format!("unpause the container `{container}`"))),
        EngineAction::AttachContainer { deployment, ip } => {
            let request = NetworkConnectRequest {
                container: container.to_owned(),
                endpoint_config: Some(request_body::endpoint(container, *ip)),
            };
            docker
                .connect_network(deployment.as_str(), request)
                .await
                .map_err(EngineError::call(format!("attach the container `{container}` to its network")))
        }
        EngineAction::RemoveContainer => remove(docker, container, container).await,
    }
}

/// Makes a volume, unless somebody else has just made one of that name. Of several redisctl at the same
/// deployment, whoever makes the volume that all its nodes share goes on; one for data is for all of them.
async fn create_volume(docker: &Docker, maker: &str, settings: &VolumeSettings) -> Result<(), EngineError> {
    let created = docker.create_volume(request_body::volume(settings, maker)).await;
    let volume = created.map_err(EngineError::call(format!("create the volume `{}`", settings.name)))?;
    // Where there is one of that name already, the engine gives it as if it had just made it.
    let for_all = settings.keeps_data && labels::belongs(Some(&volume.labels), &settings.deployment);
    if for_all || labels::is_made_by(&volume.labels, maker) {
        Ok(())
    } else {
        Err(EngineError::NameTaken { kind: "volume", name: volume.name })
    }
}

/// Makes the deployment's network, unless somebody else has just made one of that name.
async fn create_network(docker: &Docker, settings: &NetworkSettings) -> Result<(), EngineError> {
    let name = settings.deployment.as_str();
    let taken = || EngineError::NameTaken { kind: "network", name: name.to_owned() };
    let id = match docker.create_network(request_body::network(settings)).await {
        Ok(created) => created.id,
        Err(error) if is_conflict(&error) => return Err(taken()),
        Err(source) if is_subnet_refused(&source) => {
            return Err(EngineError::SubnetTaken { subnet: settings.subnet, source });
        }
        Err(error) => return Err(EngineError::call(format!("create the network `{name}`"))(error)),
    };
    // Engines before API 1.44 make a second network of the same name without a word.
    let filter = HashMap::from([("name", vec![name])]);
    let options = ListNetworksOptionsBuilder::default().filters(&filter).build();
    let listed = docker.list_networks(Some(options)).await;
    let listed = listed.map_err(EngineError::call(format!("look for other networks `{name}`")))?;
    let created = |network: &Network| network.created.as_deref().and_then(since_1970);
    let own = listed.iter().find(|network| network.id.as_deref() == Some(id.as_str())).map(created);
    // Where two redisctl meet, the one that was first stays; from what is not redisctl's, both go.
    let goes_before = |network: &Network| {
        !labels::belongs(network.labels.as_ref(), &settings.deployment) || Some(created(network)) < own
    };
    let lost = listed.iter().any(|network| {
        network.name.as_deref() == Some(name)
            && network.id.as_deref() != Some(id.as_str())
            && goes_before(network)
    });
    if lost {
        docker
            .remove_network(&id)
            .await
            .map_err(EngineError::call(format!("remove the second network `{name}`")))?;
        return Err(taken());
    }
    Ok(())
}

/// Stops a container: its server is asked to end, and ended where it does not.
async fn stop(docker: &Docker, container: &str) -> Result<(), EngineError> {
    let options = StopContainerOptionsBuilder::default().t(STOP_PATIENCE).build();
    dialect::stop_container(docker, container, options)
        .await
        .map_err(EngineError::call(format!("stop the container `{container}`")))
}

/// Removes a container by its id or its name, running or not, with the unnamed volumes that its image
/// asked for.
pub(super) async fn remove(docker: &Docker, container: &str, name: &str) -> Result<(), EngineError> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match dialect::remove_container(docker, container, options).await {
        // Somebody else is removing it at this moment: a `down` that was cut off, or that runs too.
        Err(error) if is_conflict(&error) => super::remove::gone(docker, container).await,
        Err(error) if !is_not_found(&error) => {
            Err(EngineError::call(format!("remove the container `{name}`"))(error))
        }
        _ => Ok(()),
    }
}

/// Puts files below the deployment's mount point.
pub(super) async fn write_files(
    docker: &Docker,
    through: &NodeName,
    files: &[File],
) -> Result<(), EngineError> {
    let operation = || format!("write files through the container `{through}`");
    let bytes =
        archive::write(files).map_err(|source| EngineError::Archive { operation: operation(), source })?;
    let options = UploadToContainerOptionsBuilder::default().path(MOUNT).build();
    docker
        .upload_to_container(through.as_str(), Some(options), bollard::body_full(bytes.into()))
        .await
        .map_err(EngineError::call(operation()))
}

/// The deployment's file; `None` where the container has none.
pub(super) async fn read_deployment_file(
    docker: &Docker,
    node: &NodeName,
) -> Result<Option<String>, EngineError> {
    let operation = || format!("read `{DEPLOYMENT_FILE}` from the container `{node}`");
    let path = format!("{MOUNT}/{DEPLOYMENT_FILE}");
    let options = DownloadFromContainerOptionsBuilder::default().path(&path).build();
    let download = docker.download_from_container(node.as_str(), Some(options));
    let bytes = download.try_fold(Vec::new(), |mut bytes, chunk| async move {
        bytes.extend_from_slice(&chunk);
        Ok(bytes)
    });
    match bytes.await {
        Err(error) if is_not_found(&error) => Ok(None),
        Err(source) => Err(EngineError::call(operation())(source)),
        Ok(bytes) => match archive::read_first(&bytes) {
            Ok(text) => Ok(Some(text)),
            Err(source) => Err(EngineError::Archive { operation: operation(), source }),
        },
    }
}
