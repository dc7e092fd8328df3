//! Temporary settings while a new deployment forms.

use super::server_states::ServerState;
use super::temporary::{NodeSettings, Temporary, usual};
use super::world::World;
use crate::plan::Cause;
use crate::topology::Node;
use crate::topology::settings::while_forming;

/// The temporary settings, if all nodes are new. Sentinels have none.
pub(super) fn forming(world: &World<'_>) -> Temporary {
    let forming = while_forming(world.topology);
    let is_new = |node: &&Node| {
        world.servers.state(&node.name) == ServerState::New && !world.topology.is_sentinel(&node.name)
    };
    let nodes = world.topology.nodes().into_iter().filter(is_new).filter(|_| world.servers.all_new());
    let exchange = |node: &Node| {
        let (for_a_while, usual) = (forming.clone(), usual(&world.observed.learned, node, &forming));
        NodeSettings { node: node.name.clone(), for_a_while, usual }
    };
    Temporary::new(Cause::Forming, nodes.map(exchange))
}
