//! Nodes that the spec does not have any more. Once the other nodes have their roles, these containers and their
//! volumes are removed. The volumes hold only copies then.

use super::draft::{Stages, engine, server};
use super::fate::Fates;
use super::world::World;
use crate::arrangement::{Arrangement, Member};
use crate::observation::{ClusterRole, Observation};
use crate::plan::{Cause, EngineAction, Order, ServerAction, Step};
use crate::topology::Settings;
use crate::topology::container::data_volume;

/// The directive with which a primary without slots replicates the next owner, and its replicas do the same.
const MIGRATES: &str = "cluster-allow-replica-migration";

/// Removes the nodes that leave, unless an earlier stage removes them.
pub(super) fn remove(world: &World<'_>) -> Stages {
    if world.fates.leave_first {
        return Stages::default();
    }
    let goes = |step: &Step| step.node.as_ref().is_none_or(|node| !world.left_alone.has_node(node));
    let steps = removals(world.fates, world.observed).into_iter().filter(goes).collect();
    Stages::one("remove", Order::SideBySide, steps)
}

/// Forbids nodes that leave to replicate the next owners of their slots. They would copy all keys of that node, and
/// clients would read from them until they are removed.
pub(super) fn stay_apart(present: &Arrangement<'_>) -> Stages {
    let migrate = present.leaving().filter(|member| migrates(member) == Some(true));
    let steps = migrate.map(|member| {
        let settings = Settings::from_iter([(MIGRATES, "no")]);
        server(&member.name, ServerAction::Configure(settings), Cause::Leaves)
    });
    Stages::one("stay apart", Order::SideBySide, steps.collect())
}

/// Whether a node without slots replicates the next owner of its slots; `None`: the server always does so.
fn migrates(member: &Member<'_>) -> Option<bool> {
    Some(member.view?.settings.get(MIGRATES)? == "yes")
}

/// Gives the clients of former owners of slots time to learn the next owners. A removed node cannot tell them.
pub(super) fn let_clients_move_on(world: &World<'_>, present: &Arrangement<'_>) -> Stages {
    if world.fates.leave_first || world.removes_traces {
        return Stages::default();
    }
    let owned_slots = |member: &&Member<'_>| match present.role(&member.name) {
        Some(ClusterRole::Primary) => true,
        Some(ClusterRole::Replica(id)) => present.with_id(id).is_none() || migrates(member).is_none(),
        None => false,
    };
    let goes = present.leaving().filter(|member| !world.left_alone.has_node(&member.name));
    let steps = goes
        .filter(owned_slots)
        .map(|member| server(&member.name, ServerAction::LetClientsMoveOn, Cause::Leaves));
    Stages::one("let clients move on", Order::SideBySide, steps.collect())
}

/// The steps that remove every node that leaves.
pub(super) fn removals(fates: &Fates<'_>, observed: &Observation) -> Vec<Step> {
    let removal = |name| {
        let volume = data_volume(name);
        let remove_volume = observed.volumes.contains(&volume);
        let remove_volume = remove_volume.then_some(EngineAction::RemoveVolume { name: volume });
        std::iter::once(EngineAction::RemoveContainer)
            .chain(remove_volume)
            .map(move |action| engine(Some(name), action, Cause::Leaves))
    };
    fates.leaving.iter().copied().flat_map(removal).collect()
}
