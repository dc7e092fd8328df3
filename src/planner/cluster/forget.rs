//! Nodes that do not belong to the cluster any more, and nodes that the cluster has lost.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::{Stages, server};
use super::super::world::World;
use crate::arrangement::Arrangement;
use crate::observation::{ClusterNode, ClusterRole, ClusterView};
use crate::plan::{Cause, Order, ServerAction, StrangerReference, WrongPrimary};
use crate::topology::NodeName;

/// Which strangers a node forgets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strangers {
    /// All strangers except the node's own primary. Their slots must be free before other nodes get them.
    Others,
    /// The same, without nodes that leave: their slots move first.
    Gone,
    /// Strangers that the node replicated. A server forgets its primary only after it replicates another.
    OwnPrimaries,
}

/// Every node forgets the strangers: nodes outside the deployment.
pub(super) fn forget(world: &World<'_>, present: &Arrangement<'_>, which: Strangers) -> Stages {
    let mut steps = Vec::new();
    for (name, cluster) in present.clusters() {
        let strangers = strangers(world, present, cluster).filter(|(id, _)| {
            let own_primary = present.role(name) == Some(&ClusterRole::Replica((*id).clone()));
            match which {
                Strangers::Others => !own_primary,
                Strangers::OwnPrimaries => own_primary,
                Strangers::Gone => !own_primary && present.leaving_with_id(id).is_none(),
            }
        });
        for (id, line) in strangers {
            let stranger = match (present.leaving_with_id(id), line.address) {
                (Some(leaving), _) => StrangerReference::Leaving(leaving.name.clone()),
                (None, Some(address)) => StrangerReference::MemberAt(address),
                (None, None) => StrangerReference::MemberWithId(id.clone()),
            };
            steps.push(server(name, ServerAction::Forget { id: id.clone() }, Cause::Stranger(stranger)));
        }
    }
    Stages::one("forget", Order::SideBySide, steps)
}

/// The nodes that a node knows and must forget.
fn strangers<'a>(
    world: &World<'_>,
    present: &Arrangement<'_>,
    cluster: &'a ClusterView,
) -> impl Iterator<Item = (&'a String, &'a ClusterNode)> {
    let left_alone = world.left_alone.ids(present);
    cluster.nodes.iter().filter(move |(id, line)| {
        !line.handshake && !left_alone.contains(*id) && present.with_id(id).is_none()
    })
}

/// Whether a node is linked to a server that must be forgotten.
pub(super) fn any_stranger_is_linked(world: &World<'_>, present: &Arrangement<'_>) -> bool {
    let is_linked = |(id, line): (&String, &ClusterNode)| present.is_linked_stranger(id, line);
    present.clusters().any(|(_, cluster)| strangers(world, present, cluster).any(is_linked))
}

/// Whether a node knows no other node after it has forgotten the strangers.
pub(super) fn is_alone(world: &World<'_>, present: &Arrangement<'_>, cluster: &ClusterView) -> bool {
    cluster.nodes.len() == strangers(world, present, cluster).count() + 1
}

/// Why a reset makes a node like new. A shard's next primary that replicates another shard cannot become primary
/// otherwise. A replica does not close open slots.
fn misplaced(
    world: &World<'_>,
    present: &Arrangement<'_>,
    name: &NodeName,
    primaries: &[NodeName],
) -> Option<Cause> {
    let ClusterRole::Replica(id) = present.role(name)? else { return None };
    let primary = present.with_id(id).map(|member| &member.name);
    if let Some(primary) = primary.filter(|_| primaries.contains(name))
        && world.topology.shard_of(name).is_some_and(|shard| shard.nodes().all(|node| node.name != *primary))
    {
        return Some(Cause::WrongPrimary(WrongPrimary::Replicates(primary.clone())));
    }
    // Servers that replicate SETSLOT close the slots of the replica with those of its primary.
    let open = |name: &NodeName| present.cluster(name).map(|cluster| &cluster.open_slots);
    let own = open(name).filter(|own| !own.is_empty())?;
    let closes =
        primary.and_then(open).is_some_and(|theirs| own.keys().all(|slot| theirs.contains_key(slot)));
    (!closes).then_some(Cause::OpenSlots)
}

/// Nodes that must be reset. Either no primary knows a node without slots, although the node knows other nodes. Or
/// its primary omits the node from its shard, and no replacement is planned.
pub(super) fn lost(
    world: &World<'_>,
    present: &Arrangement<'_>,
    kept_out: &BTreeSet<NodeName>,
    primaries: &[NodeName],
) -> BTreeMap<NodeName, Cause> {
    let cause = |name: &NodeName| {
        let is_unknown = kept_out.contains(name) || present.is_unknown_to_all(name, primaries.iter());
        if is_unknown && present.slots(name).is_empty() {
            return Some(Cause::Forgotten);
        }
        if world.removes_traces
            && let Some(cause) = misplaced(world, present, name, primaries)
        {
            return Some(cause);
        }
        let left_out = primaries.iter().find(|primary| present.leaves_out(primary, name));
        left_out.filter(|_| !world.is_rolled(name)).map(|primary| Cause::LeftOut(primary.clone()))
    };
    present.clusters().filter_map(|(name, _)| Some((name.clone(), cause(name)?))).collect()
}
