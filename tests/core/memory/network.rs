//! Gossip and replication between the running servers, as time passes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redisctl::observation::History;
use redisctl::topology::{Address, NodeName};
use tokio::time::Instant;

use super::State;
use super::cluster::Cluster;
use super::keys::Keys;
use super::process::{Link, Process};
use super::sentinel;

/// One round of gossip and replication.
const TICK: Duration = Duration::from_millis(50);

impl State {
    /// Brings all servers up to the present.
    pub(crate) fn advance(&mut self) {
        let now = Instant::now();
        while self.at + TICK <= now {
            self.at += TICK;
            self.tick();
        }
    }

    fn tick(&mut self) {
        let connected: BTreeSet<NodeName> =
            self.engine.containers.keys().filter(|name| self.is_reachable(name)).cloned().collect();
        let mut reachable: BTreeMap<&NodeName, &mut Process> = self
            .engine
            .containers
            .iter_mut()
            .filter(|(name, _)| connected.contains(name))
            .filter_map(|(name, container)| Some((name, container.process.as_mut()?)))
            .collect();
        gossip(&mut reachable, &mut self.strangers);
        replicate(&mut reachable);
        sentinel::discover(&mut reachable);
        self.replace_the_demoted();
    }
}

fn gossip(
    reachable: &mut BTreeMap<&NodeName, &mut Process>,
    strangers: &mut BTreeMap<Address, (Cluster, Keys)>,
) {
    let headers = reachable
        .values()
        .filter_map(|process| {
            let cluster = process.cluster.as_ref()?;
            Some((process.address, cluster.header(process.address, process.offset)))
        })
        .chain(strangers.iter().map(|(address, (cluster, _))| (*address, cluster.header(*address, 0))))
        .collect();
    for (address, (cluster, _)) in strangers {
        cluster.hear(*address, &headers);
    }
    for process in reachable.values_mut() {
        let (address, fresh) = (process.address, process.is_fresh());
        let full_coverage = process.settings.get("cluster-require-full-coverage") == Some("yes");
        if let Some(cluster) = &mut process.cluster {
            let before = cluster.own().slots.clone();
            cluster.hear(address, &headers);
            // A primary that lost all its slots replicates their owner, and gets its keys.
            if let Some(lost) = before.without(&cluster.own().slots).filter(|_| cluster.own().is_primary()) {
                process.keys.delete_in(&lost);
            }
            cluster.judge(fresh, full_coverage);
        }
    }
}

fn replicate(reachable: &mut BTreeMap<&NodeName, &mut Process>) {
    // A primary sends pings to its replicas. Without replicas, its offset does not move.
    let followed: BTreeSet<Address> = reachable
        .values()
        .filter_map(|process| process.link.0.filter(|_| process.link.1 == Link::Up))
        .collect();
    for process in reachable.values_mut() {
        let online = process.has_backlog && !process.is_replica() && followed.contains(&process.address);
        let period = process.settings.get("repl-ping-replica-period").and_then(|text| text.parse().ok());
        if online && process.pinged.elapsed() >= Duration::from_secs(period.unwrap_or(10)) {
            process.pinged = Instant::now();
            process.write(14);
        }
    }
    let source = |process: &&mut Process| (process.offset, process.keys.clone(), process.history.clone());
    let sources: BTreeMap<Address, (u64, Keys, History)> =
        reachable.values().map(|process| (process.address, source(process))).collect();
    let welcome: BTreeSet<Address> = reachable
        .values()
        .filter(|process| {
            let Some(address) = process.primary() else { return false };
            let primary = reachable.values().find(|primary| primary.address == address);
            primary.is_some_and(|primary| {
                process.is_let_in_by(primary) && process.server.reads_data_of(primary.server)
            })
        })
        .map(|process| process.address)
        .collect();
    let mut with_replicas = Vec::new();
    for process in reachable.values_mut() {
        let primary = process.primary();
        let source = primary.and_then(|address| sources.get(&address));
        let link = match (source, process.link) {
            (None, _) => Link::Down,
            (Some(_), _) if !welcome.contains(&process.address) => Link::Down,
            (Some(_), (peer, Link::Joining | Link::Up)) if peer == primary => Link::Up,
            (Some(_), _) => {
                let user = process.login().0.to_owned();
                process.linked_as = user;
                Link::Joining
            }
        };
        process.link = (primary, link);
        if let (Some(address), Some((offset, keys, history)), Link::Up) = (primary, source, link) {
            (process.offset, process.keys, process.has_backlog) = (*offset, keys.clone(), true);
            process.history = history.clone();
            with_replicas.push(address);
        }
    }
    for process in reachable.values_mut().filter(|process| with_replicas.contains(&process.address)) {
        process.has_backlog = true;
    }
}
