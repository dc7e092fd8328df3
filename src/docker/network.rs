//! Creates and removes a deployment's network.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::Network;
use bollard::query_parameters::ListNetworksOptionsBuilder;

use super::response::{is_conflict, is_not_found, is_subnet_refused};
use super::{EngineError, labels, request_body, timestamp};
use crate::plan::NetworkSettings;
use crate::topology::DeploymentName;

/// Creates the deployment's network.
///
/// # Errors
/// [`EngineError::NameTaken`] if another network has this name, even if another run creates it at the same moment.
pub(super) async fn create(docker: &Docker, settings: &NetworkSettings) -> Result<(), EngineError> {
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
    // Engines before API 1.44 create a second network of the same name without an error.
    let filter = HashMap::from([("name", vec![name])]);
    let options = ListNetworksOptionsBuilder::default().filters(&filter).build();
    let listed = docker.list_networks(Some(options)).await;
    let listed = listed.map_err(EngineError::call(format!("look for other networks `{name}`")))?;
    if !is_second(&listed, &id, settings) {
        return Ok(());
    }
    docker
        .remove_network(&id)
        .await
        .map_err(EngineError::call(format!("remove the second network `{name}`")))?;
    Err(taken())
}

/// Whether the network with this id yields to another network of its name. It yields to an older network of the same
/// deployment, and to every network that redisctl did not create.
fn is_second(listed: &[Network], id: &str, settings: &NetworkSettings) -> bool {
    let name = settings.deployment.as_str();
    let created = |network: &Network| network.created.as_deref().and_then(timestamp::since_1970);
    let own = listed.iter().find(|network| network.id.as_deref() == Some(id)).map(created);
    let goes_before = |network: &Network| {
        !labels::belongs(network.labels.as_ref(), &settings.deployment) || Some(created(network)) < own
    };
    listed.iter().any(|network| {
        network.name.as_deref() == Some(name) && network.id.as_deref() != Some(id) && goes_before(network)
    })
}

/// Removes the network of a deployment, by its id or its name. A network that does not exist counts as removed.
pub(super) async fn remove(
    docker: &Docker,
    network: &str,
    deployment: &DeploymentName,
) -> Result<(), EngineError> {
    match docker.remove_network(network).await {
        Err(error) if !is_not_found(&error) => {
            Err(EngineError::call(format!("remove the network `{deployment}`"))(error))
        }
        _ => Ok(()),
    }
}

/// The ids of a deployment's networks on an engine, each with whether it is of the whole swarm.
pub(super) async fn of_deployment(
    docker: &Docker,
    deployment: &DeploymentName,
) -> Result<Vec<(String, bool)>, EngineError> {
    let filter = HashMap::from([("name", vec![deployment.as_str()])]);
    let options = ListNetworksOptionsBuilder::default().filters(&filter).build();
    let listed = docker.list_networks(Some(options)).await.map_err(EngineError::call("list the networks"))?;
    let own = listed.into_iter().filter(|network| labels::belongs(network.labels.as_ref(), deployment));
    Ok(own.filter_map(|network| Some((network.id?, network.scope.as_deref() == Some("swarm")))).collect())
}

/// Whether the engine lists a network of this id. It is not inspected: an engine of a swarm lists an overlay only while
/// it has containers in it.
pub(super) async fn exists(docker: &Docker, id: &str) -> Result<bool, EngineError> {
    let filter = HashMap::from([("id", vec![id])]);
    let options = ListNetworksOptionsBuilder::default().filters(&filter).build();
    let listed = docker.list_networks(Some(options)).await;
    Ok(!listed.map_err(EngineError::call("list the networks"))?.is_empty())
}
