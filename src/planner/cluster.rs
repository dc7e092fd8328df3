//! A cluster: its members, the owners of its slots, and the primary of each replica.
//!
//! New clusters, half-formed clusters and clusters with drift are planned alike. Each shard gets one primary: the
//! owner of its slots, or a chosen node. All other nodes of the shard replicate it. The plan holds the missing steps.

use std::collections::BTreeSet;

use super::draft::{Changes, Stages, server};
use super::roles::Roles;
use super::world::World;
use super::{Forming, Options, leaving, quick_repair, replacements};
use crate::arrangement::Arrangement;
use crate::plan::{Cause, LaterMove, Order, ServerAction};
use crate::topology::NodeName;

mod emptied;
mod forget;
mod holds;
mod meet;
mod moves;
mod owners;
mod ready;
mod replicate;
mod restart;
mod room;
mod shunned;
mod slots;
mod succession;

pub(super) use ready::await_endpoints;
pub(super) use room::refuse_without_room;

use forget::{Strangers, forget};
use holds::Holds;
use meet::{Introductions, meet};
use moves::Moves;
use owners::Owners;
use shunned::{Shunned, shunned_primaries};

/// Plans the steps that form or repair the cluster.
pub(super) fn plan(world: &World<'_>, options: Options, before: Changes) -> Roles {
    let swaps = options.forming == Forming::RoleSwap
        && world.servers.all_new()
        && *world.topology.replicas_per_shard().start() > 0
        // A replica with a newer server could not hand its data to the primary.
        && world.topology.own_images().is_empty();
    let shunned = shunned_primaries(world.topology, world.arrangement);
    let kept_out = world.arrangement.kept_out();
    let present = world.arrangement.as_if_new(&shunned.keys().cloned().collect());
    let mut holds = Holds::find(world, &present, &shunned, swaps);

    let mut stages = succession::take_over_from_the_gone(&holds);
    stages.append(succession::hand_over_from_the_shunned(world, &shunned));
    let (reset, lost) = reset(world, &present, &kept_out, &shunned, &holds);
    stages.append(reset);
    let present = present.as_if_new(&lost);
    let kept_out =
        kept_out.into_iter().filter(|node| !lost.contains(node) && !shunned.contains_key(node)).collect();
    stages.append(succession::hand_over_from_the_leaving(&present, &holds));
    let owners = Owners::find(&present, &holds);
    let moves = Moves::find(world, &present, &holds, &owners);
    let met = meet(world, &present, &kept_out);
    if !met.steps.is_empty() && forget::any_stranger_is_linked(world, &present) {
        // A forgotten stranger that is still linked would meet every node that it hears of, and join again.
        stages.push("meet", Order::SideBySide, met.steps);
        let changes = Changes { readmissions: true, ..Changes::default() };
        return Roles { stages, changes, look_again: true, ..Roles::default() };
    }
    if !moves.is_empty() && !world.removes_traces {
        let (prepared, changes) = prepare_moves(world, &present, &holds, &owners, met, &moves);
        stages.append(prepared);
        // Moves may take minutes. With the settings of repairs, no replica would replace a primary meanwhile.
        stages = quick_repair::hasten(world, stages, changes);
        stages.append(moves.stages(world, &present));
        return Roles { stages, look_again: true, ..Roles::default() };
    }
    stages.append(leaving::let_clients_move_on(world, &present));
    stages.append(leaving::remove(world));
    stages.append(forget(world, &present, Strangers::Others));
    let assignments = if world.removes_traces {
        stages.append(emptied::close(&present));
        emptied::assignments(world, &present, &holds)
    } else {
        slots::unassigned(world, &present, &holds, &owners)
    };
    stages.append(slots::assign(world, &present, assignments));
    let replicas = replicate::replicate(world, &present, &holds);
    let links = !replicas.is_empty() || holds.copy_from_the_leaving(&present);
    if meet::shards_form_first(world) {
        // The first packets of a new link tell the final roles. Later gossip about them would take longer.
        let swap = if swaps { succession::swap_roles_apart(world, &holds) } else { Vec::new() };
        let steps = meet::within_shards(world).into_iter().chain(replicas).chain(swap);
        stages.push("shards", Order::Overlapping, steps.collect());
        stages.push("meet", Order::Overlapping, met.steps);
    } else {
        // A node can replicate as soon as it knows its primary. It need not wait until all nodes have met.
        let name = if met.steps.is_empty() { "replicate" } else { "meet" };
        let order = if world.servers.all_new() { Order::Overlapping } else { Order::SideBySide };
        stages.push(name, order, met.steps.into_iter().chain(replicas).collect());
        if swaps {
            stages.append(succession::swap_roles(world, &holds));
        }
    }
    stages.append(forget(world, &present, Strangers::OwnPrimaries));
    stages.append(slots::raise_epochs(&present, &holds));
    stages.append(restart::restart_the_unlisted(world, &present, &holds));
    let cause = (!stages.is_empty() || before.logins).then(|| world.servers.cause_to_wait());

    if swaps {
        holds = Holds::of_the_spec(world.topology);
    }
    let primaries = holds.primaries();
    let mut changes = Changes { links, readmissions: met.readmissions, ..Changes::default() };
    if !replacements::include_the_unlinked(world, &primaries) {
        let announced = swaps && meet::shards_form_first(world);
        let replaced = replacements::any(world);
        let state = ready::Settling { changed: cause, swapped: swaps, announced, replaced };
        let readied = ready::settle(world, &present, &primaries, &state);
        changes.announcements = readied.changes.announcements;
        stages.append(readied.stages);
    }
    Roles { stages, changes, primaries, look_again: false }
}

