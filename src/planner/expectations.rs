//! The states of servers that waits expect, given each shard's primary.

use std::collections::BTreeSet;

use super::world::World;
use crate::plan::{
    ClusterExpectation, ClusterMember, MemberRole, Milestone, Peer, ReplicationExpectation,
    SentinelExpectation,
};
use crate::topology::{Node, NodeName, Shard, SlotSet, Topology};

/// A node and its address.
pub(super) fn peer(node: &Node) -> Peer {
    Peer { node: node.name.clone(), address: node.address }
}

/// A cluster at a milestone.
pub(super) fn cluster(world: &World<'_>, primaries: &[NodeName], milestone: Milestone) -> ClusterExpectation {
    let left_alone = &world.left_alone.slots();
    let is_writable = !world.left_alone.any_is_down(world.arrangement);
    let milestone = match milestone {
        // Servers list a replica to clients only after a write has reached it.
        Milestone::Ready if !is_writable => Milestone::Linked,
        other => other,
    };
    let members = members(world.topology, primaries, left_alone);
    ClusterExpectation { members, strangers: world.left_alone.ids(world.arrangement), milestone }
}

/// All nodes of a cluster answer, and it has no strangers.
pub(super) fn whole_cluster(topology: &Topology, primaries: &[NodeName]) -> ClusterExpectation {
    let members = members(topology, primaries, &SlotSet::default());
    ClusterExpectation { members, strangers: BTreeSet::new(), milestone: Milestone::Ready }
}

/// The members of a cluster, without slots that are left alone.
fn members(topology: &Topology, primaries: &[NodeName], left_alone: &SlotSet) -> Vec<ClusterMember> {
    let shards = topology.shards.iter().zip(primaries);
    shards.flat_map(|(shard, primary)| members_of(shard, primary, left_alone)).collect()
}

fn members_of<'a>(
    shard: &'a Shard,
    primary: &'a NodeName,
    left_alone: &'a SlotSet,
) -> impl Iterator<Item = ClusterMember> + 'a {
    shard.nodes().map(move |node| ClusterMember {
        node: node.name.clone(),
        address: node.address,
        role: if node.name == *primary {
            MemberRole::Primary(shard.slots.without(left_alone))
        } else {
            MemberRole::Replica(primary.clone())
        },
    })
}

/// A shard whose nodes know no other shard.
pub(super) fn shard(shard: &Shard, primary: &NodeName, milestone: Milestone) -> ClusterExpectation {
    let members = members_of(shard, primary, &SlotSet::default()).collect();
    ClusterExpectation { members, strangers: BTreeSet::new(), milestone }
}

/// A primary and its replicas.
pub(super) fn replication(topology: &Topology, primary: &NodeName) -> ReplicationExpectation {
    let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
        topology.servers().into_iter().partition(|node| node.name == *primary);
    // The primary is always one of the topology's nodes.
    let primary = primaries.first().copied().unwrap_or(&topology.shards[0].primary);
    ReplicationExpectation { primary: peer(primary), replicas: replicas.into_iter().map(peer).collect() }
}

/// A primary, its replicas and the sentinels that watch them.
pub(super) fn sentinels(topology: &Topology, primary: &NodeName) -> SentinelExpectation {
    SentinelExpectation {
        watched: replication(topology, primary),
        sentinels: topology.sentinels.iter().map(peer).collect(),
    }
}
