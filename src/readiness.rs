//! When a deployment is ready: pure judgement of the servers' views against what is expected.
//!
//! The executor's waits and the planner use it; verification has checks of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::arrangement::Arrangement;
use crate::observation::{ClusterNode, ClusterRole, ClusterView, ObservedServer, ServerView};
pub use crate::plan::Disagreement;
use crate::plan::{
    ClusterExpectation, ClusterMember, MemberRole, Milestone, Peer, ReplicationExpectation,
    SentinelExpectation,
};
use crate::topology::{NodeName, SlotSet};

/// The servers' answers by node.
pub type Answers = BTreeMap<NodeName, ObservedServer>;

fn answer<'a>(answers: &'a Answers, node: &NodeName) -> Result<&'a ServerView, String> {
    match answers.get(node) {
        None => Err("was not asked".to_owned()),
        Some(ObservedServer::Silent(reason)) => Err(format!("does not answer: {reason}")),
        Some(ObservedServer::Answering(view)) => Ok(view),
    }
}

/// Who does not answer; empty: everybody does.
#[must_use]
pub fn answering(answers: &Answers) -> Vec<Disagreement> {
    let silent = answers.keys().filter_map(|node| Some((node, answer(answers, node).err()?)));
    silent.map(|(node, message)| Disagreement { node: node.clone(), message }).collect()
}

/// What keeps a primary and its replicas from being ready; empty: they are.
#[must_use]
pub fn replication(expectation: &ReplicationExpectation, answers: &Answers) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let mut say = |node: &NodeName, message: String| found.push(Disagreement { node: node.clone(), message });
    let ReplicationExpectation { primary, replicas } = expectation;
    let peers = std::iter::once(primary).chain(replicas);
    let now = Arrangement::from_addresses(peers.map(|peer| (&peer.node, peer.address)), answers);
    match answer(answers, &primary.node) {
        Err(message) => say(&primary.node, message),
        Ok(_) if !now.says_primary(&primary.node) => say(&primary.node, "is no primary".to_owned()),
        Ok(_) => {
            for replica in replicas.iter().filter(|replica| !now.hears(&primary.node, replica.address)) {
                say(&primary.node, format!("does not see {} online", replica.node));
            }
        }
    }
    for Peer { node, .. } in replicas {
        match answer(answers, node) {
            Err(message) => say(node, message),
            Ok(_) if now.says_primary(node) => say(node, "is no replica".to_owned()),
            Ok(_) if !now.follows(node, primary.address) => {
                say(node, format!("follows another node than {}", primary.node));
            }
            Ok(_) if !now.has_link(node) => say(node, format!("has no link to {}", primary.node)),
            Ok(_) => {}
        }
    }
    found
}

/// What keeps sentinels and those that they watch from being ready; empty: they are.
#[must_use]
pub fn sentinels(expectation: &SentinelExpectation, answers: &Answers) -> Vec<Disagreement> {
    let mut found = replication(&expectation.watched, answers);
    for sentinel in &expectation.sentinels {
        let messages = match answer(answers, &sentinel.node) {
            Err(message) => vec![message],
            Ok(view) => missing_of_sentinel(expectation, sentinel, view),
        };
        let node = &sentinel.node;
        found.extend(messages.into_iter().map(|message| Disagreement { node: node.clone(), message }));
    }
    found
}

/// What one sentinel says that it should not.
fn missing_of_sentinel(expectation: &SentinelExpectation, own: &Peer, view: &ServerView) -> Vec<String> {
    let primary = &expectation.watched.primary;
    let Some(watched) = view.watched() else {
        return vec!["watches no primary".to_owned()];
    };
    if watched.primary != Some(primary.address) {
        return vec![format!("watches another node than {}", primary.node)];
    }
    let mut messages = Vec::new();
    if watched.failing {
        messages.push(format!("thinks that {} is down", primary.node));
    }
    let others = expectation.sentinels.iter().filter(|other| other.node != own.node);
    let kinds = [
        (&watched.replicas, expectation.watched.replicas.iter().collect::<Vec<_>>()),
        (&watched.sentinels, others.collect()),
    ];
    for (known, peers) in kinds {
        for peer in &peers {
            match known.get(&peer.address) {
                None => messages.push(format!("does not know {}", peer.node)),
                Some(false) => messages.push(format!("thinks that {} is down", peer.node)),
                Some(true) => {}
            }
        }
        let strangers = known.keys().filter(|known| !peers.iter().any(|peer| peer.address == **known));
        messages.extend(strangers.map(|address| format!("knows {address}, which is not of this deployment")));
    }
    messages
}

/// What keeps a cluster from being ready; empty: it is.
///
/// Every node must say the same: exactly the expected members, no handshakes, the expected roles
/// and slots, equal epochs, links up; and what the expected milestone asks for beyond that.
#[must_use]
pub fn cluster(expectation: &ClusterExpectation, answers: &Answers) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let members = expectation.members.iter().map(|member| (&member.node, member.address));
    let now = Arrangement::from_addresses(members, answers);
    for member in &expectation.members {
        let message = match answer(answers, &member.node) {
            Ok(view) if view.cluster.is_some() => continue,
            Ok(_) => "is no cluster node".to_owned(),
            Err(message) => message,
        };
        found.push(Disagreement { node: member.node.clone(), message });
    }
    let judge = ClusterJudge { expectation, now };
    for (node, view) in judge.now.clusters() {
        let messages = judge.node(node, view);
        found.extend(messages.into_iter().map(|message| Disagreement { node: node.clone(), message }));
    }
    found
}

/// Judges one node after another against all of them.
struct ClusterJudge<'a> {
    expectation: &'a ClusterExpectation,
    now: Arrangement<'a>,
}

