//! The primary that the nodes' files name.

use crate::arrangement::{Arrangement, Place};
use crate::topology::{Kind, NodeName, Topology};

/// The primary that the nodes' files must name, if it differs from the spec's primary.
pub(super) fn primary_in_files(topology: &Topology, arrangement: &Arrangement<'_>) -> Option<NodeName> {
    let primary = match topology.kind {
        Kind::Standalone | Kind::Cluster => None,
        // After an interrupted run, the sentinels may not run yet. The servers decide then.
        Kind::Sentinel => arrangement
            .chosen_primary()
            .or_else(|| arrangement.primary_by_servers())
            .map(|member| member.name.clone()),
        Kind::Replication => {
            let answering = arrangement.answering();
            let heir = answering.heir(answering.followed_primary()?);
            (heir.place == Place::Staying).then(|| heir.name.clone())
        }
    };
    primary.filter(|primary| !topology.starts_as_primary(primary))
}
