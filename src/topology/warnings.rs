//! What a valid topology will not do, said before it surprises anybody.

use super::{Kind, Topology};
use crate::spec::Access;

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
    let has_password = topology.auth.as_ref().is_some_and(|auth| auth.default_password);
    if !topology.bind.is_loopback() && !has_password {
        warnings.push(format!(
            "ports are open on {} and there is no password: set `auth.password`",
            topology.bind
        ));
    }
    for user in topology.auth.iter().flat_map(|auth| &auth.users) {
        let grants = user.rules.iter().any(|rule| rule.starts_with('+') || rule == "allcommands");
        let keys = user.rules.iter().any(|rule| rule.starts_with(['~', '%', '(']) || rule == "allkeys");
        if grants && !keys {
            warnings.push(format!("user `{}` has commands but no key pattern: it can use no key", user.name));
        }
    }
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