impl ClusterJudge<'_> {
    fn id(&self, node: &NodeName) -> Option<&str> {
        self.now.cluster(node).map(|cluster| cluster.own_id.as_str())
    }

    fn node(&self, node: &NodeName, cluster: &ClusterView) -> Vec<String> {
        let mut messages = Vec::new();
        let handshakes = cluster.nodes.values().filter(|other| other.handshake).count();
        if handshakes > 0 {
            let plural = if handshakes == 1 { "" } else { "s" };
            messages.push(format!("is still shaking hands with {handshakes} node{plural}"));
        }
        let is_stranger = |id: &&String| self.expectation.strangers.contains(*id);
        let known = cluster.nodes.len() - handshakes - cluster.nodes.keys().filter(is_stranger).count();
        if known > self.expectation.members.len() {
            messages.push(format!("knows {known} nodes instead of {}", self.expectation.members.len()));
        }
        for member in &self.expectation.members {
            let seen = self.id(&member.node).and_then(|id| cluster.nodes.get(id));
            match seen {
                None if self.id(&member.node).is_none() => {}
                None => messages.push(format!("does not know {}", member.node)),
                Some(seen) => messages.extend(self.member(member, seen)),
            }
        }
        let fresh_primaries = matches!(self.expectation.milestone, Milestone::Barrier(_));
        // Nothing serves the slots of a stranger that is down, and it is left alone.
        let misses_slots = |(id, line): (&String, &ClusterNode)| {
            is_stranger(&id) && (line.failing || !line.connected) && !line.slots.is_empty()
        };
        let is_excused = cluster.nodes.iter().any(misses_slots);
        let is_fresh = fresh_primaries && self.now.says_primary(node);
        if !(cluster.ok || is_excused || is_fresh) {
            messages.push("says that the cluster is down".to_owned());
        }
        if self.expectation.milestone == Milestone::Ready {
            messages.extend(self.listing(cluster));
            messages.extend(self.unheard(node));
        }
        let own = self.expectation.members.iter().find(|member| member.node == *node);
        if let Some(ClusterMember { role: MemberRole::Replica(primary), .. }) = own
            && !self.now.says_primary(node)
            && !self.now.has_link(node)
        {
            messages.push(format!("has no replication link to {primary}"));
        }
        messages
    }

    /// What a node's line about a member says that it should not.
    fn member(&self, member: &ClusterMember, seen: &ClusterNode) -> Vec<String> {
        let name = &member.node;
        let mut messages = Vec::new();
        match (&member.role, &seen.role) {
            (MemberRole::Primary(_), ClusterRole::Replica(_)) => {
                messages.push(format!("sees {name} as a replica"));
            }
            (MemberRole::Replica(_), ClusterRole::Primary) => {
                messages.push(format!("sees {name} as a primary"));
            }
            (MemberRole::Replica(of), ClusterRole::Replica(id))
                if self.id(of).is_some_and(|own| own != id) =>
            {
                messages.push(format!("sees {name} as a replica of another node than {of}"));
            }
            _ => {}
        }
        let none = SlotSet::default();
        let slots = match &member.role {
            MemberRole::Primary(slots) => slots,
            MemberRole::Replica(_) => &none,
        };
        if seen.slots != *slots {
            let slots = if slots.is_empty() { "none".to_owned() } else { slots.to_string() };
            messages.push(format!("sees other slots at {name} than {slots}"));
        }
        if seen.address.is_some_and(|address| address != member.address) {
            messages.push(format!("sees {name} at another address than {}", member.address));
        }
        if seen.failing {
            messages.push(format!("thinks that {name} is down"));
        } else if !seen.connected && self.expectation.milestone == Milestone::Ready {
            // What is published is passed on through these links.
            messages.push(format!("has no link to {name}"));
        }
        let own_epoch = self.now.cluster(name).and_then(ClusterView::own).map(|own| own.epoch);
        // A replica's epoch is its primary's, as far as the observer knows: only primaries' count.
        if matches!(member.role, MemberRole::Primary(_)) && own_epoch.is_some_and(|epoch| epoch != seen.epoch)
        {
            messages.push(format!("has another epoch for {name} than {name} itself"));
        }
        messages
    }

    /// Replicas that a primary hears nothing from. Their own links may look up: after the network was
    /// cut, a connection hangs for some seconds in which both ends believe in it.
    fn unheard(&self, node: &NodeName) -> Vec<String> {
        if !self.now.says_primary(node) {
            return Vec::new();
        }
        let own = |member: &&ClusterMember| matches!(&member.role, MemberRole::Replica(of) if of == node);
        let unheard = |member: &&ClusterMember| !self.now.hears(node, member.address);
        let members = self.expectation.members.iter().filter(own).filter(unheard);
        members.map(|member| format!("hears nothing from its replica {}", member.node)).collect()
    }

    /// Whether clients are told of every node, and where to find it.
    fn listing(&self, cluster: &ClusterView) -> Vec<String> {
        let listed: BTreeSet<&str> = cluster.slots.values().flatten().map(String::as_str).collect();
        let mut messages = Vec::new();
        for member in &self.expectation.members {
            let Some(id) = self.id(&member.node) else { continue };
            if !listed.contains(id) {
                messages.push(format!("does not list {} in CLUSTER SLOTS", member.node));
            } else if cluster.hostless.contains(id) {
                messages.push(format!("does not know yet where clients find {}", member.node));
            } else if cluster.shards.as_ref().is_some_and(|shards| shards.get(id) != Some(&true)) {
                messages.push(format!("does not list {} as online in CLUSTER SHARDS", member.node));
            }
        }
        messages
    }
}
