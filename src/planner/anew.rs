//! Changes for which a deployment must be removed and made anew, because nothing of it can be kept.

use super::{Stages, cluster, engine, replication, sentinel, users};
use crate::observed::Observed;
use crate::plan::{Cause, EngineAction, Obstacle, Order, Step};
use crate::spec::DataSpec;
use crate::topology::{Kind, SpecField, Topology};

/// The fields of the spec whose change leaves nothing to keep; empty: the deployment can be
/// converged.
fn reasons(topology: &Topology, observed: &Observed) -> Vec<SpecField> {
    let mut reasons: Vec<SpecField> = Vec::new();
    if let Some(stored) = &observed.stored {
        let differences = [
            (SpecField::Kind, stored.kind != topology.kind),
            (SpecField::Shards, stored.kind == topology.kind && stored.shards.len() != topology.shards.len()),
            (SpecField::SharedPorts, changes_ports(topology, stored)),
            (SpecField::FewerReplicas, primary_leaves(topology, stored, observed)),
            (SpecField::OlderImage, !topology.server.reads_data_of(stored.server)),
            (SpecField::AuthOfOldSentinels, users::change_for_old_sentinels(topology, observed)),
            (SpecField::Data, stored.data != topology.data),
            (SpecField::Tls, stored.tls.is_some() != topology.tls.is_some()),
        ];
        reasons.extend(differences.into_iter().filter_map(|(field, differs)| differs.then_some(field)));
    }
    reasons.extend(observed.changed_authority.then_some(SpecField::Authority));
    reasons
}

/// Whether nodes under sentinels come or go where one container publishes the ports of all, and nothing keeps
/// the keys while it is made anew.
fn changes_ports(topology: &Topology, stored: &Topology) -> bool {
    let shares = topology.anchor.is_some() && stored.anchor.is_some();
    shares && stored.nodes().len() != topology.nodes().len() && topology.data != DataSpec::Volume
}

/// Whether the primary under sentinels is none of the spec's servers any more: sentinels are numbered after
/// the replicas, so that with fewer of these a server becomes a sentinel.
fn primary_leaves(topology: &Topology, stored: &Topology, observed: &Observed) -> bool {
    if stored.kind != Kind::Sentinel || topology.kind != Kind::Sentinel {
        return false;
    }
    let chosen = sentinel::chosen_primary(stored, observed);
    let primary = chosen.or_else(|| replication::acting(stored, observed));
    primary.is_some_and(|primary| topology.servers().iter().all(|server| server.name != primary.name))
}

/// What stands in the way of converging the deployment as it is.
pub(super) fn obstacles(topology: &Topology, observed: &Observed) -> Vec<Obstacle> {
    let fields = reasons(topology, observed);
    if !fields.is_empty() {
        return vec![Obstacle::Recreate { node: None, fields }];
    }
    if topology.kind == Kind::Cluster { cluster::obstacles(topology, observed) } else { Vec::new() }
}

/// Plans the removal of everything, data included, and gives what is observed after it.
pub(super) fn remove_everything(
    topology: &Topology,
    observed: &Observed,
    obstacles: &[Obstacle],
    stages: &mut Stages,
) -> Observed {
    let cause = match obstacles {
        [Obstacle::Recreate { fields, .. }, ..] => Cause::SpecChanged(fields.clone()),
        others => Cause::WrongShape(others.to_vec()),
    };
    let remove = |name| engine(Some(name), EngineAction::RemoveContainer, cause.clone());
    stages.push("remove", Order::SideBySide, observed.containers.keys().map(remove).collect());
    let network = observed.network.iter().map(|_| EngineAction::RemoveNetwork(topology.name.clone()));
    let volumes = observed.volumes.iter().map(|name| EngineAction::RemoveVolume { name: name.clone() });
    let steps: Vec<Step> = network.chain(volumes).map(|action| engine(None, action, cause.clone())).collect();
    stages.push("remove network and volumes", Order::SideBySide, steps);
    Observed {
        image_present: observed.image_present,
        foreign: observed.foreign.clone(),
        ..Observed::default()
    }
}
