//! Whether a deployment is ready: compares the servers' views with the expectation.
//!
//! The executor's waits and the planner use it. Verification has its own checks.

use std::collections::{BTreeMap, BTreeSet};

use crate::arrangement::Arrangement;
use crate::observation::{ClusterNode, ClusterRole, ClusterView, ObservedServer, ServerView};
pub use crate::plan::Disagreement;
use crate::plan::{
    ClusterExpectation, ClusterMember, Deviation, MemberRole, Milestone, Peer, ReplicationExpectation,
    SentinelExpectation,
};
use crate::topology::{NodeName, SlotSet};

/// The servers' answers by node.
pub type Answers = BTreeMap<NodeName, ObservedServer>;

fn answer<'a>(answers: &'a Answers, node: &NodeName) -> Result<&'a ServerView, Deviation> {
    match answers.get(node) {
        None => Err(Deviation::NotAsked),
        Some(ObservedServer::Silent(reason)) => Err(Deviation::Silent(reason.clone())),
        Some(ObservedServer::Answering(view)) => Ok(view),
    }
}

/// The nodes that do not answer; empty: every node answers.
#[must_use]
pub fn answering(answers: &Answers) -> Vec<Disagreement> {
    let silent = answers.keys().filter_map(|node| Some((node, answer(answers, node).err()?)));
    silent.map(|(node, deviation)| deviation.at(node)).collect()
}

/// The nodes that do not report that the cluster is up; empty: every node reports it.
#[must_use]
pub fn cluster_up(answers: &Answers) -> Vec<Disagreement> {
    let deviation = |node: &NodeName| match answer(answers, node).map(|view| &view.cluster) {
        Err(deviation) => Some(deviation),
        Ok(None) => Some(Deviation::NoClusterNode),
        Ok(Some(cluster)) => (!cluster.ok).then_some(Deviation::ClusterDown),
    };
    answers.keys().filter_map(|node| Some(deviation(node)?.at(node))).collect()
}

/// The nodes that hold data; empty: no node does.
#[must_use]
pub fn empty(nodes: &[NodeName], answers: &Answers) -> Vec<Disagreement> {
    let deviation = |node: &NodeName| match answer(answers, node) {
        Err(deviation) => Some(deviation),
        Ok(view) => Some(Deviation::Holds(view.contents())).filter(|_| !view.contents().is_empty()),
    };
    nodes.iter().filter_map(|node| Some(deviation(node)?.at(node))).collect()
}

/// The reasons why a primary and its replicas are not ready; empty: they are ready.
#[must_use]
pub fn replication(expectation: &ReplicationExpectation, answers: &Answers) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let mut say = |node: &NodeName, deviation: Deviation| found.push(deviation.at(node));
    let ReplicationExpectation { primary, replicas } = expectation;
    let peers = std::iter::once(primary).chain(replicas);
    let now = Arrangement::from_addresses(peers.map(|peer| (&peer.node, peer.address)), answers);
    match answer(answers, &primary.node) {
        Err(deviation) => say(&primary.node, deviation),
        Ok(_) if !now.says_primary(&primary.node) => say(&primary.node, Deviation::NoPrimary),
        Ok(_) => {
            for replica in replicas.iter().filter(|replica| !now.hears(&primary.node, replica.address)) {
                say(&primary.node, Deviation::ReplicaNotOnline(replica.node.clone()));
            }
        }
    }
    for Peer { node, .. } in replicas {
        match answer(answers, node) {
            Err(deviation) => say(node, deviation),
            Ok(_) if now.says_primary(node) => say(node, Deviation::NoReplica),
            Ok(_) if !now.follows(node, primary.address) => {
                say(node, Deviation::FollowsOther(primary.node.clone()));
            }
            Ok(_) if !now.has_link(node) => say(node, Deviation::NoLink(primary.node.clone())),
            Ok(_) => {}
        }
    }
    found
}

/// The reasons why sentinels and their servers are not ready; empty: they are ready.
#[must_use]
pub fn sentinels(expectation: &SentinelExpectation, answers: &Answers) -> Vec<Disagreement> {
    let mut found = replication(&expectation.watched, answers);
    for sentinel in &expectation.sentinels {
        let deviations = match answer(answers, &sentinel.node) {
            Err(deviation) => vec![deviation],
            Ok(view) => deviations_of_sentinel(expectation, sentinel, view),
        };
        found.extend(deviations.into_iter().map(|deviation| deviation.at(&sentinel.node)));
    }
    found
}

