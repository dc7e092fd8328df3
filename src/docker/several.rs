//! The engines of a deployment on several machines: the engine of each container, and the objects of all engines.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use bollard::Docker;
use futures_util::future::try_join_all;

use super::health_checks::HealthChecks;
use super::inventory::EngineInventory;
use super::{EngineError, settled};
use crate::topology::{EngineName, NodeName, Topology};

/// The client of an engine, and the health checks of its images.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) docker: Docker,
    pub(super) health_checks: Arc<HealthChecks>,
    /// Whether it manages the swarm.
    pub(super) is_manager: bool,
}

impl Member {
    pub(super) fn new(docker: Docker, is_manager: bool) -> Self {
        Self { docker, health_checks: Arc::default(), is_manager }
    }
}

/// The answering engines, and the engines out of reach.
pub(super) struct Several {
    pub(super) members: BTreeMap<EngineName, Member>,
    /// The engines out of reach, with the reason.
    pub(super) lost: BTreeMap<EngineName, String>,
    /// The engine of each container, as the last inventory showed it.
    homes: RwLock<BTreeMap<NodeName, EngineName>>,
    /// The engine of each node of the topology. On a replaced engine, a container of a former node has the same name.
    places: RwLock<BTreeMap<NodeName, EngineName>>,
}

impl Several {
    pub(super) fn new(members: BTreeMap<EngineName, Member>, lost: BTreeMap<EngineName, String>) -> Self {
        Self { members, lost, homes: RwLock::default(), places: RwLock::default() }
    }

    /// An engine that must answer.
    pub(super) fn member(&self, name: &EngineName) -> Result<&Member, EngineError> {
        self.members.get(name).ok_or_else(|| EngineError::OutOfReach {
            engine: name.clone(),
            cause: self.lost.get(name).cloned().unwrap_or_default(),
        })
    }

    /// The engine of a node's container.
    pub(super) fn home(&self, node: &NodeName) -> Option<EngineName> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let place = places.get(node).cloned();
        place.or_else(|| self.homes.read().unwrap_or_else(PoisonError::into_inner).get(node).cloned())
    }

    /// Sets the engines of a topology's nodes.
    pub(super) fn place(&self, topology: &Topology) {
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = topology.places();
    }

    /// Remembers the engine of a container.
    pub(super) fn remember(&self, node: &NodeName, engine: &EngineName) {
        let mut homes = self.homes.write().unwrap_or_else(PoisonError::into_inner);
        homes.insert(node.clone(), engine.clone());
    }

    /// Lists the inventories of all engines together.
    pub(super) async fn inventory(&self) -> Result<EngineInventory, EngineError> {
        let list = |(name, member): (&EngineName, &Member)| {
            let (name, docker) = (name.clone(), member.docker.clone());
            async move { Ok::<_, EngineError>((name, settled::inventory(&docker).await?)) }
        };
        let inventories = try_join_all(self.members.iter().map(list)).await?;
        for (engine, inventory) in &inventories {
            for node in inventory.nodes() {
                self.remember(&node, engine);
            }
        }
        Ok(EngineInventory::of_several(inventories))
    }
}
