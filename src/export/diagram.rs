//! A topology as a Mermaid diagram: shards, nodes, and both addresses of each node.

use std::fmt::Write as _;

use crate::topology::{Kind, Node, Topology};

/// The diagram as Mermaid text, which GitHub, GitLab and many editors draw.
#[must_use]
pub fn render(topology: &Topology) -> String {
    let mut text = String::from("flowchart LR\n");
    let mut line = |indent: usize, content: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:indent$}{content}", "", indent = indent * 2);
    };
    line(1, "clients([clients])");
    line(
        1,
        &format!("subgraph deployment[\"{}: {}, {}\"]", topology.name, topology.summary(), topology.subnet),
    );
    for (number, shard) in (1..).zip(&topology.shards) {
        let inside = if topology.kind == Kind::Cluster && topology.formed {
            line(2, &format!("subgraph shard{number}[\"shard {number}: slots {}\"]", shard.slots));
            3
        } else {
            2
        };
        for node in shard.nodes() {
            let role = match (topology.formed, node.name == shard.primary.name) {
                (false, _) => "not in a cluster yet",
                (true, true) => "primary",
                (true, false) => "replica",
            };
            line(
                inside,
                &format!("{}[\"{}<br/>{role}<br/>{}\"]", id(topology, node), node.name, node.address),
            );
        }
        for replica in shard.replicas.iter().filter(|_| topology.formed) {
            let (primary, replica) = (id(topology, &shard.primary), id(topology, replica));
            line(inside, &format!("{primary} -. replicates to .-> {replica}"));
        }
        if inside == 3 {
            line(2, "end");
        }
    }
    for sentinel in &topology.sentinels {
        let watcher = id(topology, sentinel);
        line(2, &format!("{watcher}[\"{}<br/>sentinel<br/>{}\"]", sentinel.name, sentinel.address));
        let primaries = topology.shards.iter().map(|shard| id(topology, &shard.primary));
        primaries.for_each(|primary| line(2, &format!("{watcher} -. watches .-> {primary}")));
    }
    line(1, "end");
    for node in topology.nodes() {
        line(1, &format!("clients -- \"{}\" --> {}", node.endpoint, id(topology, node)));
    }
    text
}

/// A node's id in the diagram. Names of deployments may have characters that ids must not have.
fn id(topology: &Topology, node: &Node) -> String {
    let number = topology.nodes().iter().position(|other| other.name == node.name).unwrap_or_default();
    format!("node{}", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::resolve::{Facts, resolve};

    fn diagram(yaml: &str) -> String {
        render(&resolve(&serde_yaml::from_str(yaml).unwrap(), &Facts::offline("my.shop")).unwrap())
    }

    #[test]
    fn a_cluster_shows_its_shards() {
        insta::assert_snapshot!(diagram("kind: cluster\nshards: 2"));
    }

    #[test]
    fn a_replication_has_no_shards() {
        insta::assert_snapshot!(diagram("kind: replication\nreplicas: 2"));
    }
}
