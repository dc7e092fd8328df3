//! Changes for which the whole deployment is removed and created again, because no part of it can be kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::containers::refuse_guests;
use super::draft::{Stages, engine, engine_at};
use super::{Options, leftovers, users};
use crate::arrangement::{Arrangement, Place};
use crate::observation::{Observation, ObservedEngine};
use crate::plan::{Cause, EngineAction, Obstacle, Order, Step};
use crate::spec::DataSpec;
use crate::topology::kept_data::Misfit;
use crate::topology::{EngineName, Kind, NodeName, Server, SpecField, Topology};

/// The changed fields of the spec for which the deployment must be removed first. Empty: the deployment can be
/// converged.
fn reasons(topology: &Topology, observed: &Observation) -> Vec<SpecField> {
    let mut reasons: Vec<SpecField> = Vec::new();
    if let Some(stored) = &observed.stored {
        let differences = [
            (SpecField::Kind, stored.kind != topology.kind),
            (SpecField::Shards, shards_leave_first(topology, stored)),
            (SpecField::Formed, stored.formed && !topology.formed && stored.kind == topology.kind),
            (SpecField::FormedByClients, owners_leave(topology, observed)),
            (SpecField::SharedPorts, changes_ports(topology, stored)),
            (SpecField::FewerReplicas, primary_leaves(topology, stored, observed)),
            (SpecField::OlderImage, is_older(topology, stored, observed)),
            (SpecField::AuthOfOldSentinels, users::change_for_old_sentinels(topology, observed)),
            (SpecField::Data, stored.data != topology.data),
            (SpecField::Tls, stored.tls.is_some() != topology.tls.is_some()),
        ];
        reasons.extend(differences.into_iter().filter_map(|(field, differs)| differs.then_some(field)));
    }
    reasons.extend(observed.changed_authority.then_some(SpecField::Authority));
    reasons
}

/// Whether the topology's server cannot read the data of a present server. For a silent server, the version of the
/// stored topology counts.
fn is_older(topology: &Topology, stored: &Topology, observed: &Observation) -> bool {
    let before = |name: &NodeName| stored.node(name).map_or(stored.server, |node| stored.server_of(node));
    let of =
        |name: &NodeName| observed.view(name).and_then(|view| view.server).unwrap_or_else(|| before(name));
    let servers = stored.servers();
    let with_data =
        servers.iter().map(|node| &node.name).filter(|name| observed.containers.contains_key(*name));
    let mut present: Vec<(Option<&NodeName>, Server)> =
        with_data.map(|name| (Some(name), of(name))).collect();
    if present.is_empty() {
        present.push((None, stored.server));
    }
    present.into_iter().any(|(node, server)| {
        let next = node
            .and_then(|node| topology.node(node))
            .map_or(topology.server, |node| topology.server_of(node));
        !next.reads_data_of(server)
    })
}

/// Whether nodes under sentinels join or leave while one container publishes all ports, and no volume keeps the keys.
/// Only a new container can publish other ports.
fn changes_ports(topology: &Topology, stored: &Topology) -> bool {
    let shares = topology.anchor.is_some() && stored.anchor.is_some();
    let names = |topology: &Topology| -> BTreeSet<NodeName> {
        topology.nodes().into_iter().map(|node| node.name.clone()).collect()
    };
    shares && names(stored) != names(topology) && topology.data != DataSpec::Volume
}

/// Whether shards of a cluster end while one container publishes all ports. That container is replaced first, and the
/// nodes that leave with it.
fn shards_leave_first(topology: &Topology, stored: &Topology) -> bool {
    let shares = topology.anchor.is_some() && stored.anchor.is_some();
    shares && stored.kind == topology.kind && stored.shards.len() > topology.shards.len()
}

/// Whether a node leaves that owns slots of a cluster that clients formed. Only clients could move its slots.
fn owners_leave(topology: &Topology, observed: &Observation) -> bool {
    let arrangement = Arrangement::new(topology, observed);
    !topology.formed && arrangement.leaving().any(|member| !arrangement.slots(&member.name).is_empty())
}

/// Whether the acting primary under sentinels is a replica that the new topology does not have.
fn primary_leaves(topology: &Topology, stored: &Topology, observed: &Observation) -> bool {
    if stored.kind != Kind::Sentinel || topology.kind != Kind::Sentinel {
        return false;
    }
    let arrangement = Arrangement::new(stored, observed);
    let primary = arrangement.primary().filter(|primary| primary.place == Place::Staying);
    primary.is_some_and(|primary| topology.servers().iter().all(|server| server.name != primary.name))
}

