//! Copies of a key in unreachable servers and in data volumes.

use redisctl::observation::ClusterRole;
use redisctl::topology::NodeName;

use super::World;
use super::cluster::Cluster;
use super::keys::KeyId;
use super::process::Data;

impl World {
    /// Whether a node has a key, in its memory or in its data volume, although it is unreachable now.
    pub(crate) fn keeps(&self, node: &NodeName, key: KeyId) -> bool {
        let state = self.state();
        // A process that lost its namespace ends before any node hears of it again.
        let container = state.engine.containers.get(node);
        let container = container.filter(|container| container.attached || container.anchor().is_none());
        let process = container.and_then(|container| container.process.as_ref());
        let data = state.engine.volumes.values().filter_map(|volume| volume.data.get(node));
        process
            .map(|process| &process.keys)
            .into_iter()
            .chain(data.map(|data| &data.keys))
            .any(|keys| keys.contains(key))
    }

    /// Whether a stranger has a key.
    pub(crate) fn has_stranger_with(&self, key: KeyId) -> bool {
        self.state().strangers.values().any(|(_, keys)| keys.contains(key))
    }

    /// The same, for strangers that a node of the deployment knows.
    pub(crate) fn knows_stranger_with(&self, key: KeyId) -> bool {
        let state = self.state();
        let processes = state.engine.containers.values().filter_map(|container| container.process.as_ref());
        let data = state.engine.volumes.values().flat_map(|volume| volume.data.values());
        let clusters: Vec<&Cluster> = processes
            .filter_map(|process| process.cluster.as_ref())
            .chain(data.filter_map(|data| data.cluster.as_ref()))
            .collect();
        let is_known = |id: &String| clusters.iter().any(|cluster| cluster.nodes.contains_key(id));
        state.strangers.values().any(|(stranger, keys)| keys.contains(key) && is_known(&stranger.own_id))
    }

    /// Whether all data volumes of the key's shard have it, and there is at least one.
    pub(crate) fn is_in_all_volumes(&self, key: KeyId, slot: u16) -> bool {
        let state = self.state();
        let volumes = state.engine.volumes.iter().filter(|(name, _)| name.ends_with("-data"));
        let mut data = volumes
            .flat_map(|(_, volume)| volume.data.values())
            .filter(|data| data.has_slot(slot))
            .peekable();
        data.peek().is_some() && data.all(|data| data.keys.contains(key))
    }
}

impl Data {
    /// Whether the node served the slot, or replicated a node that did.
    fn has_slot(&self, slot: u16) -> bool {
        let Some(cluster) = &self.cluster else { return true };
        let owner = match &cluster.own().role {
            ClusterRole::Primary => &cluster.own_id,
            ClusterRole::Replica(primary) => primary,
        };
        cluster.nodes.get(owner).is_some_and(|line| line.slots.contains(slot))
    }
}
