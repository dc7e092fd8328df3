//! What a valid topology will not do, said before it surprises anybody.

use super::protection::Protection;
use super::{Kind, Topology};
use crate::spec::Access;

mod users;

/// Warnings for a topology: one sentence each, lowercase, no full stop.
#[must_use]
pub fn warnings(topology: &Topology) -> Vec<String> {
    let mut warnings = Vec::new();
    if topology.kind == Kind::Cluster && topology.shards.len() < 3 {
        warnings.push(format!(
            "a cluster of {} shard{} cannot fail over by itself: that takes a majority of at least 3 primaries",
            topology.shards.len(),
            if topology.shards.len() == 1 { "" } else { "s" },
        ));
    }
    let announces = topology.server.announces_endpoint();
    if topology.kind == Kind::Cluster && topology.access == Access::Host && !announces {
        warnings.push(format!(
            "{} cannot announce a client endpoint: clients outside the network need a route to {}",
            topology.server, topology.subnet,
        ));
    }
    if topology.kind == Kind::Sentinel {
        warnings.extend(of_sentinels(topology));
    }
    if Protection::of(topology.auth.as_ref(), topology.bind) == Protection::Nothing {
        warnings.push(format!(
            "ports are open on {} and there is no password: whoever reaches this machine can use it",
            topology.bind
        ));
    }
    warnings.extend(users::warnings(topology));
    warnings
}

/// What sentinels cannot do with what there is.
fn of_sentinels(topology: &Topology) -> Vec<String> {
    let mut warnings = Vec::new();
    if topology.replicas_per_shard() == 0 {
        warnings.push("without a replica there is nothing for the sentinels to make primary".to_owned());
    }
    if topology.sentinels.len() == 1 {
        warnings.push("one sentinel fails over on its own, and nobody does where it is lost too".to_owned());
    }
    if let (Some(node), Some(_)) = (topology.nodes().first(), &topology.anchor)
        && node.endpoint.host != node.address.ip.to_string()
        && node.address.ip.is_loopback()
    {
        warnings.push(format!(
            "sentinels can announce IPs only, and that of `{}` is not known: clients that ask them are told {}",
            node.endpoint.host, node.address.ip
        ));
    }
    warnings
}
