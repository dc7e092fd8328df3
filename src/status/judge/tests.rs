//! The output of `status` for deployments in good and bad states.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::observation::{
    ClusterNode, ClusterRole, ClusterView, ObservedServer, Replication, ServerView, SlotWay,
};
use crate::spec::Spec;
use crate::status::{Link, NodeCondition, Role};
use crate::topology::resolve::{Facts, resolve};
use crate::topology::{Address, Kind, NodeName, Server, Shard, SlotSet};

fn topology(yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).unwrap();
    resolve(&spec, &Facts::offline("shop")).unwrap()
}

fn name(number: usize) -> NodeName {
    NodeName::from_label(&format!("shop-{number}"))
}

fn id(name: &NodeName) -> String {
    format!("id of {name}")
}

/// A healthy deployment: all nodes run, and every replica is 14 bytes behind.
fn healthy(topology: &Topology) -> Observation {
    let mut observed = Observation::default();
    for node in topology.nodes() {
        observed.containers.insert(
            node.name.clone(),
            ObservedContainer {
                state: ContainerState::Running,
                restarts: 0,
                out_of_memory: false,
                settings: None,
                attached: true,
                image_id: String::new(),
            },
        );
        let shard = topology.shard_of(&node.name).unwrap();
        let replication = if shard.primary.name == node.name {
            let online_replicas = shard.replicas.iter().map(|replica| replica.address).collect();
            Replication::Primary { online_replicas, joining_replicas: BTreeSet::new(), offset: 114 }
        } else {
            Replication::Replica { of: Some(shard.primary.address), link_up: true, offset: 100 }
        };
        let cluster = (topology.kind == Kind::Cluster).then(|| cluster_view(topology, &node.name));
        let view = ServerView {
            server: Some(Server::assumed("redis:8.0.2")),
            replication,
            keys: 3,
            memory: 1 << 20,
            cluster,
            ..ServerView::default()
        };
        observed.servers.insert(node.name.clone(), ObservedServer::Answering(Box::new(view)));
    }
    observed
}

fn cluster_view(topology: &Topology, own: &NodeName) -> ClusterView {
    let mut nodes = BTreeMap::new();
    for shard in &topology.shards {
        for node in shard.nodes() {
            let is_primary = node.name == shard.primary.name;
            nodes.insert(
                id(&node.name),
                ClusterNode {
                    address: Some(node.address),
                    told_ip: None,
                    role: if is_primary {
                        ClusterRole::Primary
                    } else {
                        ClusterRole::Replica(id(&shard.primary.name))
                    },
                    handshake: false,
                    failing: false,
                    slots: if is_primary { shard.slots.clone() } else { SlotSet::default() },
                    epoch: 1,
                    connected: true,
                },
            );
        }
    }
    let range = |shard: &Shard| shard.slots.ranges().first().map(|range| (range.start(), range.end()));
    let slots = topology
        .shards
        .iter()
        .filter_map(|shard| Some((range(shard)?, shard.nodes().map(|node| id(&node.name)).collect())));
    ClusterView { ok: true, own_id: id(own), slots: slots.collect(), nodes, ..ClusterView::default() }
}

fn view(observed: &mut Observation, number: usize) -> &mut ServerView {
    match observed.servers.get_mut(&name(number)).unwrap() {
        ObservedServer::Answering(view) => view,
        ObservedServer::Silent(_) => panic!("shop-{number} should answer"),
    }
}

