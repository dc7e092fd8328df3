//! Warnings about deployments with servers of several versions: what cannot work.

use crate::spec::{Problem, SpecPath};
use crate::topology::{Kind, Node, Server, Topology};

/// What cannot work between servers of different versions.
pub(super) fn warnings(topology: &Topology) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let mut warn = |node: &Node, message: String| {
        warnings.push(Problem { path: field(node), ..Problem::new(&["image"], message) });
    };
    let text = |node: &Node| format!("`{}` ({})", node.name, topology.server_of(node));
    for shard in &topology.shards {
        let primary = &shard.primary;
        for replica in &shard.replicas {
            let (of_primary, of_replica) = (topology.server_of(primary), topology.server_of(replica));
            let own = if replica.own_image.is_some() { replica } else { primary };
            let (primary, replica) = (text(primary), text(replica));
            if !of_replica.reads_data_of(of_primary) {
                warn(
                    own,
                    format!(
                        "{replica} cannot load the data of its primary {primary}, so it gets no link to it"
                    ),
                );
            } else if !of_primary.reads_data_of(of_replica) {
                let message = format!(
                    "after a failover to {replica}, {primary} cannot load its data, and stays without a link"
                );
                warn(own, message);
            }
        }
    }
    if topology.kind == Kind::Cluster {
        let mut primaries = topology.shards.iter().map(|shard| &shard.primary);
        if let Some((from, to)) = pair(topology, &mut primaries) {
            let own = if to.own_image.is_some() { to } else { from };
            warn(
                own,
                format!(
                    "slots with keys cannot move from {} to {}, which cannot load its data",
                    text(from),
                    text(to)
                ),
            );
        }
    }
    warnings
}

/// Two primaries: the second cannot load the data of the first.
fn pair<'a>(
    topology: &Topology,
    primaries: &mut dyn Iterator<Item = &'a Node>,
) -> Option<(&'a Node, &'a Node)> {
    let primaries: Vec<&Node> = primaries.collect();
    primaries.iter().find_map(|from| {
        let of = topology.server_of(from);
        let to = primaries.iter().find(|to| !topology.server_of(to).reads_data_of(of))?;
        Some((*from, *to))
    })
}

/// The field with the image of a server that cannot announce endpoints, and this server.
pub(super) fn without_endpoints(topology: &Topology) -> (SpecPath, Server) {
    let node = topology.servers().into_iter().find(|node| !topology.server_of(node).announces_endpoint());
    match node {
        Some(node) => (field(node), topology.server_of(node)),
        None => (SpecPath::new(&["image"]), topology.server),
    }
}

/// The field with a node's image.
fn field(node: &Node) -> SpecPath {
    match &node.own_image {
        Some(_) => SpecPath::new(&["nodes", node.name.as_str(), "image"]),
        None => SpecPath::new(&["image"]),
    }
}

#[cfg(test)]
mod tests {
    use crate::topology::resolve::{Facts, resolve};

    #[test]
    fn what_cannot_work_between_versions_is_said() {
        let warnings = |yaml: &str| {
            let topology = resolve(&serde_yaml::from_str(yaml).unwrap(), &Facts::offline("shop")).unwrap();
            let texts = super::warnings(&topology).into_iter();
            texts.map(|problem| format!("{}: {}", problem.path, problem.message)).collect::<Vec<_>>()
        };
        for (yaml, expected) in [
            (
                "{kind: replication, image: 'redis:7.0', nodes: {shop-2: {image: 'redis:7.2'}}}",
                &[
                    "nodes.shop-2.image: after a failover to `shop-2` (redis 7.2.0), `shop-1` (redis 7.0.0) cannot load its data, and \
                 stays without a link",
                ][..],
            ),
            (
                "{kind: replication, image: 'redis:8.0', nodes: {shop-2: {image: 'redis:7.0'}}}",
                &[
                    "nodes.shop-2.image: `shop-2` (redis 7.0.0) cannot load the data of its primary `shop-1` (redis 8.0.0), so it \
                 gets no link to it",
                ],
            ),
            (
                "{kind: cluster, replicas: 0, image: 'redis:8.0', nodes: {shop-2: {image: 'valkey/valkey:8.1'}}}",
                &[
                    "nodes.shop-2.image: slots with keys cannot move from `shop-1` (redis 8.0.0) to `shop-2` (valkey 8.1.0), which \
                 cannot load its data",
                ],
            ),
            ("{kind: replication, image: 'redis:7.0', nodes: {shop-2: {image: 'redis:7.0.5'}}}", &[]),
            ("{kind: replication, image: 'redis:7.0', nodes: {shop-2: {image: 'redis:7.0'}}}", &[]),
        ] {
            assert_eq!(warnings(yaml), expected, "{yaml}");
        }
    }
}
