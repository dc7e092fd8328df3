//! Rules of kind `sentinel`: the number of sentinels, their directives, and static IPs.

use crate::spec::{Access, Problem, Spec, SpecKind};
use crate::topology::NodeName;
use crate::topology::settings::{OF_SENTINELS, is_of_sentinels, owned};

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

/// The directives of sentinels are numbers above 0: times in milliseconds, and a count. Sentinels end on other values, or
/// take them for 0.
pub(super) fn value_is_a_number(at: &[&str], directive: &str, line: &str) -> Option<Problem> {
    let most = if directive.eq_ignore_ascii_case("parallel-syncs") { i64::from(i32::MAX) } else { i64::MAX };
    if !is_of_sentinels(directive) || line.parse().is_ok_and(|number: i64| (1..=most).contains(&number)) {
        return None;
    }
    let message = format!("`{line}` is not a value of `{directive}`");
    Some(Problem::new(at, message).hint(if directive.eq_ignore_ascii_case("parallel-syncs") {
        "write a number of replicas: 1 or more"
    } else {
        "write milliseconds above 0: `5000`, for example"
    }))
}

/// A sentinel has directives of sentinels only, and a server has none of them.
pub(in crate::topology) fn directives_fit_their_nodes(spec: &Spec, sentinels: &[&NodeName]) -> Vec<Problem> {
    let of_kind = spec.nodes.iter().flatten().filter(|_| spec.kind == SpecKind::Sentinel);
    let misfits = of_kind.flat_map(|(name, node)| {
        let is_sentinel = sentinels.iter().any(|sentinel| sentinel.as_str() == name);
        let directives = node.config.iter().flatten().map(|(directive, _)| directive);
        // Another rule reports directives that redisctl owns.
        directives
            .filter(move |directive| is_of_sentinels(directive) != is_sentinel && owned(directive).is_none())
            .map(move |directive| {
                let at = ["nodes", name, "config", directive];
                if is_sentinel {
                    Problem::new(&at, format!("`{name}` is a sentinel, and does not take `{directive}`"))
                        .hint(format!("sentinels take {}", quoted_list(&OF_SENTINELS)))
                } else {
                    Problem::new(&at, format!("`{directive}` is for sentinels, and `{name}` is none"))
                        .hint("write it under `config` for all sentinels, or under a sentinel")
                }
            })
    });
    misfits.collect()
}

fn quoted_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
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
