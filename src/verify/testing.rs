//! Healthy deployments for the tests of the checks, and ways to break them.

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{
    AccessView, ClusterNode, ClusterRole, ClusterView, ObservedUser, PrimaryLogin, Replication, SentinelView,
    ServerView, Watched,
};
use crate::spec::{SecretText, Spec};
use crate::topology::files::password_hash;
use crate::topology::resolve::{Facts, resolve};
use crate::topology::settings::sentinel_settings;
use crate::topology::users::{ServerUser, users};
use crate::topology::{Credentials, Kind, Node, NodeName, SlotRange, SlotSet, Topology};

use super::{Check, CheckMethod, Judgement, NodeAnswer, NodeStatement, ProbeReply, Survey, checks};

/// A spec with passwords and all kinds of users.
pub(super) const SECURE: &str = "kind: replication
auth:
  password: default
  replica_password: replica
  users:
    - {name: admin, rules: ['~*', '&*', '+@all']}
    - {name: regular, rules: ['~*', '+@read']}
    - {name: app, rules: ['~app:*', '%R~shared:*', '&app:*', '+@all', '-@dangerous']}
    - {name: gone, rules: ['off', '+@all']}
";

/// A deployment and the statements of its nodes.
pub(super) struct TestDeployment {
    pub(super) topology: Topology,
    pub(super) credentials: Credentials,
    pub(super) survey: Survey,
}

impl TestDeployment {
    /// A healthy cluster.
    pub(super) fn cluster(shards: usize, replicas: usize) -> Self {
        Self::healthy(&format!("kind: cluster\nshards: {shards}\nreplicas: {replicas}\n"))
    }

    /// The healthy deployment of a spec.
    pub(super) fn healthy(yaml: &str) -> Self {
        let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
        let topology = resolve(&spec, &Facts::offline("shop")).expect("a topology");
        let mut credentials = Credentials::default();
        if let Some(auth) = &topology.auth {
            let secret = |text: &str| Some(SecretText::new(text));
            credentials.operator = secret("operator");
            credentials.replication = secret("replication");
            credentials.default = secret("default").filter(|_| auth.default_password);
            credentials.replica = secret("replica").filter(|_| auth.replica_password);
            credentials.users =
                auth.users.iter().map(|user| (user.name.clone(), SecretText::new(&*user.name))).collect();
        }
        let answers = topology
            .nodes()
            .into_iter()
            .map(|node| {
                (node.name.clone(), NodeAnswer::Said(Box::new(statement(&topology, &credentials, node))))
            })
            .collect();
        let survey = Survey { answers, user: "default".to_owned() };
        Self { topology, credentials, survey }
    }

    pub(super) fn name(&self, number: usize) -> NodeName {
        self.topology.name.node(number)
    }

    pub(super) fn checks(&self) -> Vec<Check> {
        checks(&self.topology, &self.credentials, &self.survey, "probe")
    }

    pub(super) fn find(&self, check: &str, number: Option<usize>) -> Option<Check> {
        let node = number.map(|number| self.name(number));
        self.checks().into_iter().find(|one| one.name == check && one.node == node)
    }

    /// The judgement of a check without requests.
    pub(super) fn judged(&self, check: &str, number: Option<usize>) -> Judgement {
        match self.find(check, number).expect("the check").method {
            CheckMethod::Judged { judgement, .. } => judgement,
            CheckMethod::Asked { requests, .. } => panic!("{check} asks {requests:?}"),
        }
    }

    /// The requests of a check: node, action and expected reply.
    pub(super) fn requests(&self, check: &str, number: Option<usize>) -> Vec<String> {
        match self.find(check, number).expect("the check").method {
            CheckMethod::Judged { judgement, .. } => panic!("{check} is judged: {judgement:?}"),
            CheckMethod::Asked { requests, .. } => requests
                .iter()
                .map(|request| {
                    format!("{} {} -> {:?}", request.connection.node(), request.action, request.expectation)
                })
                .collect(),
        }
    }

