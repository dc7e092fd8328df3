//! The node that stays or becomes primary, in a deployment with one primary.

use crate::arrangement::{Arrangement, Member, Place};
use crate::observation::Replication;
use crate::topology::{Kind, NodeName, Topology};

/// The present primary; if it leaves the deployment, its replica with the highest offset.
pub(super) fn heir<'m, 'a>(arrangement: &'m Arrangement<'a>, primary: &'m Member<'a>) -> &'m Member<'a> {
    if primary.place == Place::Staying {
        return primary;
    }
    let heard = |member: &&Member<'_>| match member.view.map(|view| &view.replication) {
        Some(Replication::Replica { offset, link_up: true, of }) if *of == Some(primary.address) => {
            Some(*offset)
        }
        _ => None,
    };
    let servers =
        arrangement.members().filter(|member| !member.is_sentinel && member.place == Place::Staying);
    // `max_by_key` returns the last of several equal items.
    servers.rev().max_by_key(heard).unwrap_or(primary)
}

/// The primary that the nodes' files must name, if it differs from the spec's primary.
pub(super) fn swapped_primary(topology: &Topology, arrangement: &Arrangement<'_>) -> Option<NodeName> {
    let primary = match topology.kind {
        Kind::Standalone | Kind::Cluster => None,
        // After an interrupted run, the sentinels may not run yet. The servers decide then.
        Kind::Sentinel => arrangement
            .chosen_primary()
            .or_else(|| primary_by_servers(arrangement))
            .map(|member| member.name.clone()),
        Kind::Replication => {
            let answering = arrangement.answering();
            let heir = heir(&answering, answering.followed_primary()?);
            (heir.place == Place::Staying).then(|| heir.name.clone())
        }
    };
    primary.filter(|primary| !topology.starts_as_primary(primary))
}

/// The server that acts as primary. If there is none: the silent server that a replica replicates.
fn primary_by_servers<'m, 'a>(arrangement: &'m Arrangement<'a>) -> Option<&'m Member<'a>> {
    let servers =
        || arrangement.members().filter(|member| !member.is_sentinel && member.place == Place::Staying);
    if servers().any(|member| arrangement.says_primary(&member.name)) {
        return arrangement.followed_primary().filter(|primary| primary.place == Place::Staying);
    }
    let followed = servers().find_map(|member| arrangement.followed(&member.name))?;
    servers().find(|member| member.address == followed)
}
