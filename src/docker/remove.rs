//! Removes a deployment: its containers, its network and its volumes.

use std::time::Duration;

use bollard::Docker;
use futures_util::future::{join, join_all};

use super::inventory::Inventory;
use super::several::Member;
use super::{Engine, EngineError, container, network, volume};
use crate::poll::Wait;
use crate::removed::Removed;
use crate::topology::kept_data::record_volume;
use crate::topology::{DeploymentName, EngineName};

/// Removes a deployment by its inventory; see [`Engine::remove`].
pub(super) async fn deployment(
    engine: &Engine,
    name: &DeploymentName,
    inventory: &Inventory,
    with_data: bool,
) -> Result<Removed, EngineError> {
    let guests = inventory.network.iter().flat_map(|network| network.guests.iter().cloned());
    let guests: Vec<String> = guests.collect();
    if !guests.is_empty() {
        return Err(EngineError::NetworkInUse { network: name.clone(), containers: guests });
    }
    // They are removed by id: other containers and networks may have their names by now.
    let containers = inventory.container_ids.iter().map(|(name, id)| async move {
        let docker = &engine.member(inventory.homes.get(id), None)?.docker;
        container::remove(docker, id, name).await.map(|()| name.clone())
    });
    let networks = inventory.network_ids.iter().map(|(id, home)| async move {
        let removed = engine.remove_network(id, home.as_ref(), name).await;
        removed.map(|removed| removed.then(|| name.to_string())).transpose()
    });
    // The record stays as long as the data that it describes.
    let (record, with_record) = (record_volume(name), inventory.kept_data.is_empty());
    let goes = |(volume, keeps_data): &(&String, &bool)| {
        with_data || !**keeps_data || (with_record && **volume == record)
    };
    let chosen = inventory.volumes.iter().filter(goes);
    let volumes = chosen.map(|(name, _)| async move {
        for docker in engine.holders_of(inventory, name)? {
            volume::remove(docker, name).await?;
        }
        Ok(name.clone())
    });

    let mut failures = Vec::new();
    let mut names = |results: Vec<Result<String, EngineError>>| -> Vec<String> {
        results.into_iter().filter_map(|result| result.map_err(|error| failures.push(error)).ok()).collect()
    };
    // The engine removes networks and volumes only after their containers.
    let containers = names(join_all(containers).await);
    let (networks, volumes) = join(join_all(networks), join_all(volumes)).await;
    let (mut networks, volumes) = (names(networks.into_iter().flatten().collect()), names(volumes));
    // Several engines may each have a network of this name.
    networks.dedup();
    let is_kept = |volume: &&String| !volumes.contains(volume) && **volume != record;
    let kept_volumes = inventory.volumes.keys().filter(is_kept).cloned().collect();
    match failures.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(Removed { containers, networks, volumes, kept_volumes }),
    }
}

/// The time limit for the engines of a swarm to agree that a network is unused, and later that it is removed. Measured:
/// less than 0.2 s.
const SWARM_LIMIT: Duration = Duration::from_secs(15);

/// The interval of questions to the engines of a swarm.
const SWARM_INTERVAL: Duration = Duration::from_millis(50);

impl Engine {
    /// Removes the networks of a deployment that an engine has or makes.
    pub(super) async fn remove_networks_at(
        &self,
        at: Option<&EngineName>,
        name: &DeploymentName,
    ) -> Result<(), EngineError> {
        for (id, is_of_swarm) in network::of_deployment(&self.member(at, None)?.docker, name).await? {
            self.remove_network(&id, at.filter(|_| !is_of_swarm), name).await?;
        }
        Ok(())
    }

    /// Removes a network. The engines of a swarm learn of removed containers and networks a moment later. Until then,
    /// a manager refuses to remove the network, and other engines still list it.
    ///
    /// Returns whether the network is removed. It stays while an engine out of reach may have containers in it.
    async fn remove_network(
        &self,
        id: &str,
        home: Option<&EngineName>,
        name: &DeploymentName,
    ) -> Result<bool, EngineError> {
        if home.is_some() {
            return network::remove(&self.member(home, None)?.docker, id, name).await.map(|()| true);
        }
        let docker = &self.network_member().docker;
        if self.several.is_none() {
            return network::remove(docker, id, name).await.map(|()| true);
        }
        if !self.lost().is_empty() {
            return Ok(network::remove(docker, id, name).await.is_ok());
        }
        let wait = Wait::new("the swarm to give the network up", SWARM_LIMIT, SWARM_INTERVAL);
        while let Err(error) = network::remove(docker, id, name).await {
            if wait.pause().await.is_err() {
                return Err(error);
            }
        }
        for member in self.members() {
            while network::exists(&member.docker, id).await? && wait.pause().await.is_ok() {}
        }
        Ok(true)
    }

    /// The engine that makes and removes networks: a manager, if there are several.
    fn network_member(&self) -> &Member {
        let members = self.several.iter().flat_map(|several| several.members.values());
        members.into_iter().find(|member| member.is_manager).unwrap_or(&self.lead)
    }

    /// The engines that have a volume.
    fn holders_of(&self, inventory: &Inventory, volume: &str) -> Result<Vec<&Docker>, EngineError> {
        if self.several.is_none() {
            return Ok(vec![&self.lead.docker]);
        }
        let holders = inventory.volumes_on.iter().filter(|(_, volumes)| volumes.contains(volume));
        holders.map(|(engine, _)| Ok(&self.member(Some(engine), None)?.docker)).collect()
    }
}