#[test]
fn a_healthy_cluster_is_ready_and_has_the_documented_json() {
    let topology = topology("kind: cluster");
    let status = status(&topology, &healthy(&topology));
    assert_eq!((status.state, status.problems.as_slice()), (DeploymentState::Ready, [].as_slice()));
    let json = serde_json::to_value(&status).unwrap();
    for (field, value) in [("deployment", "shop"), ("kind", "cluster"), ("state", "ready")] {
        assert_eq!(json[field], value);
    }
    insta::assert_snapshot!(json["nodes"][0], @r#"{"address":"172.30.0.11:7001","condition":"answering","container":"shop-1","endpoint":"127.0.0.1:7001","keys":3,"lag":null,"link":null,"memory":1048576,"modules":null,"name":"shop-1","primary":null,"role":"primary","slots":[[0,5460]],"version":"8.0.2"}"#);
    insta::assert_snapshot!(json["nodes"][3], @r#"{"address":"172.30.0.14:7004","condition":"answering","container":"shop-4","endpoint":"127.0.0.1:7004","keys":3,"lag":14,"link":"up","memory":1048576,"modules":null,"name":"shop-4","primary":"shop-1","role":"replica","slots":[],"version":"8.0.2"}"#);
}

#[test]
fn roles_are_the_servers_word_not_the_specs() {
    let topology = topology("kind: cluster");
    let mut observed = healthy(&topology);
    // shop-4 has replaced shop-1 as primary.
    for number in 1..=6 {
        let nodes = &mut view(&mut observed, number).cluster.as_mut().unwrap().nodes;
        let slots = std::mem::take(&mut nodes.get_mut(&id(&name(1))).unwrap().slots);
        nodes.get_mut(&id(&name(1))).unwrap().role = ClusterRole::Replica(id(&name(4)));
        let new = nodes.get_mut(&id(&name(4))).unwrap();
        (new.role, new.slots) = (ClusterRole::Primary, slots);
    }
    let address = topology.node(&name(4)).unwrap().address;
    let replica = Replication::Replica { of: Some(address), link_up: true, offset: 100 };
    view(&mut observed, 4).replication = std::mem::replace(&mut view(&mut observed, 1).replication, replica);
    let status = status(&topology, &observed);
    assert_eq!(status.state, DeploymentState::Ready, "{:?}", status.problems);
    assert_eq!((status.nodes[0].role, status.nodes[0].primary.as_ref()), (Role::Replica, Some(&name(4))));
    assert_eq!((status.nodes[3].role, status.nodes[3].slots.as_slice()), (Role::Primary, &[[0, 5460]][..]));
}

#[test]
fn a_replica_counts_once_clients_are_told_of_it() {
    let topology = topology("kind: cluster");
    let mut observed = healthy(&topology);
    let slots = &mut view(&mut observed, 2).cluster.as_mut().unwrap().slots;
    slots.get_mut(&(0, 5460)).unwrap().retain(|listed| *listed != id(&name(4)));
    view(&mut observed, 3).cluster.as_mut().unwrap().shards = Some(BTreeMap::from([(id(&name(4)), true)]));
    let status = status(&topology, &observed);
    assert_eq!(status.state, DeploymentState::Degraded);
    let unseen = ["shop-4", "shop-5", "shop-6"].map(|name| format!("{name} is not shown to clients yet"));
    assert_eq!(status.problems, unseen);
}

#[test]
fn what_is_wrong_is_named() {
    let topology = topology("kind: cluster");
    let mut observed = healthy(&topology);
    observed.containers.get_mut(&name(1)).unwrap().state = ContainerState::Exited;
    observed.servers.insert(name(2), ObservedServer::Silent("connection refused".to_owned()));
    observed.containers.get_mut(&name(3)).unwrap().attached = false;
    let address = topology.node(&name(1)).unwrap().address;
    view(&mut observed, 4).replication =
        Replication::Replica { of: Some(address), link_up: false, offset: 0 };
    view(&mut observed, 5).cluster.as_mut().unwrap().ok = false;
    let status = status(&topology, &observed);
    assert_eq!(status.state, DeploymentState::Degraded);
    insta::assert_snapshot!(status.problems.join("\n"), @"
    shop-1 has ended
    shop-2 does not answer: connection refused
    shop-3 is detached from the network
    shop-4 has no link to shop-1
    shop-5 says that the cluster is down
    slots 0-10922 are not served
    ");
    assert_eq!((status.nodes[0].memory, status.nodes[0].condition), (None, NodeCondition::Exited));
    assert_eq!((status.nodes[3].link, status.nodes[3].lag), (Some(Link::Down), None));
}

#[test]
fn without_a_running_container_it_is_stopped() {
    let topology = topology("kind: standalone");
    let mut observed = healthy(&topology);
    observed.containers.get_mut(&name(1)).unwrap().state = ContainerState::Exited;
    observed.servers.clear();
    let status = status(&topology, &observed);
    assert_eq!((status.state, status.problems.len()), (DeploymentState::Stopped, 0));
}

#[test]
fn a_container_that_restarts_is_neither_running_nor_stopped() {
    let topology = topology("kind: standalone");
    let mut observed = healthy(&topology);
    let container = observed.containers.get_mut(&name(1)).unwrap();
    container.restarts = 3;
    assert_eq!(super::status(&topology, &observed).nodes[0].condition, NodeCondition::Answering);
    observed.servers.clear();
    for state in [ContainerState::Restarting, ContainerState::Running] {
        observed.containers.get_mut(&name(1)).unwrap().state = state;
        let status = super::status(&topology, &observed);
        assert_eq!(status.state, DeploymentState::Degraded);
        assert_eq!(status.nodes[0].condition, NodeCondition::Restarting);
        let problem = "shop-1 does not answer: its container restarts in a loop (restarts so far: 3)";
        assert_eq!(status.problems, [problem]);
    }
}

#[test]
fn a_replication_has_one_primary_that_all_follow() {
    let topology = topology("kind: replication\nreplicas: 2");
    let mut observed = healthy(&topology);
    assert_eq!(status(&topology, &observed).state, DeploymentState::Ready);
    let elsewhere = Address { ip: [10, 9, 9, 9].into(), port: 1 };
    view(&mut observed, 2).replication =
        Replication::Replica { of: Some(elsewhere), link_up: true, offset: 1 };
    view(&mut observed, 3).replication = Replication::default();
    insta::assert_snapshot!(status(&topology, &observed).problems.join("\n"), @"
    shop-2 follows a server that is not one of its nodes
    there is more than one primary: shop-1, shop-3
    ");
}

#[test]
fn the_digest_is_what_every_node_runs() {
    let topology = topology("kind: replication");
    let mut observed = healthy(&topology);
    let run = |observed: &mut Observation, images: [&str; 2]| {
        for (container, image) in observed.containers.values_mut().zip(images) {
            image.clone_into(&mut container.image_id);
        }
        status(&topology, observed).digest
    };
    observed.digests.insert("sha256:1".to_owned(), "redis@sha256:9".to_owned());
    assert_eq!(run(&mut observed, ["sha256:1", "sha256:1"]).as_deref(), Some("redis@sha256:9"));
    assert_eq!(run(&mut observed, ["sha256:2", "sha256:2"]).as_deref(), Some("sha256:2"));
    assert_eq!(run(&mut observed, ["sha256:1", "sha256:2"]), None);
    assert_eq!(status(&topology, &Observation::default()).digest, None);
}

#[test]
fn a_cluster_with_open_slots_is_not_ready() {
    let topology = topology("kind: cluster");
    let mut observed = healthy(&topology);
    let open = |observed: &mut Observation, number: usize, way: SlotWay| {
        let server = observed.servers.get_mut(&name(number)).unwrap();
        let ObservedServer::Answering(view) = server else { panic!("it answers") };
        view.cluster.as_mut().unwrap().open_slots = (0..1000).map(|slot| (slot, way.clone())).collect();
    };
    open(&mut observed, 1, SlotWay::Migrating(id(&name(2))));
    open(&mut observed, 2, SlotWay::Importing(id(&name(1))));
    let status = status(&topology, &observed);
    assert_eq!(status.state, DeploymentState::Degraded);
    assert_eq!(
        status.problems,
        [
            "shop-1 has slots 0-999 open, migrating to shop-2",
            "shop-2 has slots 0-999 open, importing from shop-1"
        ]
    );
}

#[test]
fn a_replica_of_another_shard_is_named() {
    let topology = topology("kind: cluster");
    let mut observed = healthy(&topology);
    for number in 1..=6 {
        let nodes = &mut view(&mut observed, number).cluster.as_mut().unwrap().nodes;
        nodes.get_mut(&id(&name(5))).unwrap().role = ClusterRole::Replica(id(&name(1)));
    }
    let status = status(&topology, &observed);
    assert_eq!(status.state, DeploymentState::Degraded);
    assert_eq!(status.problems, ["shop-5 of shard 2 is a replica of shop-1"]);
}

#[test]
fn a_primary_that_refuses_writes_is_not_ready() {
    let topology = topology("kind: replication");
    let mut observed = healthy(&topology);
    view(&mut observed, 1).ability.append_failed = true;
    let problem = "shop-1 refuses writes (MISCONF): it cannot write its append-only file; is the disk full? its log \
                   says more";
    assert_eq!(status(&topology, &observed).problems, [problem]);
}

#[test]
fn a_former_primary_is_named_with_its_successor() {
    let topology = topology("kind: cluster");
    let mut observed = healthy(&topology);
    // shop-1 was restarted after shop-4 had replaced it, and does not know of the failover.
    for number in 2..=6 {
        let nodes = &mut view(&mut observed, number).cluster.as_mut().unwrap().nodes;
        let slots = std::mem::take(&mut nodes.get_mut(&id(&name(1))).unwrap().slots);
        let new = nodes.get_mut(&id(&name(4))).unwrap();
        (new.role, new.slots, new.epoch) = (ClusterRole::Primary, slots, 9);
    }
    view(&mut observed, 4).replication = Replication::default();
    let status = status(&topology, &observed);
    let problem =
        "shop-1 still says that it is a primary, but shop-4 has taken its place: writes to it get lost";
    assert_eq!(status.problems, [problem]);
    assert_eq!((status.nodes[0].role, status.nodes[3].role), (Role::Replica, Role::Primary));
}

#[test]
fn a_server_that_the_kernel_killed_for_memory_is_named() {
    let topology = topology("kind: standalone");
    let mut observed = healthy(&topology);
    let why = ": the kernel killed its server, because its container ran out of memory: raise `resources.memory`, or \
               lower `maxmemory`";
    let container = observed.containers.get_mut(&name(1)).unwrap();
    (container.restarts, container.out_of_memory) = (2, true);
    for (uptime, expected) in
        [(5, vec![format!("shop-1 was restarted 5 s ago (restarts so far: 2){why}")]), (600, vec![])]
    {
        view(&mut observed, 1).uptime = Some(uptime);
        assert_eq!(status(&topology, &observed).problems, expected);
    }
    observed.containers.get_mut(&name(1)).unwrap().state = ContainerState::Exited;
    let status = status(&topology, &observed);
    assert_eq!(
        (status.state, status.problems),
        (DeploymentState::Stopped, vec![format!("shop-1 has ended{why}")])
    );
}

#[test]
fn a_server_that_answers_between_its_restarts_is_not_ready() {
    let topology = topology("kind: standalone");
    let mut observed = healthy(&topology);
    observed.containers.get_mut(&name(1)).unwrap().restarts = 7;
    view(&mut observed, 1).uptime = Some(59);
    assert_eq!(status(&topology, &observed).problems, ["shop-1 was restarted 59 s ago (restarts so far: 7)"]);
    view(&mut observed, 1).uptime = Some(60);
    assert_eq!(status(&topology, &observed).state, DeploymentState::Ready);
}
