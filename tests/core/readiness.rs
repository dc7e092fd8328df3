//! Every kind of disagreement is found alone, with its text, and without other disagreements.

use redisctl::observation::{ClusterNode, ClusterRole, ObservedServer, Replication, ServerView};
use redisctl::plan::Milestone;
use redisctl::readiness::{Answers, cluster, replication};
use redisctl::topology::{NodeName, SlotSet, Topology};

use crate::rig::{cluster_expectation, node, replication_expectation, settle, topology, up};

/// The answers of a ready deployment.
async fn answers(topology: &Topology) -> Answers {
    let world = up(topology).await;
    settle().await;
    world.observe(topology).servers
}

fn view<'a>(answers: &'a mut Answers, node: &NodeName) -> &'a mut ServerView {
    match answers.get_mut(node) {
        Some(ObservedServer::Answering(view)) => view,
        _ => panic!("{node} does not answer"),
    }
}

/// The answers of a cluster of six nodes, for changes.
struct Cluster {
    topology: Topology,
    answers: Answers,
}

impl Cluster {
    fn name(&self, number: usize) -> NodeName {
        node(&self.topology, number)
    }

    fn view(&mut self, number: usize) -> &mut ServerView {
        let name = self.name(number);
        view(&mut self.answers, &name)
    }

    fn id(&mut self, number: usize) -> String {
        self.view(number).cluster.as_ref().expect("a cluster node").own_id.clone()
    }

    /// A node's line about another node.
    fn line(&mut self, number: usize, about: usize) -> &mut ClusterNode {
        let id = self.id(about);
        let cluster = self.view(number).cluster.as_mut().expect("a cluster node");
        cluster.nodes.get_mut(&id).expect("it knows everybody")
    }

    /// A stranger in the view of the first node.
    fn add_stranger(&mut self, handshake: bool) {
        let mut line = self.line(1, 2).clone();
        (line.handshake, line.slots) = (handshake, SlotSet::default());
        let cluster = self.view(1).cluster.as_mut().expect("a cluster node");
        cluster.nodes.insert("stranger".to_owned(), line);
    }

    fn say(&self, milestone: Milestone) -> Vec<String> {
        let acting = [1, 2, 3].map(|number| self.name(number));
        let mut expectation = cluster_expectation(&self.topology, &acting);
        expectation.milestone = milestone;
        cluster(&expectation, &self.answers).iter().map(ToString::to_string).collect()
    }
}

type Change = fn(&mut Cluster);

const DISAGREEMENTS: [(Change, &str); 19] = [
    (
        |cluster| {
            let name = cluster.name(2);
            cluster.answers.insert(name, ObservedServer::Silent("timed out".to_owned()));
        },
        "shop-2 does not answer: timed out",
    ),
    (|cluster| drop(cluster.answers.remove(&cluster.name(2))), "shop-2 was not asked"),
    (|cluster| cluster.view(2).cluster = None, "shop-2 is no cluster node"),
    (|cluster| cluster.add_stranger(true), "shop-1 is still shaking hands with 1 node"),
    (|cluster| cluster.add_stranger(false), "shop-1 knows 7 nodes instead of 6"),
    (
        |cluster| {
            let id = cluster.id(6);
            let view = cluster.view(1).cluster.as_mut().expect("a cluster node");
            view.nodes.remove(&id);
        },
        "shop-1 does not know shop-6",
    ),
    (
        |cluster| cluster.line(1, 2).role = ClusterRole::Replica("x".to_owned()),
        "shop-1 sees shop-2 as a replica",
    ),
    (|cluster| cluster.line(1, 5).role = ClusterRole::Primary, "shop-1 sees shop-5 as a primary"),
    (
        |cluster| cluster.line(1, 5).role = ClusterRole::Replica("x".to_owned()),
        "shop-1 sees shop-5 as a replica of another node than shop-2",
    ),
    (
        |cluster| cluster.line(1, 2).slots = SlotSet::default(),
        "shop-1 sees other slots at shop-2 than 5461-10922",
    ),
    (
        |cluster| cluster.line(1, 5).slots = [7].into_iter().collect(),
        "shop-1 sees other slots at shop-5 than none",
    ),
    (
        |cluster| cluster.line(1, 2).address.as_mut().expect("an address").port = 1,
        "shop-1 sees shop-2 at another address than 172.30.0.12:7002",
    ),
    (|cluster| cluster.line(1, 2).failing = true, "shop-1 thinks that shop-2 is down"),
    (|cluster| cluster.line(1, 2).connected = false, "shop-1 has no link to shop-2"),
    (|cluster| cluster.line(1, 2).epoch = 99, "shop-1 has another epoch for shop-2 than shop-2 itself"),
    (
        |cluster| cluster.view(4).cluster.as_mut().expect("a cluster node").ok = false,
        "shop-4 says that the cluster is down",
    ),
    (
        |cluster| {
            let id = cluster.id(5);
            let view = cluster.view(1).cluster.as_mut().expect("a cluster node");
            view.slots.values_mut().for_each(|nodes| nodes.retain(|node| *node != id));
        },
        "shop-1 does not list shop-5 in CLUSTER SLOTS",
    ),
    (
        |cluster| {
            let id = cluster.id(5);
            cluster.view(1).cluster.as_mut().expect("a cluster node").hostless.insert(id);
        },
        "shop-1 does not know yet where clients find shop-5",
    ),
    (
        |cluster| {
            let id = cluster.id(5);
            let view = cluster.view(1).cluster.as_mut().expect("a cluster node");
            view.shards.as_mut().expect("CLUSTER SHARDS").remove(&id);
        },
        "shop-1 does not list shop-5 as online in CLUSTER SHARDS",
    ),
];

