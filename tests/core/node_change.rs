//! Changes of nodes on purpose: the chosen nodes, and what clients can expect afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use redisctl::failover::{ShardChoice, swaps};
use redisctl::node_change::{NodeChoice, NodeVerb, NodesChanged, Watch};
use redisctl::planner::{plan_failover, plan_on_purpose};
use redisctl::status::Role;
use redisctl::topology::{NodeName, Topology};

use crate::memory::World;
use crate::rig::{node, run, settle, topology, up};

/// Nodes 1 to 3 are servers, 4 to 6 are sentinels.
const SENTINEL: &str = "{kind: sentinel, replicas: 2}";

const ALL: NodeChoice = NodeChoice { nodes: Vec::new(), role: None, shard: None, key: None };

fn role(role: Role) -> NodeChoice {
    NodeChoice { role: Some(role), ..ALL }
}

fn shard(number: usize) -> NodeChoice {
    NodeChoice { shard: Some(number), ..ALL }
}

/// A key of shard 3.
fn key() -> NodeChoice {
    NodeChoice { key: Some("foo".to_owned()), ..ALL }
}

/// The chosen nodes, or the problem with its hint.
fn chosen(world: &World, topology: &Topology, choice: &NodeChoice) -> String {
    world.gather_passwords(topology);
    match choice.choose(topology, &world.observe(topology)) {
        Ok(nodes) => nodes.iter().map(NodeName::as_str).collect::<Vec<_>>().join(" "),
        Err(wrong) => format!("{wrong}: {}", wrong.hint),
    }
}

