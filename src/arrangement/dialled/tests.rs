//! The node that clients dial while two nodes report to be primaries.

use std::collections::BTreeMap;

use crate::arrangement::Arrangement;
use crate::observation::{
    ClusterNode, ClusterRole, ClusterView, Replication, SentinelView, ServerView, Watched,
};
use crate::spec::Spec;
use crate::topology::resolve::{Facts, resolve};
use crate::topology::{NodeName, SlotSet, Topology};

fn topology(yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).unwrap();
    resolve(&spec, &Facts::offline("shop")).unwrap()
}

fn name(number: usize) -> NodeName {
    NodeName::from_label(&format!("shop-{number}"))
}

/// The views of a deployment by node.
struct Views {
    topology: Topology,
    views: BTreeMap<NodeName, ServerView>,
}

impl Views {
    fn new(yaml: &str) -> Self {
        Self { topology: topology(yaml), views: BTreeMap::new() }
    }

    fn primary(&mut self, number: usize, offset: u64) {
        let (online_replicas, joining_replicas) = Default::default();
        let replication = Replication::Primary { online_replicas, joining_replicas, offset };
        self.views.insert(name(number), ServerView { replication, ..ServerView::default() });
    }

    fn replica(&mut self, number: usize, of: usize) {
        let of = Some(self.topology.node(&name(of)).unwrap().address);
        let replication = Replication::Replica { of, link_up: true, offset: 0 };
        self.views.insert(name(number), ServerView { replication, ..ServerView::default() });
    }

    /// A sentinel that names a primary, by the choice with this epoch.
    fn sentinel(&mut self, number: usize, primary: usize, epoch: u64) {
        let watched = Watched {
            primary: Some(self.topology.node(&name(primary)).unwrap().address),
            failing: false,
            choosing: false,
            epoch,
            replicas: BTreeMap::new(),
            sentinels: BTreeMap::new(),
        };
        let sentinel = Some(SentinelView { watched: Some(watched) });
        self.views.insert(name(number), ServerView { sentinel, ..ServerView::default() });
    }

    /// A primary in a cluster that owns slots since an epoch.
    fn owner(&mut self, number: usize, slots: &[u16], epoch: u64) {
        let own = ClusterNode {
            address: None,
            told_ip: None,
            role: ClusterRole::Primary,
            handshake: false,
            failing: false,
            slots: slots.iter().copied().collect::<SlotSet>(),
            epoch,
            connected: true,
        };
        let nodes = BTreeMap::from([(format!("id-{number}"), own)]);
        let cluster =
            ClusterView { ok: true, own_id: format!("id-{number}"), nodes, ..ClusterView::default() };
        let view = ServerView { cluster: Some(cluster), ..ServerView::default() };
        self.views.insert(name(number), view);
    }

    fn arrangement(&self) -> Arrangement<'_> {
        Arrangement::from_views(&self.topology, |node| self.views.get(node))
    }

    fn dialled(&self) -> Option<NodeName> {
        self.arrangement().dialled_first().map(|member| member.name.clone())
    }

    fn successor(&self, number: usize) -> Option<NodeName> {
        self.arrangement().successor(&name(number)).map(|member| member.name.clone())
    }
}

#[test]
fn with_sentinels_it_is_their_choice_while_a_former_primary_says_it_is_one() {
    let mut views = Views::new("kind: sentinel");
    // The former primary was restarted. Its offset is higher than its successor's.
    views.primary(1, 900);
    views.primary(2, 100);
    for sentinel in 3..=5 {
        views.sentinel(sentinel, 2, 1);
    }
    assert_eq!(views.dialled(), Some(name(2)));
    assert_eq!((views.successor(1), views.successor(2)), (Some(name(2)), None));
    // A sentinel that has not heard of the choice does not outvote it.
    views.sentinel(4, 1, 0);
    views.sentinel(5, 1, 0);
    assert_eq!(views.dialled(), Some(name(2)));
}

#[test]
fn with_sentinels_a_primary_that_is_down_is_dialled_until_they_have_chosen() {
    let mut views = Views::new("kind: sentinel");
    views.replica(2, 1);
    for sentinel in 3..=5 {
        views.sentinel(sentinel, 1, 0);
    }
    assert_eq!(views.dialled(), Some(name(1)));
}

#[test]
fn without_sentinels_it_is_the_node_that_says_it_is_a_primary() {
    let mut views = Views::new("kind: replication");
    views.replica(1, 2);
    views.primary(2, 0);
    assert_eq!(views.dialled(), Some(name(2)));
    views.replica(2, 1);
    views.views.remove(&name(1));
    assert_eq!(views.dialled(), None);
}

#[test]
fn in_a_cluster_the_higher_config_epoch_counts() {
    let mut views = Views::new("kind: cluster");
    views.owner(1, &[0, 1], 1);
    views.owner(2, &[2], 2);
    views.owner(4, &[0, 1], 7);
    assert_eq!((views.successor(1), views.successor(4)), (Some(name(4)), None));
    assert_eq!(views.dialled(), Some(name(2)));
    // Only some of its slots went to another node.
    views.owner(4, &[1], 7);
    assert_eq!((views.successor(1), views.dialled()), (None, Some(name(1))));
}

#[test]
fn in_a_cluster_a_node_that_sees_it_down_comes_last() {
    let mut views = Views::new("kind: cluster");
    views.owner(1, &[0], 1);
    views.owner(3, &[2], 3);
    views.views.get_mut(&name(1)).and_then(|view| view.cluster.as_mut()).unwrap().ok = false;
    assert_eq!(views.dialled(), Some(name(3)));
    views.views.remove(&name(3));
    assert_eq!(views.dialled(), Some(name(1)));
    views.views.remove(&name(1));
    assert_eq!(views.dialled(), None);
}
