//! Whether the next owners of slots have room for the keys. A server without room refuses them in the midst of a move.

use std::collections::BTreeMap;

use super::super::world::World;
use super::planned_moves;
use crate::arrangement::Arrangement;
use crate::plan::Obstacle;
use crate::topology::NodeName;
use crate::topology::settings::values::memory_bytes;

/// Refuses moves to primaries whose `maxmemory` is too small, if they evict no keys.
pub(in super::super) fn refuse_without_room(world: &World<'_>) -> Result<(), Vec<Obstacle>> {
    let (present, moves) = planned_moves(world);
    let mut arriving: BTreeMap<&NodeName, u64> = BTreeMap::new();
    for (from, to, slots) in moves.pairs() {
        *arriving.entry(to).or_default() += share(&present, from, slots.len() as u64);
    }
    let too_much = |(node, arriving): (&NodeName, u64)| {
        let used = present.view(node).map_or(0, |view| view.memory);
        let limit = limit(world, node)?;
        let node = node.clone();
        (arriving > 0 && used + arriving > limit).then_some(Obstacle::NoRoom { node, used, arriving, limit })
    };
    let obstacles: Vec<Obstacle> = arriving.into_iter().filter_map(too_much).collect();
    if obstacles.is_empty() { Ok(()) } else { Err(obstacles) }
}

/// About how many bytes of a node's data are in so many of its slots, if they are spread evenly.
fn share(present: &Arrangement<'_>, node: &NodeName, slots: u64) -> u64 {
    let data = present.view(node).map_or(0, |view| view.data);
    let own = (present.slots(node).len() as u64).max(slots).max(1);
    u64::try_from(u128::from(data) * u128::from(slots) / u128::from(own)).unwrap_or(u64::MAX)
}

/// The limit of a server that evicts no keys; `None`: it has no limit, or evicts keys.
fn limit(world: &World<'_>, node: &NodeName) -> Option<u64> {
    // Settings change after the moves.
    let present = world.observed.view(node).map(|view| &view.settings);
    let settings = present.or_else(|| Some(&world.topology.node(node)?.settings))?;
    let limit = memory_bytes(settings.get("maxmemory")?).filter(|limit| *limit > 0)?;
    settings.get("maxmemory-policy").is_none_or(|policy| policy == "noeviction").then_some(limit)
}
