//! What the servers say after a change: whether other nodes have taken the place of silenced primaries, and whether
//! started nodes are back in their roles. It has no clock: times are arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Loss, losses};
use crate::arrangement::{Arrangement, Seats, Standing};
use crate::observation::{ClusterRole, Observation, ObservedServer};
use crate::status::Role;
use crate::topology::{Kind, NodeName, Topology};

/// A watch over the servers after a change.
#[derive(Debug)]
pub struct Watch<'a> {
    topology: &'a Topology,
    /// The nodes that answer, as far as known.
    asked: BTreeSet<NodeName>,
    silenced: BTreeSet<NodeName>,
    losses: Vec<Loss>,
    heirs: BTreeMap<NodeName, Heir>,
    returning: BTreeSet<NodeName>,
    returned: BTreeMap<NodeName, Return>,
    /// When a node reported first, and last, that the cluster is down.
    down: Option<(Duration, Duration)>,
}

/// A node that took the place of a primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heir {
    /// The node.
    pub node: NodeName,
    /// The time since the change.
    pub at: Duration,
}

/// A started node that has its role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Its role.
    pub role: Role,
    /// The node that it replicates, or watches.
    pub primary: Option<NodeName>,
    /// Whether a replica has its link to its primary.
    pub linked: bool,
    /// The number of its keys; `None` for a sentinel.
    pub keys: Option<u64>,
    /// The time since the change.
    pub at: Duration,
}

impl<'a> Watch<'a> {
    /// A watch after nodes were silenced. `before` is the observation before that.
    #[must_use]
    pub fn for_heirs(topology: &'a Topology, before: &Observation, silenced: BTreeSet<NodeName>) -> Self {
        let losses = losses(topology, before, &silenced);
        let mut asked = answering(before);
        asked.retain(|node| !silenced.contains(node));
        Self { asked, silenced, losses, ..Self::new(topology) }
    }

    /// A watch after nodes were started.
    #[must_use]
    pub fn for_returns(topology: &'a Topology, before: &Observation, returning: BTreeSet<NodeName>) -> Self {
        let asked = answering(before).into_iter().chain(returning.iter().cloned()).collect();
        Self { asked, returning, ..Self::new(topology) }
    }

    /// A watch while these primaries hand over to replicas, and then replicate them.
    #[must_use]
    pub fn for_swaps(topology: &'a Topology, before: &Observation, primaries: BTreeSet<NodeName>) -> Self {
        let mut losses = losses(topology, before, &primaries);
        for loss in &mut losses {
            loss.vain = None;
        }
        Self { asked: answering(before), losses, returning: primaries, ..Self::new(topology) }
    }

    fn new(topology: &'a Topology) -> Self {
        Self {
            topology,
            asked: BTreeSet::new(),
            silenced: BTreeSet::new(),
            losses: Vec::new(),
            heirs: BTreeMap::new(),
            returning: BTreeSet::new(),
            returned: BTreeMap::new(),
            down: None,
        }
    }

    /// The silenced primaries.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// The node that took the place of a primary.
    #[must_use]
    pub fn heir(&self, primary: &NodeName) -> Option<&Heir> {
        self.heirs.get(primary)
    }

    /// The role of a started node, once it has it.
    #[must_use]
    pub fn returned(&self, node: &NodeName) -> Option<&Return> {
        self.returned.get(node)
    }

    /// The nodes that the change silenced.
    #[must_use]
    pub fn silenced(&self) -> &BTreeSet<NodeName> {
        &self.silenced
    }

    /// The started nodes.
    pub fn returning(&self) -> impl Iterator<Item = &NodeName> {
        self.returning.iter()
    }

    /// The nodes to ask.
    #[must_use]
    pub fn asked(&self) -> &BTreeSet<NodeName> {
        &self.asked
    }

