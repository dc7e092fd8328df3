//! The present place of every node: its role, its shard and its primary. Nodes that do not answer have a place, too.

use super::{Arrangement, Standing};
use crate::topology::{Kind, Node, NodeName, Shard, SlotSet, Topology};

/// The present places of all nodes.
#[derive(Debug, Clone)]
pub struct Seats<'a> {
    topology: &'a Topology,
    arrangement: &'a Arrangement<'a>,
    /// The primary of each shard, in the topology's order.
    primaries: Vec<NodeName>,
}

/// The place of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Its role. A silent node is a primary until another node has its place.
    pub role: SeatRole,
    /// The position of its shard, counted from 0; `None` for a sentinel.
    pub shard: Option<usize>,
}

/// The role of a node, whether it answers or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatRole {
    /// It is the primary of its shard, or was it, and no other node has its place.
    Primary,
    /// It replicates a primary, or will do so once it answers.
    Replica,
    /// It watches a primary.
    Sentinel,
}

impl<'a> Seats<'a> {
    /// The present places, from the answers of the servers.
    #[must_use]
    pub fn new(topology: &'a Topology, arrangement: &'a Arrangement<'a>) -> Self {
        let primary = |shard: &Shard| match topology.kind {
            Kind::Standalone => shard.primary.name.clone(),
            Kind::Replication | Kind::Sentinel => only_primary(arrangement, shard),
            Kind::Cluster => primary_of_shard(topology, arrangement, shard),
        };
        Self { topology, arrangement, primaries: topology.shards.iter().map(primary).collect() }
    }

    /// The primary of the shard at a position, counted from 0.
    #[must_use]
    pub fn primary(&self, shard: usize) -> Option<&NodeName> {
        self.primaries.get(shard)
    }

    /// The primary of each shard, in the topology's order.
    #[must_use]
    pub fn primaries(&self) -> &[NodeName] {
        &self.primaries
    }

    /// The place of a node.
    #[must_use]
    pub fn seat(&self, node: &NodeName) -> Seat {
        if self.topology.is_sentinel(node) {
            return Seat { role: SeatRole::Sentinel, shard: None };
        }
        let led = self.shard_led_by(node);
        let by_spec =
            || self.topology.shards.iter().position(|shard| shard.nodes().any(|own| own.name == *node));
        match self.arrangement.standing(node) {
            Some(Standing::Primary { .. }) => Seat { role: SeatRole::Primary, shard: led.or_else(by_spec) },
            Some(Standing::Replica { of, .. }) => {
                let of_its_primary = of.and_then(|primary| self.shard_led_by(&primary));
                Seat { role: SeatRole::Replica, shard: of_its_primary.or_else(by_spec) }
            }
            Some(Standing::Sentinel { .. }) => Seat { role: SeatRole::Sentinel, shard: None },
            None => {
                let role = if led.is_some() { SeatRole::Primary } else { SeatRole::Replica };
                Seat { role, shard: led.or_else(by_spec) }
            }
        }
    }

    /// The primary that owns a slot.
    #[must_use]
    pub fn owner(&self, slot: u16) -> Option<&NodeName> {
        let slots = SlotSet::from_iter([slot]);
        let answering = answering_owner(self.topology, self.arrangement, &slots).map(|node| &node.name);
        answering.or_else(|| {
            let shard = self.topology.shards.iter().position(|shard| shard.slots.contains(slot))?;
            self.primary(shard)
        })
    }

    /// The position of the shard whose primary a node is.
    #[must_use]
    pub fn shard_led_by(&self, node: &NodeName) -> Option<usize> {
        self.primaries.iter().position(|primary| primary == node)
    }
}

/// The primary of a shard of a cluster: the owner of its slots. If it is silent: the node that the replicas follow,
/// otherwise the topology's primary.
fn primary_of_shard(topology: &Topology, arrangement: &Arrangement<'_>, shard: &Shard) -> NodeName {
    if let Some(own) = arrangement.undisputed_owner(shard) {
        // Another shard may have some of its slots.
        return own.name.clone();
    }
    let answering = answering_owner(topology, arrangement, &shard.slots);
    let followed = || shard.nodes().find_map(|node| silent_primary(arrangement, &node.name));
    answering.map(|node| node.name.clone()).or_else(followed).unwrap_or_else(|| shard.primary.name.clone())
}

/// The primary that owns slots. Of several, the one with the highest config epoch.
fn answering_owner<'t>(
    topology: &'t Topology,
    arrangement: &Arrangement<'_>,
    slots: &SlotSet,
) -> Option<&'t Node> {
    let owners = topology.servers().into_iter().filter(|node| arrangement.slots(&node.name).meets(slots));
    owners.max_by_key(|node| arrangement.epoch(&node.name))
}

/// The silent primary that a node replicates.
fn silent_primary(arrangement: &Arrangement<'_>, node: &NodeName) -> Option<NodeName> {
    match arrangement.standing(node)? {
        Standing::Replica { of: Some(of), .. } => Some(of).filter(|of| arrangement.view(of).is_none()),
        _ => None,
    }
}

/// The primary of a deployment with one primary: the sentinels' choice, otherwise the server that reports to be a
/// primary, otherwise the silent server that the replicas follow.
fn only_primary(arrangement: &Arrangement<'_>, shard: &Shard) -> NodeName {
    let named = arrangement.chosen_primary().or_else(|| arrangement.primary_by_servers());
    named.map_or_else(|| shard.primary.name.clone(), |member| member.name.clone())
}