    pub(super) fn statement(&mut self, number: usize) -> &mut NodeStatement {
        let name = self.name(number);
        match self.survey.answers.get_mut(&name) {
            Some(NodeAnswer::Said(statement)) => statement,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// A node's view of the cluster.
    pub(super) fn view(&mut self, number: usize) -> &mut ClusterView {
        self.statement(number).view.cluster.as_mut().expect("a cluster node")
    }

    /// One node's view of another node.
    pub(super) fn line(&mut self, observer: usize, number: usize) -> &mut ClusterNode {
        self.view(observer).nodes.get_mut(&id(number)).expect("a line")
    }

    fn every_view(&mut self, mut change: impl FnMut(&mut ClusterView)) {
        for number in 1..=self.topology.nodes().len() {
            change(self.view(number));
        }
    }

    pub(super) fn silence(&mut self, number: usize) {
        let silent = NodeAnswer::Silent("connection refused".to_owned());
        self.survey.answers.insert(self.name(number), silent);
    }

    /// Exchanges the roles of a primary and its replica, as after a failover.
    pub(super) fn swap(&mut self, primary: usize, replica: usize) {
        let of = self.topology.node(&self.name(replica)).map(|node| node.address);
        let followed = std::mem::replace(
            &mut self.statement(primary).view.replication,
            Replication::Replica { of, link_up: true, offset: 14 },
        );
        self.statement(replica).view.replication = followed;
        if self.statement(primary).view.cluster.is_some() {
            self.every_view(|view| {
                let slots = std::mem::take(&mut view.nodes.get_mut(&id(primary)).expect("a line").slots);
                let one = view.nodes.get_mut(&id(replica)).expect("a line");
                (one.slots, one.role) = (slots, ClusterRole::Primary);
                view.nodes.get_mut(&id(primary)).expect("a line").role = ClusterRole::Replica(id(replica));
            });
        }
    }

    /// Makes a replica a second primary of its shard.
    pub(super) fn promote(&mut self, number: usize) {
        self.statement(number).view.replication = Replication::default();
        if self.statement(number).view.cluster.is_some() {
            self.every_view(|view| {
                view.nodes.get_mut(&id(number)).expect("a line").role = ClusterRole::Primary;
            });
        }
    }

    /// Makes a replica follow another primary.
    pub(super) fn follow(&mut self, number: usize, primary: usize) {
        let of = self.topology.node(&self.name(primary)).map(|node| node.address);
        self.statement(number).view.replication = Replication::Replica { of, link_up: true, offset: 14 };
        if self.statement(number).view.cluster.is_some() {
            self.every_view(|view| {
                let line = view.nodes.get_mut(&id(number)).expect("a line");
                line.role = ClusterRole::Replica(id(primary));
            });
        }
    }

    /// Makes a primary serve other slots.
    pub(super) fn serve(&mut self, number: usize, ranges: &[(u16, u16)]) {
        let slots: SlotSet =
            ranges.iter().map(|(start, end)| SlotRange::new(*start, *end).expect("a range")).collect();
        self.every_view(|view| {
            view.nodes.get_mut(&id(number)).expect("a line").slots = slots.clone();
        });
    }

    /// Makes a node's endpoint lead to the server of another node.
    pub(super) fn impersonate(&mut self, number: usize, other: usize) {
        *self.statement(number) = self.statement(other).clone();
    }
}

fn id(number: usize) -> String {
    format!("id-{number}")
}

/// The number at the end of a node's name.
fn number(node: &Node) -> usize {
    let (_, number) = node.name.as_str().rsplit_once('-').expect("a number");
    number.parse().expect("a number")
}

/// The view of a sentinel that knows all other nodes.
fn sentinel(topology: &Topology, node: &Node) -> ServerView {
    let shard = &topology.shards[0];
    let others = topology.sentinels.iter().filter(|other| other.name != node.name);
    let watched = Watched {
        primary: Some(shard.primary.address),
        failing: false,
        choosing: false,
        epoch: 0,
        replicas: shard.replicas.iter().map(|replica| (replica.address, true)).collect(),
        sentinels: others.map(|other| (other.address, true)).collect(),
    };
    let sentinel = Some(SentinelView { watched: Some(watched) });
    ServerView { sentinel, settings: sentinel_settings(&node.settings), ..ServerView::default() }
}

fn statement(topology: &Topology, credentials: &Credentials, node: &Node) -> NodeStatement {
    if topology.is_sentinel(&node.name) {
        return NodeStatement { view: sentinel(topology, node), replies: BTreeMap::new() };
    }
    let shard = topology.shard_of(&node.name).expect("a shard");
    let replication = if shard.primary.name == node.name {
        Replication::Primary {
            online_replicas: shard.replicas.iter().map(|replica| replica.address).collect(),
            joining_replicas: BTreeSet::new(),
            offset: 14,
        }
    } else {
        Replication::Replica { of: Some(shard.primary.address), link_up: true, offset: 14 }
    };
    let cluster = (topology.kind == Kind::Cluster).then(|| cluster_view(topology, node));
    let mut view =
        ServerView { server: Some(topology.server), replication, cluster, ..ServerView::default() };
    let text = |text: String| ProbeReply::Text(text);
    let mut replies =
        BTreeMap::from([("INFO", text(format!("redis_version:{}\r\n", topology.server.version)))]);
    if topology.auth.is_some() {
        replies.insert("ACL LIST", access_list(topology, credentials, node));
        view.access = Some(access(topology));
    }
    NodeStatement { view, replies }
}

/// The ACL LIST of a server with the users of the topology.
fn access_list(topology: &Topology, credentials: &Credentials, node: &Node) -> ProbeReply {
    let primary = topology.starts_as_primary(&node.name);
    let line = |user: ServerUser| {
        let password = credentials.password(&user.name, primary).filter(|_| user.has_password);
        let hash = password.map(|password| format!(" #{}", password_hash(password))).unwrap_or_default();
        ProbeReply::Text(format!("user {}{hash} {}", user.name, user.rules.join(" ")))
    };
    ProbeReply::Array(users(topology).into_iter().map(line).collect())
}

fn access(topology: &Topology) -> AccessView {
    let user = |user: ServerUser| {
        let right_password = user.has_password;
        (user.name, ObservedUser { rules: user.rules, right_password, other_password: false })
    };
    let commands = |names: &str| names.split(' ').map(str::to_owned).collect();
    // An excerpt of ACL CAT of Redis 7.0.
    AccessView {
        users: users(topology).into_iter().map(user).collect(),
        primary_login: PrimaryLogin::Right,
        categories: BTreeMap::from([
            ("read".to_owned(), commands("get dbsize exists")),
            ("write".to_owned(), commands("set del flushall")),
            ("pubsub".to_owned(), commands("publish")),
            ("dangerous".to_owned(), commands("config|get flushall")),
            ("fast".to_owned(), commands("get dbsize exists publish ping")),
        ]),
    }
}

fn cluster_view(topology: &Topology, node: &Node) -> ClusterView {
    let mut view = ClusterView {
        ok: true,
        own_id: id(number(node)),
        current_epoch: u64::try_from(topology.shards.len()).expect("a number"),
        ..ClusterView::default()
    };
    for (epoch, shard) in (1..).zip(&topology.shards) {
        for member in shard.nodes() {
            let primary = member.name == shard.primary.name;
            let role =
                if primary { ClusterRole::Primary } else { ClusterRole::Replica(id(number(&shard.primary))) };
            let line = ClusterNode {
                address: Some(member.address),
                told_ip: None,
                role,
                handshake: false,
                failing: false,
                slots: if primary { shard.slots.clone() } else { SlotSet::default() },
                epoch,
                connected: true,
            };
            view.nodes.insert(id(number(member)), line);
        }
        for range in shard.slots.ranges() {
            let ids = shard.nodes().map(|member| id(number(member))).collect();
            view.slots.insert((range.start(), range.end()), ids);
        }
    }
    view
}
