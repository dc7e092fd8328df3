//! Nodes in cluster mode that clients make a cluster of. A plan leaves what clients formed, and a reset takes it apart.

use super::draft::server;
use super::leaving;
use super::roles::Roles;
use super::world::World;
use crate::observation::{ClusterRole, ClusterView};
use crate::plan::{Cause, Order, ServerAction, Step};
use crate::topology::NodeName;

/// The nodes that leave are removed. A reset makes every other node forget the others and its slots.
pub(super) fn plan(world: &World<'_>) -> Roles {
    let mut stages = leaving::remove(world);
    if world.removes_traces {
        let reset = |(name, view): (&NodeName, &ClusterView)| {
            let cause = Cause::FormedByClients;
            (!is_unformed(view)).then(|| server(name, ServerAction::Reset, cause))
        };
        let steps: Vec<Step> = world.arrangement.clusters().filter_map(reset).collect();
        stages.push("take apart", Order::SideBySide, steps);
    }
    Roles { stages, ..Roles::default() }
}

/// Whether a node knows no other node and owns no slots.
fn is_unformed(view: &ClusterView) -> bool {
    let own = view.own();
    let is_plain = own.is_none_or(|own| own.role == ClusterRole::Primary && own.slots.is_empty());
    is_plain && view.nodes.len() <= 1 && view.open_slots.is_empty()
}
