//! Rules of kind `sentinel`: the number of sentinels, their directives, and static IPs.

use crate::spec::{Access, Problem, Spec, SpecKind};
use crate::topology::settings::is_of_sentinels;

/// The number of sentinels is odd: one sentinel more does not make an odd number tolerate another loss.
pub(super) fn can_decide(spec: &Spec) -> Option<Problem> {
    let count = spec.sentinels.filter(|_| spec.kind == SpecKind::Sentinel)?;
    (count % 2 == 0).then(|| {
        let message = match count {
            0 => "without sentinels, no failover happens".to_owned(),
            _ => {
                format!("{count} sentinels are an even number: they tolerate as many losses as {}", count - 1)
            }
        };
        let hint = match count {
            0 => "set 3 or more, or use kind `replication`".to_owned(),
            _ => format!("set an odd number: {} sentinels tolerate another loss", count.saturating_add(1)),
        };
        Problem::new(&["sentinels"], message).hint(hint)
    })
}

/// Only kind `sentinel` has directives for sentinels.
pub(super) fn directives_have_sentinels(spec: &Spec) -> Vec<Problem> {
    let common = spec.config.iter().flatten().map(|(directive, _)| vec!["config", directive]);
    let own = spec.nodes.iter().flatten().flat_map(|(name, node)| {
        let directives = node.config.iter().flatten();
        directives.map(move |(directive, _)| vec!["nodes", name, "config", directive])
    });
    let misfit = |path: Vec<&str>| {
        let directive = path.last().copied().filter(|directive| is_of_sentinels(directive))?;
        let message = format!("`{directive}` is a directive for sentinels, and this kind has none");
        Some(Problem::new(&path, message).hint("it fits kind `sentinel`"))
    };
    common.chain(own).filter(|_| spec.kind != SpecKind::Sentinel).filter_map(misfit).collect()
}

/// Nodes that share a network namespace have no static IPs of their own.
pub(super) fn nodes_share_an_ip(spec: &Spec) -> Vec<Problem> {
    if spec.kind != SpecKind::Sentinel || spec.access.unwrap_or_default() == Access::Network {
        return Vec::new();
    }
    let own = spec.nodes.iter().flatten().filter(|(_, node)| node.ip.is_some());
    own.map(|(name, _)| {
        let message = "nodes of kind `sentinel` share the IP that clients on the host dial";
        Problem::new(&["nodes", name, "ip"], message)
            .hint("remove `ip`, or set `access: network` for clients inside the Docker network")
    })
    .collect()
}
