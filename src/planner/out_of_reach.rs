//! The plan while engines with nodes do not answer. Only the nodes on the other engines are repaired: their containers
//! and settings. Roles, slots and membership stay, because the missing nodes may live.

use std::collections::BTreeSet;

use super::containers;
use super::world::World;
use super::{Options, at_stake, fate::Fates, placed, rescue, server_states::ServerStates, settings};
use crate::arrangement::Arrangement;
use crate::observation::Observation;
use crate::plan::{Obstacle, Plan};
use crate::topology::{NodeName, Topology};

/// Plans the repairs on the engines that answer.
///
/// # Errors
/// The engines out of reach, if the spec changed: such a change needs every engine.
pub(super) fn repair(
    topology: &Topology,
    observed: &Observation,
    options: Options,
) -> Result<Plan, Vec<Obstacle>> {
    let is_unchanged = observed.stored.as_deref() == Some(topology) && observed.changed_passwords.is_empty();
    if !is_unchanged || options.recreate || options.removes_traces() {
        return Err(obstacles(topology, observed));
    }
    containers::refuse_foreign(observed)?;
    let arrangement = &Arrangement::new(topology, observed);
    let fates = &Fates::decide(topology, observed, options)?;
    let servers = &ServerStates::new(topology, observed, fates);
    let left_alone = &at_stake::judge(topology, observed, arrangement, options);
    let world = World { topology, observed, arrangement, fates, servers, left_alone, removes_traces: false };
    let withheld = rescue::only_out_of_reach(&world);
    let notes = sentences(topology, observed, &withheld);
    let fates = &Fates::decide(topology, observed, options)?.without(withheld);
    let world = World { fates, ..world };

    let mut stages = super::leftovers::remove(observed);
    let rescue = rescue::plan(&world);
    stages.append(rescue.stages);
    if !rescue.awaits_choice {
        stages.append(containers::plan(&world, rescue.primary));
        stages.append(settings::plan(&world).stages);
    }
    let plan = Plan { complete: false, ..Plan::of_stages(&topology.name, stages.into_vec()) };
    Ok(placed(Plan { out_of_reach: notes, ..plan }, topology, observed))
}

/// The obstacle of each engine with nodes that does not answer.
fn obstacles(topology: &Topology, observed: &Observation) -> Vec<Obstacle> {
    let stored = observed.stored.as_deref();
    let obstacle = |(engine, cause): (&_, &String)| {
        let nodes = stored.unwrap_or(topology).nodes_on(engine);
        Obstacle::OutOfReach {
            engine: engine.clone(),
            cause: cause.clone(),
            nodes: if stored.is_some() {
                nodes.into_iter().map(|node| node.name.clone()).collect()
            } else {
                Vec::new()
            },
        }
    };
    observed.lost_with_nodes(topology).map(|(engine, cause)| obstacle((engine, cause))).collect()
}

/// A sentence for each engine with nodes that does not answer, and for each node that waits for it.
fn sentences(topology: &Topology, observed: &Observation, withheld: &BTreeSet<NodeName>) -> Vec<String> {
    let waits = |node: &NodeName| {
        format!(
            "{node} is not started: it would come back empty, and only a node out of reach may have its keys"
        )
    };
    let engines = obstacles(topology, observed).into_iter().map(|obstacle| obstacle.to_string());
    engines.chain(withheld.iter().map(waits)).collect()
}
