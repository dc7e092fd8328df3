//! The nodes that a user chooses.

use std::collections::BTreeSet;

use crate::arrangement::{Arrangement, Seats};
use crate::observation::Observation;
use crate::status::Role;
use crate::topology::slots::slot_of;
use crate::topology::{Kind, NodeName, Topology};

/// The nodes that a user chooses. A node must fit each given filter. Without filters, all nodes are chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeChoice {
    /// Only these nodes; empty: all.
    pub nodes: Vec<NodeName>,
    /// Only nodes with this role at present.
    pub role: Option<Role>,
    /// Only the nodes of this shard of a cluster, counted from 1 in the order of the spec's slots.
    pub shard: Option<usize>,
    /// Only the owner of this key's slot; with the role of a replica, the replicas of the owner.
    pub key: Option<String>,
}

/// Why a choice is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WrongChoice {
    /// The problem.
    pub message: String,
    /// The correction.
    pub hint: String,
}

impl NodeChoice {
    /// Checks the choice by the topology alone, before anything is asked.
    ///
    /// # Errors
    /// The kind of the deployment has no such role, no slots, or no such shard.
    pub fn check(&self, topology: &Topology) -> Result<(), WrongChoice> {
        let (name, kind) = (&topology.name, topology.kind);
        if let Some(role) = self.role.filter(|role| !roles(kind).contains(role)) {
            let roles: Vec<String> = roles(kind).iter().map(|role| format!("`{}`", role.as_str())).collect();
            return Err(WrongChoice {
                message: format!("`{name}` has no {}: its kind is {}", role.as_str(), kind.as_str()),
                hint: match roles.as_slice() {
                    [only] => format!("its only role is {only}"),
                    roles => format!("its roles are {}", roles.join(", ")),
                },
            });
        }
        let filter = self.key.as_ref().map(|_| "--key").or(self.shard.map(|_| "--shard"));
        if let Some(filter) = filter.filter(|_| kind != Kind::Cluster) {
            return Err(WrongChoice {
                message: format!(
                    "`{name}` has no slots, so `{filter}` chooses nothing: its kind is {}",
                    kind.as_str()
                ),
                hint: "choose nodes by their names, or by `--role`".to_owned(),
            });
        }
        let shards = topology.shards.len();
        if let Some(shard) = self.shard.filter(|shard| !(1..=shards).contains(shard)) {
            let present: Vec<String> = (1..)
                .zip(&topology.shards)
                .map(|(number, shard)| format!("{number} ({})", shard.slots))
                .collect();
            let shown = present
                .get(..SHOWN_SHARDS)
                .map_or_else(|| present.join(", "), |first| format!("{}, … {shards}", first.join(", ")));
            return Err(WrongChoice {
                message: format!("`{name}` has no shard {shard}"),
                hint: format!("its shards, by their slots: {shown}"),
            });
        }
        Ok(())
    }

    /// The chosen nodes. All of them have containers.
    ///
    /// # Errors
    /// As [`NodeChoice::check`]; or a named node has no container, or no node fits all filters.
    pub fn choose(
        &self,
        topology: &Topology,
        observed: &Observation,
    ) -> Result<BTreeSet<NodeName>, WrongChoice> {
        self.check(topology)?;
        let name = &topology.name;
        if let Some(missing) = self.nodes.iter().find(|node| !observed.containers.contains_key(*node)) {
            return Err(WrongChoice {
                message: format!("{missing} has no container"),
                hint: format!("`redisctl up` with the spec of `{name}` makes it again"),
            });
        }
        let arrangement = Arrangement::new(topology, observed);
        let seats = Seats::new(topology, &arrangement);
        let all = topology.nodes().into_iter().map(|node| &node.name);
        let existing = all.filter(|node| observed.containers.contains_key(*node));
        let chosen: BTreeSet<NodeName> = existing.filter(|node| self.fits(&seats, node)).cloned().collect();
        if chosen.is_empty() {
            return Err(WrongChoice {
                message: format!("no node of `{name}` fits{}", self.filters()),
                hint: format!("`redisctl status {name}` shows the present roles and slots"),
            });
        }
        Ok(chosen)
    }

    fn fits(&self, seats: &Seats<'_>, node: &NodeName) -> bool {
        let seat = seats.seat(node);
        let of_key = |key: &String| {
            let Some(owner) = seats.owner(slot_of(key)) else { return false };
            if self.role == Some(Role::Replica) {
                seat.shard == seats.seat(owner).shard
            } else {
                node == owner
            }
        };
        (self.nodes.is_empty() || self.nodes.contains(node))
            && self.role.is_none_or(|role| role == seat.role.into())
            && self.shard.is_none_or(|number| seat.shard.is_some_and(|shard| shard + 1 == number))
            && self.key.as_ref().is_none_or(of_key)
    }

    /// The filters as the command line spells them, each after a space.
    fn filters(&self) -> String {
        let nodes = self.nodes.iter().map(ToString::to_string);
        let role = self.role.map(|role| format!("--role {}", role.as_str()));
        let shard = self.shard.map(|shard| format!("--shard {shard}"));
        let key = self.key.as_ref().map(|key| format!("--key {key}"));
        let filters: Vec<String> = nodes.chain(role).chain(shard).chain(key).collect();
        if filters.is_empty() { String::new() } else { format!(" `{}`", filters.join(" ")) }
    }
}

/// The number of shards that a hint lists.
const SHOWN_SHARDS: usize = 5;

/// The roles of a kind.
fn roles(kind: Kind) -> &'static [Role] {
    match kind {
        Kind::Standalone => &[Role::Primary],
        Kind::Replication | Kind::Cluster => &[Role::Primary, Role::Replica],
        Kind::Sentinel => &[Role::Primary, Role::Replica, Role::Sentinel],
    }
}
