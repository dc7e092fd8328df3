//! Primaries with slots that the rest of the cluster keeps out.

use std::collections::BTreeMap;

use crate::arrangement::Arrangement;
use crate::topology::{Node, NodeName, Topology};

/// Primaries with slots that the rest of the cluster keeps out, each with the replica that replaces it. The cluster
/// accepts the replica at once, because its id is not forgotten.
pub(super) type Shunned = BTreeMap<NodeName, NodeName>;

/// Finds the primaries that the rest of the cluster keeps out.
pub(super) fn shunned_primaries(topology: &Topology, arrangement: &Arrangement<'_>) -> Shunned {
    let kept_out = arrangement.kept_out();
    let mut shunned = Shunned::new();
    for shard in &topology.shards {
        let primaries = shard
            .nodes()
            .filter(|node| kept_out.contains(&node.name) && !arrangement.slots(&node.name).is_empty());
        for primary in primaries {
            let is_heir = |node: &&Node| {
                arrangement.replicates(&node.name, &primary.name)
                    && arrangement.has_link(&node.name)
                    && !kept_out.contains(&node.name)
            };
            let heir = shard.nodes().find(is_heir);
            shunned.extend(heir.map(|heir| (primary.name.clone(), heir.name.clone())));
        }
    }
    shunned
}