#[tokio::test(start_paused = true)]
async fn every_disagreement_in_a_cluster_shows_by_itself() {
    let topology = topology("kind: cluster");
    let answers = answers(&topology).await;
    let ready = || Cluster { topology: topology.clone(), answers: answers.clone() };
    assert!(ready().say(Milestone::Ready).is_empty());
    for (change, expected) in DISAGREEMENTS {
        let mut cluster = ready();
        change(&mut cluster);
        assert_eq!(cluster.say(Milestone::Ready), [expected]);
    }
    let mut cluster = ready();
    if let Replication::Primary { online_replicas, .. } = &mut cluster.view(2).replication {
        online_replicas.clear();
    }
    assert_eq!(cluster.say(Milestone::Ready), ["shop-2 hears nothing from its replica shop-5"]);
    let mut cluster = ready();
    if let Replication::Replica { link_up, .. } = &mut cluster.view(5).replication {
        *link_up = false;
    }
    assert_eq!(cluster.say(Milestone::Linked), ["shop-5 has no replication link to shop-2"]);
}

#[tokio::test(start_paused = true)]
async fn the_barrier_waits_for_the_replicas_to_be_up_and_not_for_fresh_primaries() {
    let topology = topology("kind: cluster");
    let answers = answers(&topology).await;
    let barrier = Milestone::Barrier(std::time::Duration::from_secs(1));
    for (number, expected) in [(1, 0), (4, 1)] {
        let mut cluster = Cluster { topology: topology.clone(), answers: answers.clone() };
        cluster.view(number).cluster.as_mut().expect("a cluster node").ok = false;
        assert_eq!(cluster.say(barrier).len(), expected);
        assert_eq!(cluster.say(Milestone::Linked).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn every_disagreement_between_a_primary_and_its_replica_shows() {
    let topology = topology("kind: replication");
    let answers = answers(&topology).await;
    let (primary, replica) = (node(&topology, 1), node(&topology, 2));
    let say = |change: &dyn Fn(&mut Answers)| {
        let mut answers = answers.clone();
        change(&mut answers);
        let found = replication(&replication_expectation(&topology, &primary), &answers);
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(say(&|_| ()).is_empty());
    let replication_of =
        |answers: &Answers, node: &NodeName| answers[node].view().expect("it answers").replication.clone();
    let swap = |answers: &mut Answers| {
        let (one, other) = (replication_of(answers, &primary), replication_of(answers, &replica));
        view(answers, &primary).replication = other;
        view(answers, &replica).replication = one;
    };
    assert_eq!(say(&swap), ["shop-1 is no primary", "shop-2 is no replica"]);
    let alone = |answers: &mut Answers| view(answers, &primary).replication = Replication::default();
    assert_eq!(say(&alone), ["shop-1 does not see shop-2 online"]);
    let link = |to: Option<usize>| {
        let of = to.and_then(|number| topology.node(&node(&topology, number))).map(|node| node.address);
        Replication::Replica { of, link_up: false, offset: 1 }
    };
    assert_eq!(
        say(&|answers| view(answers, &replica).replication = link(None)),
        ["shop-2 follows another node than shop-1"]
    );
    assert_eq!(
        say(&|answers| view(answers, &replica).replication = link(Some(1))),
        ["shop-2 has no link to shop-1"]
    );
}