/// All that moves of slots need before. Nodes that leave stay until their slots have moved. The next plan removes them.
fn prepare_moves(
    world: &World<'_>,
    present: &Arrangement<'_>,
    holds: &Holds,
    owners: &Owners,
    met: Introductions,
    moves: &Moves,
) -> (Stages, Changes) {
    let replicas = replicate::replicate(world, present, holds);
    let awaited = moves.await_owners(world, present, holds);
    // A node that comes back may replicate its primary without a step, and needs a full sync as well.
    let links = !replicas.is_empty() || !awaited.is_empty() || holds.copy_from_the_leaving(present);
    let changes = Changes { links, readmissions: met.readmissions, ..Changes::default() };
    let mut stages = forget(world, present, Strangers::Gone);
    stages.append(slots::assign(world, present, slots::unassigned(world, present, holds, owners)));
    stages.push("meet", Order::SideBySide, met.steps.into_iter().chain(replicas).collect());
    stages.append(leaving::stay_apart(present));
    stages.push("next owners", Order::SideBySide, awaited);
    (stages, changes)
}

/// The moves of slots in a later plan, once the new nodes are there.
pub(super) fn later_moves(world: &World<'_>) -> Vec<LaterMove> {
    let (present, moves) = planned_moves(world);
    moves.announced(world, &present)
}

/// The moves of slots in this plan or a later plan.
fn planned_moves<'w>(world: &World<'w>) -> (Arrangement<'w>, Moves) {
    let shunned = shunned_primaries(world.topology, world.arrangement);
    let present = world.arrangement.as_if_new(&shunned.keys().cloned().collect());
    let holds = Holds::find(world, &present, &shunned, false);
    let owners = Owners::find(&present, &holds);
    let moves = Moves::find(world, &present, &holds, &owners);
    (present, moves)
}

/// Resets nodes that the cluster has forgotten. Under their present ids, the servers would refuse them for a minute.
fn reset(
    world: &World<'_>,
    present: &Arrangement<'_>,
    kept_out: &BTreeSet<NodeName>,
    shunned: &Shunned,
    holds: &Holds,
) -> (Stages, BTreeSet<NodeName>) {
    let lost = forget::lost(world, present, kept_out, &holds.primaries());
    let causes = lost.iter().map(|(node, cause)| (node, cause.clone()));
    let causes = causes.chain(shunned.keys().map(|primary| (primary, Cause::Forgotten)));
    // A replica of another shard cannot become a primary without slots in any other way.
    let replicas = holds.without_slots_to_take(present).filter(|node| !lost.contains_key(*node));
    let causes = causes.chain(replicas.clone().map(|node| (node, Cause::NewShard)));
    let steps = causes.map(|(node, cause)| server(node, ServerAction::Reset, cause)).collect();
    let reset = lost.keys().chain(replicas).cloned().collect();
    (Stages::one("reset", Order::SideBySide, steps), reset)
}