/// Why a new deployment cannot begin with the data that kept volumes hold. An existing deployment is judged by its
/// stored topology instead.
fn misfit(topology: &Topology, observed: &Observation) -> Option<Misfit> {
    let begins = observed.stored.is_none() && observed.containers.is_empty();
    let mut kept = observed.kept_data.iter().filter(|_| begins);
    kept.find_map(|kept| kept.misfit(topology))
}

/// The reasons why the deployment cannot be converged as it is.
fn obstacles(topology: &Topology, observed: &Observation) -> Vec<Obstacle> {
    let fields = reasons(topology, observed);
    if !fields.is_empty() {
        return vec![Obstacle::Recreate { node: None, fields }];
    }
    // A run that makes the deployment anew still knows about the former data.
    if let Some(needed) = observed.needed_modules.as_ref().filter(|_| loses_modules(topology, observed)) {
        return vec![Obstacle::NeededModules(needed.clone())];
    }
    if let Some(misfit) = misfit(topology, observed) {
        return vec![Obstacle::KeptData(misfit)];
    }
    Vec::new()
}

/// Whether a container has a module that the topology does not have.
fn loses_modules(topology: &Topology, observed: &Observation) -> bool {
    let settings = observed.containers.values().filter_map(|container| container.settings.as_ref());
    settings.into_iter().any(|settings| !settings.modules_beyond(topology).is_empty())
}

/// The stages of a removal, and the observation to expect after them.
pub(super) struct Cleared<'a> {
    /// The removal of containers, network and volumes. Empty if the deployment can be converged.
    pub(super) stages: Stages,
    /// The observation after the stages.
    pub(super) observed: Cow<'a, Observation>,
}

/// Plans the removal of everything, data included, if the deployment cannot be converged and the user allows it.
///
/// # Errors
/// The obstacles, if the user does not allow the removal.
pub(super) fn clear<'a>(
    topology: &Topology,
    observed: &'a Observation,
    options: Options,
) -> Result<Cleared<'a>, Vec<Obstacle>> {
    let obstacles = obstacles(topology, observed);
    if obstacles.is_empty() {
        return Ok(Cleared { stages: Stages::default(), observed: Cow::Borrowed(observed) });
    }
    if !options.recreate {
        return Err(obstacles);
    }
    refuse_guests(observed)?;
    let cause = match obstacles.as_slice() {
        [Obstacle::Recreate { fields, .. }, ..] => Cause::SpecChanged(fields.clone()),
        [Obstacle::NeededModules(_), ..] => Cause::SpecChanged(vec![SpecField::Modules]),
        [Obstacle::KeptData(misfit), ..] => Cause::SpecChanged(vec![misfit.field()]),
        _ => Cause::Changed,
    };
    let remove = |name| engine(Some(name), EngineAction::RemoveContainer, cause.clone());
    let containers = observed.containers.keys().map(remove).collect();
    let mut stages = leftovers::remove(observed);
    stages.push("remove", Order::SideBySide, containers);
    let network = |(at, _)| engine_at(at, EngineAction::RemoveNetwork(topology.name.clone()), cause.clone());
    let volume =
        |at, name: &String| engine_at(at, EngineAction::RemoveVolume { name: name.clone() }, cause.clone());
    let existing = observed.networks(topology).into_iter().filter(|(_, network)| network.is_some());
    let mut steps: Vec<Step> = existing.map(network).collect();
    if observed.engines.is_empty() {
        steps.extend(observed.volumes.iter().map(|name| volume(None, name)));
    }
    for (at, on) in &observed.engines {
        steps.extend(on.volumes.iter().map(|name| volume(Some(at), name)));
    }
    stages.push("remove network and volumes", Order::SideBySide, steps);
    let left = Observation {
        image: observed.image.clone(),
        node_images: observed.node_images.clone(),
        engines: emptied(&observed.engines),
        foreign: observed.foreign.clone(),
        ..Observation::default()
    };
    Ok(Cleared { stages, observed: Cow::Owned(left) })
}

/// The engines once networks and volumes are removed.
fn emptied(engines: &BTreeMap<EngineName, ObservedEngine>) -> BTreeMap<EngineName, ObservedEngine> {
    let without = |engine: &ObservedEngine| ObservedEngine {
        network: None,
        volumes: BTreeSet::new(),
        ..engine.clone()
    };
    engines.iter().map(|(name, engine)| (name.clone(), without(engine))).collect()
}