fn table(world: &World, topology: &Topology, choices: &[(&str, NodeChoice)]) -> String {
    let line = |(name, choice): &(&str, NodeChoice)| format!("{name:22} {}", chosen(world, topology, choice));
    choices.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn nodes_are_chosen_by_their_present_roles() {
    let topology = topology("kind: cluster");
    let world = up(&topology).await;
    let choices = [
        ("all", ALL),
        ("4 6", NodeChoice { nodes: vec![node(&topology, 4), node(&topology, 6)], ..ALL }),
        (
            "4 6 primary",
            NodeChoice { nodes: vec![node(&topology, 4), node(&topology, 6)], ..role(Role::Primary) },
        ),
        ("primary", role(Role::Primary)),
        ("replica", role(Role::Replica)),
        ("shard 1", shard(1)),
        ("shard 1 replica", NodeChoice { shard: Some(1), ..role(Role::Replica) }),
        ("key", key()),
        ("key replica", NodeChoice { role: Some(Role::Replica), ..key() }),
        ("key shard 3", NodeChoice { shard: Some(3), ..key() }),
        ("key shard 1", NodeChoice { shard: Some(1), ..key() }),
    ];
    assert_snapshot!(table(&world, &topology, &choices), @"
    all                    shop-1 shop-2 shop-3 shop-4 shop-5 shop-6
    4 6                    shop-4 shop-6
    4 6 primary            no node of `shop` fits `shop-4 shop-6 --role primary`: `redisctl status shop` shows the present roles and slots
    primary                shop-1 shop-2 shop-3
    replica                shop-4 shop-5 shop-6
    shard 1                shop-1 shop-4
    shard 1 replica        shop-4
    key                    shop-3
    key replica            shop-6
    key shard 3            shop-3
    key shard 1            no node of `shop` fits `--shard 1 --key foo`: `redisctl status shop` shows the present roles and slots
    ");
    // Another node takes the place of shop-1. The primary of shard 3 is down, and its place is still free.
    world.stop_container(&node(&topology, 1));
    settle().await;
    world.vote();
    settle().await;
    world.stop_container(&node(&topology, 3));
    world.remove_container(&node(&topology, 5));
    assert_snapshot!(table(&world, &topology, &choices), @"
    all                    shop-1 shop-2 shop-3 shop-4 shop-6
    4 6                    shop-4 shop-6
    4 6 primary            shop-4
    primary                shop-2 shop-3 shop-4
    replica                shop-1 shop-6
    shard 1                shop-1 shop-4
    shard 1 replica        shop-1
    key                    shop-3
    key replica            shop-6
    key shard 3            shop-3
    key shard 1            no node of `shop` fits `--shard 1 --key foo`: `redisctl status shop` shows the present roles and slots
    ");
}

#[tokio::test(start_paused = true)]
async fn wrong_choices_have_a_hint() {
    let mut texts = Vec::new();
    for kind in ["standalone", "replication", "sentinel", "cluster"] {
        let topology = topology(&format!("kind: {kind}"));
        let world = up(&topology).await;
        let choices = [
            ("replica", role(Role::Replica)),
            ("sentinel", role(Role::Sentinel)),
            ("key", key()),
            ("shard 0", shard(0)),
            ("shard 4", shard(4)),
            ("node 9", NodeChoice { nodes: vec![node(&topology, 9)], ..ALL }),
        ];
        texts.push(format!("{kind}\n{}", table(&world, &topology, &choices)));
    }
    let without_replicas = topology("{kind: cluster, shards: 7, replicas: 0}");
    let world = up(&without_replicas).await;
    let choices = [("replica", role(Role::Replica)), ("shard 8", shard(8))];
    texts.push(format!("no replicas\n{}", table(&world, &without_replicas, &choices)));
    assert_snapshot!(texts.join("\n\n"));
}

/// Changes nodes, lets the servers vote, and returns the result three seconds later.
async fn changed(world: &World, topology: &Topology, verb: NodeVerb, numbers: &[usize]) -> NodesChanged {
    world.gather_passwords(topology);
    let before = world.observe(topology);
    let nodes: BTreeSet<NodeName> = numbers.iter().map(|number| node(topology, *number)).collect();
    let plan = plan_on_purpose(topology, &before, &nodes, verb);
    run(world, topology, &plan).await.expect("nothing fails");
    let mut watch = if verb.silences() {
        Watch::for_heirs(topology, &before, nodes.clone())
    } else {
        Watch::for_returns(topology, &before, nodes.clone())
    };
    settle().await;
    world.vote();
    settle().await;
    watch.look(&world.observe(topology).servers, |_| Duration::from_secs(3));
    NodesChanged::new(topology, verb, &before, &nodes, &nodes).with(topology, &before, &watch, true)
}

#[tokio::test(start_paused = true)]
async fn clients_are_told_which_node_takes_over_or_why_none_does() {
    use NodeVerb::{Kill, Pause, Stop};
    let mut texts = Vec::new();
    for (yaml, verb, numbers) in [
        ("kind: standalone", Kill, &[1][..]),
        ("{kind: standalone, data: volume}", Stop, &[1]),
        ("kind: replication", Kill, &[1]),
        ("{kind: replication, data: volume}", Stop, &[1]),
        ("kind: replication", Pause, &[1]),
        ("kind: replication", Stop, &[2]),
        ("kind: replication", Pause, &[2]),
        (SENTINEL, Kill, &[1]),
        (SENTINEL, Kill, &[1, 2]),
        (SENTINEL, Stop, &[1, 3, 4]),
        (SENTINEL, Stop, &[5]),
        ("{kind: sentinel, replicas: 2, config: {replica-priority: 0}}", Stop, &[1]),
        ("kind: cluster", Kill, &[1]),
        ("kind: cluster", Pause, &[1, 5]),
        ("kind: cluster", Kill, &[1, 4]),
        ("kind: cluster", Kill, &[1, 2]),
        ("kind: cluster", Stop, &[4]),
        ("{kind: cluster, shards: 1, replicas: 1}", Kill, &[1]),
        ("{kind: cluster, config: {cluster-replica-no-failover: true}}", Kill, &[1]),
        ("{kind: cluster, config: {cluster-require-full-coverage: false}}", Kill, &[1, 4]),
        ("kind: cluster", Stop, &[1, 2, 3, 4, 5, 6]),
    ] {
        let topology = topology(yaml);
        let world = up(&topology).await;
        let result = changed(&world, &topology, verb, numbers).await;
        let count = result.took_over.len() + result.not_taken_over.len();
        assert!(count <= numbers.len(), "{result:?}");
        texts.push(format!("{yaml}: {} {numbers:?}\n  {}", verb.as_str(), result.expect.join("\n  ")));
        assert!(!result.is_unsettled(), "{}", texts.join("\n"));
    }
    assert_snapshot!(texts.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_started_node_is_back_in_the_role_that_is_left_for_it() {
    use NodeVerb::{Kill, Pause, Restart, Start, Stop, Unpause};
    let mut texts = Vec::new();
    for (yaml, changes) in [
        ("kind: replication", &[(Kill, &[1][..]), (Start, &[1])][..]),
        ("kind: replication", &[(Stop, &[1, 2]), (Start, &[2])]),
        (SENTINEL, &[(Pause, &[1, 6]), (Unpause, &[1, 6])]),
        ("kind: cluster", &[(Kill, &[1, 5]), (Start, &[1, 5])]),
        ("kind: cluster", &[(Kill, &[1, 4]), (Start, &[1, 4])]),
        ("{kind: standalone, data: volume}", &[(Restart, &[1])]),
        ("kind: standalone", &[(Restart, &[1])]),
    ] {
        let topology = topology(yaml);
        let world = up(&topology).await;
        world.put_keys(&node(&topology, 1), 7);
        settle().await;
        let mut told = Vec::new();
        for (verb, numbers) in changes {
            told = changed(&world, &topology, *verb, numbers).await.expect;
        }
        texts.push(format!("{yaml}: {changes:?}\n  {}", told.join("\n  ")));
    }
    assert_snapshot!(texts.join("\n"));
}

/// Which nodes take over on purpose, by a plan, or why none does.
fn failover(world: &World, topology: &Topology, choice: &ShardChoice) -> String {
    world.gather_passwords(topology);
    let observed = world.observe(topology);
    match swaps(topology, &observed, choice) {
        Ok(swaps) => plan_failover(topology, &observed, &swaps).to_string(),
        Err(wrong) => format!("{wrong}: {}\n", wrong.hint),
    }
}

#[tokio::test(start_paused = true)]
async fn a_failover_on_purpose_needs_a_replica_in_sync() {
    let all = ShardChoice::default();
    let second = ShardChoice { shard: Some(2), ..all.clone() };
    let ninth = ShardChoice { shard: Some(9), ..all.clone() };
    let of_key = ShardChoice { key: Some("foo".to_owned()), ..all.clone() };
    let mut texts = Vec::new();
    for (yaml, choice, stopped) in [
        ("kind: standalone", &all, &[][..]),
        ("kind: replication", &all, &[]),
        ("kind: replication", &second, &[]),
        ("kind: replication", &all, &[2]),
        ("{kind: replication, replicas: 0}", &all, &[]),
        (SENTINEL, &all, &[]),
        (SENTINEL, &all, &[3, 4]),
        (SENTINEL, &all, &[4, 5, 6]),
        ("{kind: sentinel, replicas: 2, config: {replica-priority: 0}}", &all, &[]),
        ("kind: cluster", &all, &[]),
        ("kind: cluster", &of_key, &[]),
        ("kind: cluster", &ninth, &[]),
        ("kind: cluster", &all, &[5]),
        ("kind: cluster", &second, &[2]),
        ("{kind: cluster, replicas: 0}", &second, &[]),
        ("kind: cluster", &second, &[1, 3]),
    ] {
        let topology = topology(yaml);
        let world = up(&topology).await;
        for number in stopped {
            world.stop_container(&node(&topology, *number));
        }
        texts.push(format!("{yaml} {stopped:?}\n{}", failover(&world, &topology, choice)));
    }
    assert_snapshot!(texts.join("\n"));
}
