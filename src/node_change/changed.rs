//! The result of a change of nodes.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Loss, NoHeir, NodeVerb, Watch, expectations};
use crate::observation::Observation;
use crate::status::{NodeCondition, Role, status};
use crate::topology::{DeploymentName, Kind, NodeName, SlotSet, Topology};

/// The reason if no node took the place of a primary in time.
const TIME_OVER: &str = "time-over";

/// The result of a change of nodes. It serializes to the JSON of the commands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NodesChanged {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The change.
    pub command: NodeVerb,
    /// The number of nodes of the deployment.
    pub nodes: usize,
    /// The changed nodes.
    pub changed: Vec<NodeName>,
    /// The chosen nodes that needed no change.
    pub unchanged: Vec<Unchanged>,
    /// The silenced primaries whose place another node has taken.
    pub took_over: Vec<TakenOver>,
    /// The silenced primaries whose place no node takes, or has taken in time.
    pub not_taken_over: Vec<NotTakenOver>,
    /// How long nodes reported that the whole cluster is down, milliseconds; `None`: they did not.
    pub cluster_down_ms: Option<u64>,
    /// The started nodes that are back in their roles.
    pub returned: Vec<Returned>,
    /// The started nodes that have no settled role yet.
    pub not_returned: Vec<NodeName>,
    /// What clients can expect, one sentence each.
    pub expect: Vec<String>,
    /// The change that put the nodes back (`--for`).
    pub put_back: Option<Box<NodesChanged>>,
}

/// A node that needed no change.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Unchanged {
    /// The node.
    pub node: NodeName,
    /// The condition of its container and server.
    pub condition: NodeCondition,
}

/// A node that took the place of a primary.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TakenOver {
    /// The number of the shard, counted from 1; `None` if the deployment is no cluster.
    pub shard: Option<usize>,
    /// The former primary.
    pub from: NodeName,
    /// The new primary.
    pub to: NodeName,
    /// The slots of the former primary, each range with both ends included.
    pub slots: Vec<[u16; 2]>,
    /// The time from the engine's call until all nodes agreed on the new primary, milliseconds.
    pub after_ms: u64,
}

/// A primary whose place no node takes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NotTakenOver {
    /// The number of the shard, counted from 1; `None` if the deployment is no cluster.
    pub shard: Option<usize>,
    /// The primary.
    pub from: NodeName,
    /// Its slots, each range with both ends included.
    pub slots: Vec<[u16; 2]>,
    /// The reason: `standalone`, `no-sentinels`, `no-replica`, `forbidden`, `no-majority`, `no-quorum`, `time-over`;
    /// `None`: nobody waited for it.
    pub reason: Option<&'static str>,
}

/// A started node that is back in its role.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Returned {
    /// The node.
    pub node: NodeName,
    /// Its role.
    pub role: Role,
    /// The node that it replicates, or watches.
    pub primary: Option<NodeName>,
    /// The number of its keys; `None` for a sentinel.
    pub keys: Option<u64>,
    /// The time from the engine's first call, milliseconds.
    pub after_ms: u64,
}

impl NodesChanged {
    /// The result of a change. `before` is the observation before it.
    #[must_use]
    pub fn new(
        topology: &Topology,
        command: NodeVerb,
        before: &Observation,
        chosen: &BTreeSet<NodeName>,
        changed: &BTreeSet<NodeName>,
    ) -> Self {
        let rows = status(topology, before).nodes;
        let unchanged = rows.iter().filter(|row| chosen.contains(&row.name) && !changed.contains(&row.name));
        let unchanged = unchanged.map(|row| Unchanged { node: row.name.clone(), condition: row.condition });
        Self {
            deployment: topology.name.clone(),
            command,
            nodes: rows.len(),
            changed: changed.iter().cloned().collect(),
            unchanged: unchanged.collect(),
            took_over: Vec::new(),
            not_taken_over: Vec::new(),
            cluster_down_ms: None,
            returned: Vec::new(),
            not_returned: Vec::new(),
            expect: Vec::new(),
            put_back: None,
        }
    }

    /// Adds what a watch over the servers has found. `waited`: the caller waited for the end of the watch.
    #[must_use]
    pub fn with(self, topology: &Topology, before: &Observation, watch: &Watch<'_>, waited: bool) -> Self {
        let shard = |loss: &Loss| (topology.kind == Kind::Cluster).then_some(loss.shard + 1);
        let (mut took_over, mut not_taken_over) = (Vec::new(), Vec::new());
        for loss in watch.losses() {
            let (from, slots) = (loss.primary.clone(), pairs(&loss.slots));
            match watch.heir(&loss.primary) {
                Some(heir) => took_over.push(TakenOver {
                    shard: shard(loss),
                    from,
                    to: heir.node.clone(),
                    slots,
                    after_ms: millis(heir.at),
                }),
                None => not_taken_over.push(NotTakenOver {
                    shard: shard(loss),
                    from,
                    slots,
                    reason: loss.vain.map(NoHeir::as_str).or(waited.then_some(TIME_OVER)),
                }),
            }
        }
        let returned = self.changed.iter().filter_map(|node| {
            let back = watch.returned(node)?;
            Some(Returned {
                node: node.clone(),
                role: back.role,
                primary: back.primary.clone(),
                keys: back.keys,
                after_ms: millis(back.at),
            })
        });
        let not_returned = watch.returning().filter(|node| waited && watch.returned(node).is_none());
        Self {
            returned: returned.collect(),
            not_returned: not_returned.cloned().collect(),
            took_over,
            not_taken_over,
            cluster_down_ms: watch.down().map(millis),
            expect: expectations(topology, before, self.command, watch, waited),
            ..self
        }
    }

    /// Whether a wait of this change, or of the change that put it back, ended without the awaited state.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        let in_time = |lost: &NotTakenOver| lost.reason != Some(TIME_OVER);
        !self.not_taken_over.iter().all(in_time)
            || !self.not_returned.is_empty()
            || self.put_back.as_ref().is_some_and(|back| back.is_unsettled())
    }
}

/// The ranges of slots, each with both ends included.
pub(crate) fn pairs(slots: &SlotSet) -> Vec<[u16; 2]> {
    slots.ranges().iter().map(|range| [range.start(), range.end()]).collect()
}

/// A time in milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
