//! Where copies of a key are, in servers that nobody reaches and in data volumes.

use redisctl::observation::ClusterRole;
use redisctl::topology::NodeName;

use super::World;
use super::keys::KeyId;
use super::process::Data;

impl World {
    /// Whether a node has a key, in its memory or in its data volume, though it cannot be asked now.
    pub(crate) fn keeps(&self, node: &NodeName, key: KeyId) -> bool {
        let state = self.state();
        // A process whose namespace is gone ends before anybody hears of it again.
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

    /// Whether somebody else's server has a key.
    pub(crate) fn has_stranger_with(&self, key: KeyId) -> bool {
        self.state().strangers.values().any(|(_, keys)| keys.contains(key))
    }

    /// Whether every data volume of the key's shard has it, and there is one.
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
