//! Failover by vote: the reaction of servers, or of their sentinels, to an unreachable primary.
//!
//! A test says when they vote. This file decides whether they can, like the servers: a majority must be reachable,
//! and a replica must be eligible.

use std::collections::BTreeSet;
use std::time::Duration;

use redisctl::observation::ClusterRole;
use redisctl::topology::{Address, NodeName};

use super::process::Process;
use super::{State, World};

/// The time after which sentinels see a primary as down that reports to be a replica: `down-after-milliseconds` and
/// two periods of INFO.
const DEMOTED: Duration = Duration::from_secs(25);

impl World {
    /// Does every failover that is due.
    pub(crate) fn vote(&self) {
        let mut state = self.state();
        while state.elect_in_cluster() {}
        state.elect_by_sentinels();
    }
}

impl World {
    /// The reachable nodes of a kind.
    pub(crate) fn answering(&self, wanted: impl Fn(&Process) -> bool) -> Vec<NodeName> {
        let state = self.state();
        let processes = state.reachable().into_iter().filter(|(_, process)| wanted(process));
        processes.map(|(name, _)| name.clone()).collect()
    }
}

impl State {
    /// Whether the server of a node is reachable.
    pub(crate) fn is_reachable(&self, node: &NodeName) -> bool {
        let container = self.engine.containers.get(node);
        let listens = container.is_some_and(|container| container.process.is_some());
        listens && self.engine.is_connected(node) && !self.faults.silent.contains(node)
    }

    /// The servers that reach each other.
    pub(crate) fn reachable(&self) -> Vec<(&NodeName, &Process)> {
        let containers = self.engine.containers.iter();
        let processes = containers.filter_map(|(name, container)| Some((name, container.process.as_ref()?)));
        processes.filter(|(name, _)| self.is_reachable(name)).collect()
    }

    /// The sentinels' reaction to a primary that a user made a replica.
    pub(super) fn replace_the_demoted(&mut self) {
        let sentinels = self.reachable().into_iter().filter_map(|(_, process)| process.sentinel.as_ref());
        let mut since = sentinels.filter_map(|sentinel| sentinel.demoted_since);
        if since.any(|since| since.elapsed() >= DEMOTED) {
            self.elect_by_sentinels();
        }
    }

    /// Promotes a replica of an unreachable primary, if the majority of the primaries votes for it.
    fn elect_in_cluster(&mut self) -> bool {
        let reachable = self.reachable();
        let there: BTreeSet<Address> = reachable.iter().map(|(_, process)| process.address).collect();
        let highest_epoch =
            reachable.iter().filter_map(|(_, process)| Some(process.cluster.as_ref()?.current_epoch)).max();
        let lost_primary = |process: &Process| -> Option<String> {
            let cluster = process.cluster.as_ref()?;
            let ClusterRole::Replica(id) = &cluster.own().role else { return None };
            let line = cluster.nodes.get(id)?;
            let is_there = line.connected && line.address.is_some_and(|address| there.contains(&address));
            let may = process.settings.get("cluster-replica-no-failover") != Some("yes");
            (may && !is_there && !line.slots.is_empty()).then(|| id.clone())
        };
        let is_elected = |process: &Process, primary: &str| {
            let Some(cluster) = &process.cluster else { return false };
            let voters = cluster.nodes.iter().filter(|(_, line)| line.is_primary() && !line.slots.is_empty());
            let votes = |id: &str| {
                let own = reachable.iter().filter_map(|(_, voter)| voter.cluster.as_ref());
                let strangers = self.strangers.values().map(|(cluster, _)| cluster);
                let mut voter = own.chain(strangers).filter(|voter| voter.own_id == id);
                voter.any(|voter| {
                    let sees_it_fail = voter.nodes.get(primary).is_some_and(|line| !line.connected);
                    sees_it_fail && voter.nodes.contains_key(&cluster.own_id)
                })
            };
            voters.clone().filter(|(id, _)| votes(id)).count() > voters.count() / 2
        };
        let candidates = reachable.iter().filter_map(|(name, process)| {
            let primary = lost_primary(process)?;
            is_elected(process, &primary).then_some((process.offset, *name))
        });
        let Some((_, winner)) = candidates.max() else { return false };
        let winner = winner.clone();
        let process = self.process(&winner).expect("it was just found");
        let cluster = process.cluster.as_mut().expect("it was just found");
        cluster.current_epoch = cluster.current_epoch.max(highest_epoch.unwrap_or_default());
        cluster.take_over().is_ok()
    }

    /// Makes the sentinels replace an unreachable primary by a replica, if the majority agrees.
    pub(super) fn elect_by_sentinels(&mut self) {
        let reachable = self.reachable();
        let there = |address: Address| reachable.iter().any(|(_, process)| process.address == address);
        let chosen = reachable.iter().find_map(|(_, process)| {
            let sentinel = process.sentinel.as_ref()?;
            let is_demoted = sentinel.demoted_since.is_some_and(|since| since.elapsed() >= DEMOTED);
            let primary = sentinel.primary.filter(|primary| is_demoted || !there(*primary))?;
            let agree = sentinel.sentinels.iter().filter(|other| there(**other)).count() + 1;
            let others = reachable.iter().filter(|(_, replica)| replica.address != primary);
            let known = others.filter(|(_, replica)| sentinel.replicas.contains(&replica.address));
            let best = known.max_by_key(|(_, replica)| (replica.offset, replica.address))?;
            (agree > sentinel.sentinels.len().div_ceil(2)).then_some(best.1.address)
        });
        if let Some(chosen) = chosen {
            self.follow_the_sentinels_choice(chosen);
        }
    }
}
