//! Changes for which a deployment must be removed and made anew, because nothing of it can be kept.

use super::{Stages, cluster, engine, users};
use crate::observed::Observed;
use crate::plan::effect::{OLD_SENTINELS, OLDER_IMAGE, OTHER_AUTHORITY};
use crate::plan::{Cause, EngineAction, Obstacle, Order, Step};
use crate::topology::{Kind, Node, NodeName, Topology};

/// The fields of the spec whose change leaves nothing to keep; empty: the deployment can be
/// converged.
fn reasons(topology: &Topology, observed: &Observed) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    // Sentinels are numbered after the replicas: with other numbers, other nodes are sentinels.
    let names = |nodes: &[Node]| nodes.iter().map(|node| node.name.clone()).collect::<Vec<NodeName>>();
    if let Some(stored) = &observed.stored {
        let differences = [
            ("kind", stored.kind != topology.kind),
            ("shards", stored.kind == topology.kind && stored.shards.len() != topology.shards.len()),
            (
                "sentinels",
                stored.kind == topology.kind && names(&stored.sentinels) != names(&topology.sentinels),
            ),
            (OLDER_IMAGE, !topology.server.reads_data_of(stored.server)),
            (OLD_SENTINELS, users::change_for_old_sentinels(topology, observed)),
            ("data", stored.data != topology.data),
            ("tls", stored.tls.is_some() != topology.tls.is_some()),
        ];
        reasons
            .extend(differences.iter().filter(|(_, differs)| *differs).map(|(field, _)| (*field).to_owned()));
    }
    reasons.extend(observed.changed_authority.then(|| OTHER_AUTHORITY.to_owned()));
    reasons
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
        others => Cause::WrongShape(others.iter().map(ToString::to_string).collect()),
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
