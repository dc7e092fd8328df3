//! Primaries that a change silences, and why no node takes their place.

use std::collections::BTreeSet;
use std::fmt;

use crate::arrangement::{Arrangement, SeatRole, Seats};
use crate::observation::{Observation, ServerView};
use crate::topology::{Kind, NodeName, SlotSet, Topology};

/// A primary that a change silences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The primary.
    pub primary: NodeName,
    /// The position of its shard, counted from 0.
    pub shard: usize,
    /// Its slots; empty if the deployment is no cluster.
    pub slots: SlotSet,
    /// Why no node takes its place; `None`: a node will.
    pub vain: Option<NoHeir>,
}

/// Why no node takes the place of a primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoHeir {
    /// The deployment has a single server.
    Standalone,
    /// The deployment has no sentinels, which would choose another primary.
    NoSentinels,
    /// No replica of it runs.
    NoReplica,
    /// Its replicas must not become primaries.
    Forbidden(&'static str),
    /// Too few primaries of the cluster run to vote.
    NoMajority {
        /// The primaries that run.
        running: usize,
        /// The votes that a replica needs.
        needed: usize,
    },
    /// Too few sentinels run to vote.
    NoQuorum {
        /// The sentinels that run.
        running: usize,
        /// The votes that a failover needs.
        needed: usize,
    },
}

impl NoHeir {
    /// The reason as JSON spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::NoSentinels => "no-sentinels",
            Self::NoReplica => "no-replica",
            Self::Forbidden(_) => "forbidden",
            Self::NoMajority { .. } => "no-majority",
            Self::NoQuorum { .. } => "no-quorum",
        }
    }
}

impl fmt::Display for NoHeir {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standalone => formatter.write_str("it is the only server"),
            Self::NoSentinels => formatter.write_str("without sentinels, replicas stay replicas"),
            Self::NoReplica => formatter.write_str("no replica of it runs"),
            Self::Forbidden(directive) => write!(formatter, "`{directive}` forbids it to its replicas"),
            Self::NoMajority { running, needed } => {
                write!(formatter, "it takes the votes of primaries: {needed} needed, {running} left")
            }
            Self::NoQuorum { running, needed } => {
                write!(formatter, "it takes the votes of sentinels: {needed} needed, {running} left")
            }
        }
    }
}

/// The primaries among the silenced nodes. `before` is the observation before the change.
#[must_use]
pub fn losses(topology: &Topology, before: &Observation, silenced: &BTreeSet<NodeName>) -> Vec<Loss> {
    let arrangement = Arrangement::new(topology, before);
    let seats = Seats::new(topology, &arrangement);
    let survivors = Survivors { topology, before, seats: &seats, silenced };
    let loss = |(shard, primary): (usize, &NodeName)| {
        let present = arrangement.undisputed_slots(primary);
        let slots = if present.is_empty() { topology.shards[shard].slots.clone() } else { present };
        Loss { primary: primary.clone(), shard, slots, vain: survivors.no_heir(shard) }
    };
    let silent = seats.primaries().iter().enumerate().filter(|(_, primary)| silenced.contains(*primary));
    // A node without slots in an unformed cluster serves nobody.
    silent.map(loss).filter(|loss| topology.formed || !loss.slots.is_empty()).collect()
}

/// The nodes that answered before the change, and go on to run.
struct Survivors<'a> {
    topology: &'a Topology,
    before: &'a Observation,
    seats: &'a Seats<'a>,
    silenced: &'a BTreeSet<NodeName>,
}

impl Survivors<'_> {
    fn view(&self, node: &NodeName) -> Option<&ServerView> {
        self.before.view(node).filter(|_| !self.silenced.contains(node))
    }

    fn no_heir(&self, shard: usize) -> Option<NoHeir> {
        match self.topology.kind {
            Kind::Standalone => Some(NoHeir::Standalone),
            Kind::Replication => Some(NoHeir::NoSentinels),
            Kind::Sentinel => self.no_replica(shard, "replica-priority", "0").or_else(|| self.no_quorum()),
            Kind::Cluster => {
                self.no_replica(shard, "cluster-replica-no-failover", "yes").or_else(|| self.no_majority())
            }
        }
    }

    /// Whether no replica of a shard can take over. With the directive at this value, a replica must not.
    fn no_replica(&self, shard: usize, directive: &'static str, forbids: &str) -> Option<NoHeir> {
        let all = self.topology.servers().into_iter().map(|node| &node.name);
        let is_replica = |node: &&NodeName| {
            let seat = self.seats.seat(node);
            seat.role == SeatRole::Replica && seat.shard == Some(shard)
        };
        let replicas: Vec<&ServerView> = all.filter(is_replica).filter_map(|node| self.view(node)).collect();
        if replicas.is_empty() {
            return Some(NoHeir::NoReplica);
        }
        let is_forbidden = |view: &&ServerView| view.settings.get(directive) == Some(forbids);
        replicas.iter().all(is_forbidden).then_some(NoHeir::Forbidden(directive))
    }

    /// Whether too few primaries are left to vote for a replica.
    fn no_majority(&self) -> Option<NoHeir> {
        let needed = self.topology.shards.len() / 2 + 1;
        let running = self.seats.primaries().iter().filter(|primary| self.view(primary).is_some()).count();
        (running < needed).then_some(NoHeir::NoMajority { running, needed })
    }

    /// Whether too few sentinels are left to fail over: they need their quorum, and a majority.
    fn no_quorum(&self) -> Option<NoHeir> {
        let sentinels = &self.topology.sentinels;
        let quorum = |node: &crate::topology::Node| node.settings.get("quorum")?.parse().ok();
        let quorum: usize = sentinels.iter().filter_map(quorum).max().unwrap_or(1);
        let needed = quorum.max(sentinels.len() / 2 + 1);
        let running = sentinels.iter().filter(|sentinel| self.view(&sentinel.name).is_some()).count();
        (running < needed).then_some(NoHeir::NoQuorum { running, needed })
    }
}
