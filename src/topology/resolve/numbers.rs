//! The numbers of nodes. A node keeps its number for life: its name, address, port and volume follow from it. Only in
//! a new deployment do numbers follow from positions.

use std::collections::{BTreeMap, BTreeSet};

use crate::topology::facts::Existing;
use crate::topology::{DeploymentName, Kind, Node, NodeName};

/// The counts of nodes in a spec, by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// The number of replicas of each shard; kinds without sharding have a single shard.
    pub(super) replicas: Vec<usize>,
    /// Sentinels.
    pub(super) sentinels: usize,
}

/// The numbers of a deployment's nodes, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The numbers of each shard.
    pub(super) shards: Vec<ShardNumbers>,
    /// The sentinels, in ascending order.
    pub(super) sentinels: Vec<usize>,
}

/// The numbers of a shard's nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShardNumbers {
    /// The node that starts out as primary.
    pub(super) primary: usize,
    /// Its replicas, in ascending order.
    pub(super) replicas: Vec<usize>,
}

impl Numbers {
    /// Numbers the nodes of `shape`. Stored nodes keep their numbers. If there are fewer nodes than before, those
    /// with the highest numbers leave. New nodes take the lowest free numbers. Primaries come first, then the first
    /// replica of every shard, then the second, then sentinels.
    ///
    /// A number is free if no stored node and no container of the other sort has it. Servers and sentinels never swap
    /// numbers.
    pub(super) fn assign(shape: &Shape, name: &DeploymentName, kind: Kind, existing: &Existing) -> Self {
        let stored = existing.stored.as_deref().filter(|stored| stored.kind == kind);
        let number = |node: &Node| node.name.number_in(name);
        let stored_nodes = stored.map(|stored| stored.nodes()).unwrap_or_default();
        let mut free = FreeNumbers {
            used: stored_nodes.into_iter().filter_map(number).collect(),
            containers: containers(name, kind, existing),
        };
        let stored_shard = |shard: usize| stored.and_then(|stored| stored.shards.get(shard));
        let wanted = || shape.replicas.iter().copied();
        let mut shards: Vec<ShardNumbers> = wanted()
            .enumerate()
            .map(|(shard, wanted)| {
                let primary = stored_shard(shard).and_then(|stored| number(&stored.primary));
                let replicas = stored_shard(shard).into_iter().flat_map(|stored| &stored.replicas);
                let mut replicas = ascending(replicas.filter_map(number));
                replicas.truncate(wanted);
                ShardNumbers { primary: primary.unwrap_or_else(|| free.take(Sort::Server)), replicas }
            })
            .collect();
        for replica in 0..wanted().max().unwrap_or(0) {
            for (shard, wanted) in shards.iter_mut().zip(wanted()) {
                if shard.replicas.len() <= replica && replica < wanted {
                    shard.replicas.push(free.take(Sort::Server));
                }
            }
        }
        for shard in &mut shards {
            shard.replicas.sort_unstable();
        }
        let kept = ascending(stored.into_iter().flat_map(|stored| &stored.sentinels).filter_map(number));
        let sentinels = (0..shape.sentinels)
            .map(|sentinel| kept.get(sentinel).copied().unwrap_or_else(|| free.take(Sort::Sentinel)));
        Self { shards, sentinels: ascending(sentinels) }
    }

    /// Every node's name by its number.
    pub(super) fn names(&self, name: &DeploymentName) -> BTreeMap<usize, NodeName> {
        let servers =
            self.shards.iter().flat_map(|shard| std::iter::once(&shard.primary).chain(&shard.replicas));
        let numbers = servers.chain(&self.sentinels);
        numbers.map(|number| (*number, name.node(*number))).collect()
    }
}

/// The program in a node's container: a server or a sentinel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Server,
    Sentinel,
}

/// The numbers that new nodes may take.
struct FreeNumbers {
    used: BTreeSet<usize>,
    containers: BTreeMap<usize, Sort>,
}

impl FreeNumbers {
    /// Takes the lowest free number for a node of this sort.
    fn take(&mut self, sort: Sort) -> usize {
        let is_free = |number: &usize| {
            !self.used.contains(number) && self.containers.get(number).is_none_or(|found| *found == sort)
        };
        // The search always finds a free number.
        let number = (1..usize::MAX).find(is_free).unwrap_or(usize::MAX);
        self.used.insert(number);
        number
    }
}

/// The sorts of a deployment's containers, by number, if its kind is unchanged. Containers of another kind are all
/// replaced.
fn containers(name: &DeploymentName, kind: Kind, existing: &Existing) -> BTreeMap<usize, Sort> {
    let containers = existing.containers.iter().filter(|(_, settings)| settings.kind == kind.as_str());
    containers
        .filter_map(|(node, settings)| {
            let sort = if settings.is_sentinel() { Sort::Sentinel } else { Sort::Server };
            Some((node.number_in(name)?, sort))
        })
        .collect()
}

fn ascending(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers
}