/// The differences between a sentinel's answers and the expectation.
fn deviations_of_sentinel(
    expectation: &SentinelExpectation,
    own: &Peer,
    view: &ServerView,
) -> Vec<Deviation> {
    let primary = &expectation.watched.primary;
    let Some(watched) = view.watched() else {
        return vec![Deviation::WatchesNothing];
    };
    if watched.primary != Some(primary.address) {
        return vec![Deviation::WatchesOther(primary.node.clone())];
    }
    let mut deviations = Vec::new();
    if watched.failing {
        deviations.push(Deviation::SeesDown(primary.node.clone()));
    }
    let others = expectation.sentinels.iter().filter(|other| other.node != own.node);
    let kinds = [
        (&watched.replicas, expectation.watched.replicas.iter().collect::<Vec<_>>()),
        (&watched.sentinels, others.collect()),
    ];
    for (known, peers) in kinds {
        for peer in &peers {
            match known.get(&peer.address) {
                None => deviations.push(Deviation::NotKnown(peer.node.clone())),
                Some(false) => deviations.push(Deviation::SeesDown(peer.node.clone())),
                Some(true) => {}
            }
        }
        let strangers = known.keys().filter(|known| !peers.iter().any(|peer| peer.address == **known));
        deviations.extend(strangers.map(|address| Deviation::KnowsStranger(*address)));
    }
    deviations
}

/// The reasons why a cluster is not ready; empty: it is ready.
///
/// All nodes must report the same: exactly the expected members, no handshakes, the expected roles and slots, equal
/// epochs, and links that are up. The milestone adds further conditions.
#[must_use]
pub fn cluster(expectation: &ClusterExpectation, answers: &Answers) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let members = expectation.members.iter().map(|member| (&member.node, member.address));
    let now = Arrangement::from_addresses(members, answers);
    for member in &expectation.members {
        let deviation = match answer(answers, &member.node) {
            Ok(view) if view.cluster.is_some() => continue,
            Ok(_) => Deviation::NoClusterNode,
            Err(deviation) => deviation,
        };
        found.push(deviation.at(&member.node));
    }
    let judge = ClusterJudge { expectation, now };
    for (node, view) in judge.now.clusters() {
        let deviations = judge.node(node, view);
        found.extend(deviations.into_iter().map(|deviation| deviation.at(node)));
    }
    found
}

/// Compares each node's answers with the expectation and with the other nodes' answers.
struct ClusterJudge<'a> {
    expectation: &'a ClusterExpectation,
    now: Arrangement<'a>,
}