    /// The primaries whose place is still to be taken.
    pub fn awaited(&self) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(|loss| loss.vain.is_none() && !self.heirs.contains_key(&loss.primary))
    }

    /// How long nodes reported that the whole cluster is down; `None`: they did not.
    #[must_use]
    pub fn down(&self) -> Option<Duration> {
        self.down.map(|(first, last)| last.saturating_sub(first))
    }

    /// Whether the watch needs no further answers.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.awaited().next().is_none() && self.returning.iter().all(|node| self.returned.contains_key(node))
    }

    /// Takes the answers of the servers. `since` is the time since the change of a node.
    pub fn look(
        &mut self,
        answers: &BTreeMap<NodeName, ObservedServer>,
        since: impl Fn(&NodeName) -> Duration,
    ) {
        let arrangement = Arrangement::from_answers(self.topology, answers);
        let now = Now { topology: self.topology, arrangement: &arrangement, returning: &self.returning };
        let awaited: Vec<Loss> = self.awaited().cloned().collect();
        let is_whole = self.losses.iter().all(|loss| loss.vain.is_none());
        if let Some(loss) = awaited.first()
            && arrangement.clusters().any(|(_, cluster)| !cluster.ok)
        {
            let at = since(&loss.primary);
            self.down = Some((self.down.map_or(at, |(first, _)| first), at));
        }
        for loss in awaited {
            if let Some(node) = now.heir(&loss, is_whole) {
                self.heirs.insert(loss.primary.clone(), Heir { node, at: since(&loss.primary) });
            }
        }
        for node in &self.returning {
            let hands_over = self.awaited().any(|loss| loss.primary == *node);
            if !hands_over
                && !self.returned.contains_key(node)
                && let Some(settled) = now.settled(node)
            {
                self.returned.insert(node.clone(), Return { at: since(node), ..settled });
            }
        }
    }
}

/// The nodes that answered.
fn answering(before: &Observation) -> BTreeSet<NodeName> {
    before.servers.keys().filter(|node| before.view(node).is_some()).cloned().collect()
}

/// The present answers.
struct Now<'a> {
    topology: &'a Topology,
    arrangement: &'a Arrangement<'a>,
    returning: &'a BTreeSet<NodeName>,
}

impl Now<'_> {
    /// The node that has the place of a primary, once all answering nodes agree. `is_whole`: all slots will have an
    /// owner again, so the cluster must be up.
    fn heir(&self, loss: &Loss, is_whole: bool) -> Option<NodeName> {
        match self.topology.kind {
            Kind::Cluster => self.owner_instead(loss, is_whole),
            Kind::Sentinel => self.chosen_instead(loss),
            Kind::Replication => self.followed_instead(loss),
            Kind::Standalone => None,
        }
    }

    fn owner_instead(&self, loss: &Loss, is_whole: bool) -> Option<NodeName> {
        let arrangement = self.arrangement;
        let mut servers = self.topology.servers().into_iter().map(|node| &node.name);
        let owner = servers
            .find(|node| **node != loss.primary && loss.slots.without(&arrangement.slots(node)).is_empty())?;
        let own = arrangement.cluster(owner)?;
        let agrees = |(_, other): (_, &crate::observation::ClusterView)| {
            let line = other.nodes.get(&own.own_id);
            let owns = line.is_some_and(|line| {
                line.role == ClusterRole::Primary && loss.slots.without(&line.slots).is_empty()
            });
            owns && (other.ok || !is_whole)
        };
        arrangement.clusters().all(agrees).then(|| owner.clone())
    }

    fn chosen_instead(&self, loss: &Loss) -> Option<NodeName> {
        let named = self.arrangement.named_primary()?;
        let settled = !self.arrangement.is_between_primaries() && self.arrangement.says_primary(&named.name);
        (named.name != loss.primary && settled).then(|| named.name.clone())
    }

    fn followed_instead(&self, loss: &Loss) -> Option<NodeName> {
        let followed = self.arrangement.primary_by_servers()?;
        let settled =
            !self.arrangement.says_primary(&loss.primary) && self.arrangement.says_primary(&followed.name);
        (followed.name != loss.primary && settled).then(|| followed.name.clone())
    }

    /// The role of a started node, once it is settled.
    fn settled(&self, node: &NodeName) -> Option<Return> {
        let keys = || self.arrangement.view(node).map(|view| view.keys);
        let back = |role, primary, linked, keys| Return { role, primary, linked, keys, at: Duration::ZERO };
        match self.arrangement.standing(node)? {
            Standing::Sentinel { of } => Some(back(Role::Sentinel, Some(of?), true, None)),
            Standing::Replica { of: Some(of), link_up, .. } => {
                let is_in_vain = self.arrangement.view(&of).is_none() && !self.returning.contains(&of);
                (link_up || is_in_vain).then(|| back(Role::Replica, Some(of), link_up, keys()))
            }
            Standing::Replica { of: None, .. } => None,
            Standing::Primary { .. } => {
                let is_settled = !self.arrangement.is_between_primaries() && self.serves(node);
                is_settled.then(|| back(Role::Primary, None, true, keys()))
            }
        }
    }

    /// Whether a primary of a cluster serves its slots. With other slots lost, it may never do.
    fn serves(&self, node: &NodeName) -> bool {
        let Some(cluster) = self.arrangement.cluster(node) else { return true };
        let seats = Seats::new(self.topology, self.arrangement);
        let all_answer = seats.primaries().iter().all(|primary| self.arrangement.view(primary).is_some());
        cluster.ok || !all_answer || !self.topology.formed
    }
}
