//! Whether a deployment matches its topology, judged without the planner.

use redisctl::observation::Replication;
use redisctl::plan::{
    ClusterExpectation, ClusterMember, MemberRole, Milestone, Peer, ReplicationExpectation,
    SentinelExpectation,
};
use redisctl::readiness::{self, Disagreement};
use redisctl::topology::settings::values::same_value;
use redisctl::topology::{Kind, Node, NodeName, Shard, Topology};

use crate::memory::World;

/// The expected answers of every node of a cluster, given each shard's primary.
pub(crate) fn cluster_expectation(topology: &Topology, acting: &[NodeName]) -> ClusterExpectation {
    let role = |shard: &Shard, primary: &NodeName, name: &NodeName| {
        if name == primary {
            MemberRole::Primary(shard.slots.clone())
        } else {
            MemberRole::Replica(primary.clone())
        }
    };
    let members = topology.shards.iter().zip(acting).flat_map(|(shard, primary)| {
        shard.nodes().map(move |node| ClusterMember {
            node: node.name.clone(),
            address: node.address,
            role: role(shard, primary, &node.name),
        })
    });
    ClusterExpectation {
        members: members.collect(),
        strangers: std::collections::BTreeSet::new(),
        milestone: Milestone::Ready,
    }
}

fn peer(node: &Node) -> Peer {
    Peer { node: node.name.clone(), address: node.address }
}

/// The expected answers of sentinels, given the primary.
fn sentinel_expectation(topology: &Topology, primary: &NodeName) -> SentinelExpectation {
    SentinelExpectation {
        watched: replication_expectation(topology, primary),
        sentinels: topology.sentinels.iter().map(peer).collect(),
    }
}

/// The expected replication, given the primary.
pub(crate) fn replication_expectation(topology: &Topology, primary: &NodeName) -> ReplicationExpectation {
    let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
        topology.servers().into_iter().partition(|node| node.name == *primary);
    ReplicationExpectation { primary: peer(primaries[0]), replicas: replicas.into_iter().map(peer).collect() }
}

/// Asserts that the deployment matches its topology, with any nodes as primaries.
pub(crate) fn assert_ready(world: &World, topology: &Topology) {
    let wrong = what_is_wrong(world, topology);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The differences between the deployment and its topology, with any nodes as primaries; judged without the planner.
pub(crate) fn what_is_wrong(world: &World, topology: &Topology) -> Vec<String> {
    let observed = world.observe(topology);
    let acting: Result<Vec<NodeName>, String> =
        topology.shards.iter().map(|shard| only_primary_of(world, shard)).collect();
    let acting = match acting {
        Ok(acting) => acting,
        Err(wrong) => return vec![wrong],
    };
    let disagreements: Vec<Disagreement> = match topology.kind {
        Kind::Standalone => Vec::new(),
        Kind::Replication => {
            readiness::replication(&replication_expectation(topology, &acting[0]), &observed.servers)
        }
        Kind::Sentinel => {
            readiness::sentinels(&sentinel_expectation(topology, &acting[0]), &observed.servers)
        }
        Kind::Cluster => readiness::cluster(&cluster_expectation(topology, &acting), &observed.servers),
    };
    let mut wrong: Vec<String> = disagreements.iter().map(ToString::to_string).collect();
    if observed.servers.len() != topology.nodes().len() {
        wrong.push(format!("{} servers run", observed.servers.len()));
    }
    if observed.stored.as_deref() != Some(topology) {
        wrong.push("another topology is stored".to_owned());
    }
    for node in topology.nodes() {
        let Some(view) = observed.view(&node.name) else {
            wrong.push(format!("{} does not answer", node.name));
            continue;
        };
        for (name, found) in view.settings.iter().filter(|(name, _)| *name != "replicaof") {
            let default = observed.learned.default_of(name).filter(|_| name != "notify-keyspace-events");
            let wanted = node.settings.get(name).or(default);
            if wanted.is_some_and(|wanted| !same_value(name, wanted, found)) {
                wrong.push(format!("{}: {name} {found}", node.name));
            }
        }
    }
    wrong
}

/// The node that acts as a shard's primary.
pub(crate) fn primary_of(world: &World, shard: &Shard) -> NodeName {
    only_primary_of(world, shard).expect("a primary")
}

fn only_primary_of(world: &World, shard: &Shard) -> Result<NodeName, String> {
    let mut primaries = Vec::new();
    for node in shard.nodes() {
        let view = world.state().view(&node.name).map_err(|error| format!("{}: {error}", node.name))?;
        if matches!(view.replication, Replication::Primary { .. }) {
            primaries.push(node.name.clone());
        }
    }
    match primaries.as_slice() {
        [primary] => Ok(primary.clone()),
        _ => Err(format!("of a shard, {} nodes are primaries: {primaries:?}", primaries.len())),
    }
}