impl ClusterJudge<'_> {
    fn id(&self, node: &NodeName) -> Option<&str> {
        self.now.cluster(node).map(|cluster| cluster.own_id.as_str())
    }

    fn node(&self, node: &NodeName, cluster: &ClusterView) -> Vec<Deviation> {
        let mut deviations = Vec::new();
        let unmet = self.unmet_strangers(cluster);
        let all_handshakes = || cluster.nodes.values().filter(|other| other.handshake);
        let handshakes = all_handshakes().count();
        // A handshake with a stranger that is down never ends.
        let is_vain = |other: &&ClusterNode| unmet.iter().any(|stranger| stranger.address == other.address);
        let awaited = handshakes - all_handshakes().filter(is_vain).count();
        if awaited > 0 {
            deviations.push(Deviation::Handshakes(awaited));
        }
        let is_stranger = |id: &&String| self.expectation.strangers.contains(*id);
        let known = cluster.nodes.len() - handshakes - cluster.nodes.keys().filter(is_stranger).count();
        if known > self.expectation.members.len() {
            deviations.push(Deviation::TooManyNodes { known, expected: self.expectation.members.len() });
        }
        for member in &self.expectation.members {
            let seen = self.id(&member.node).and_then(|id| cluster.nodes.get(id));
            match seen {
                None if self.id(&member.node).is_none() => {}
                None => deviations.push(Deviation::NotKnown(member.node.clone())),
                Some(seen) => deviations.extend(self.member(member, seen, &unmet)),
            }
        }
        let fresh_primaries = matches!(self.expectation.milestone, Milestone::Barrier(_));
        // The slots of a stranger that is down are not served. The stranger stays in the cluster.
        let misses_slots = |(id, line): (&String, &ClusterNode)| {
            is_stranger(&id) && (line.failing || !line.connected) && !line.slots.is_empty()
        };
        let is_excused = cluster.nodes.iter().any(misses_slots);
        let is_fresh = fresh_primaries && self.now.says_primary(node);
        if !(cluster.ok || is_excused || is_fresh) {
            deviations.push(Deviation::ClusterDown);
        }
        if self.expectation.milestone == Milestone::Ready {
            deviations.extend(self.listing(cluster));
            deviations.extend(self.unheard(node));
        }
        let own = self.expectation.members.iter().find(|member| member.node == *node);
        if let Some(ClusterMember { role: MemberRole::Replica(primary), .. }) = own
            && !self.now.says_primary(node)
            && !self.now.has_link(node)
        {
            deviations.push(Deviation::NoReplicationLink(primary.clone()));
        }
        deviations
    }

    /// Other nodes' lines about strangers that are down, and that the node has never met.
    fn unmet_strangers(&self, cluster: &ClusterView) -> Vec<&ClusterNode> {
        let lines = self.now.clusters().flat_map(|(_, view)| &view.nodes);
        let unmet = |id: &String| self.expectation.strangers.contains(id) && !cluster.nodes.contains_key(id);
        let is_down = |line: &ClusterNode| line.failing || !line.connected;
        lines.filter(|(id, line)| unmet(id) && is_down(line)).map(|(_, line)| line).collect()
    }

    /// The differences between a node's line about a member and the expectation. A node lists slots at their former
    /// owner until it has met the new owner, so slots of `unmet` strangers do not count.
    fn member(&self, member: &ClusterMember, seen: &ClusterNode, unmet: &[&ClusterNode]) -> Vec<Deviation> {
        let name = &member.node;
        let mut deviations = Vec::new();
        match (&member.role, &seen.role) {
            (MemberRole::Primary(_), ClusterRole::Replica(_)) => {
                deviations.push(Deviation::SeesReplica(name.clone()));
            }
            (MemberRole::Replica(_), ClusterRole::Primary) => {
                deviations.push(Deviation::SeesPrimary(name.clone()));
            }
            (MemberRole::Replica(of), ClusterRole::Replica(id))
                if self.id(of).is_some_and(|own| own != id) =>
            {
                deviations.push(Deviation::SeesOtherPrimary { replica: name.clone(), primary: of.clone() });
            }
            _ => {}
        }
        let none = SlotSet::default();
        let slots = match &member.role {
            MemberRole::Primary(slots) => slots,
            MemberRole::Replica(_) => &none,
        };
        let known = |slots: &SlotSet| {
            unmet.iter().fold(slots.clone(), |rest, stranger| rest.without(&stranger.slots))
        };
        if known(&seen.slots) != *slots {
            deviations.push(Deviation::OtherSlots { node: name.clone(), expected: slots.clone() });
        }
        if seen.address.is_some_and(|address| address != member.address) {
            deviations.push(Deviation::OtherAddress { node: name.clone(), expected: member.address });
        }
        if seen.failing {
            deviations.push(Deviation::SeesDown(name.clone()));
        } else if !seen.connected && self.expectation.milestone == Milestone::Ready {
            // Nodes forward published messages through these links.
            deviations.push(Deviation::NoLink(name.clone()));
        }
        let own_epoch = self.now.cluster(name).and_then(ClusterView::own).map(|own| own.epoch);
        // A replica reports its primary's epoch, as far as known. So only primaries' epochs count.
        if matches!(member.role, MemberRole::Primary(_)) && own_epoch.is_some_and(|epoch| epoch != seen.epoch)
        {
            deviations.push(Deviation::OtherEpoch(name.clone()));
        }
        deviations
    }

    /// Replicas without acknowledgements at their primary. Their own links may still be reported as up: after a network failure, both ends see the connection as open for some seconds.
    fn unheard(&self, node: &NodeName) -> Vec<Deviation> {
        if !self.now.says_primary(node) {
            return Vec::new();
        }
        let own = |member: &&ClusterMember| matches!(&member.role, MemberRole::Replica(of) if of == node);
        let unheard = |member: &&ClusterMember| !self.now.hears(node, member.address);
        let members = self.expectation.members.iter().filter(own).filter(unheard);
        members.map(|member| Deviation::HearsNothing(member.node.clone())).collect()
    }

    /// Whether a node announces the same IP of a member as the member itself.
    fn is_told_as_announced(&self, cluster: &ClusterView, member: &ClusterMember, id: &str) -> bool {
        let own = self.now.cluster(&member.node).and_then(ClusterView::own);
        let told = cluster.nodes.get(id);
        own.zip(told).is_none_or(|(own, told)| own.told_ip == told.told_ip)
    }

    /// Whether the node lists every node to clients, with a host.
    fn listing(&self, cluster: &ClusterView) -> Vec<Deviation> {
        let listed: BTreeSet<&str> = cluster.slots.values().flatten().map(String::as_str).collect();
        let mut deviations = Vec::new();
        for member in &self.expectation.members {
            let Some(id) = self.id(&member.node) else { continue };
            if !listed.contains(id) {
                deviations.push(Deviation::NotInSlots(member.node.clone()));
            } else if cluster.hostless.contains(id) || !self.is_told_as_announced(cluster, member, id) {
                deviations.push(Deviation::NoHost(member.node.clone()));
            } else if cluster.shards.as_ref().is_some_and(|shards| shards.get(id) != Some(&true)) {
                deviations.push(Deviation::NotInShards(member.node.clone()));
            }
        }
        deviations
    }
}
