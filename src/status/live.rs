//! The state of a watched deployment: the last sample, and the changes so far.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::activity::{Activity, Sample, activity};
use super::change::{Change, changes};
use super::{NodeStatus, Role};
use crate::topology::NodeName;

/// The number of changes that are kept: more than a screen shows.
const MOST_CHANGES: usize = 50;

/// How long changes of the same kind count as one: slots move in many small steps.
const TOGETHER: Duration = Duration::from_secs(5);

/// The result of a look at a deployment.
#[derive(Debug)]
pub enum Look {
    /// Its state.
    Seen(Box<Sample>),
    /// It does not exist.
    Gone,
    /// The reason why it was not seen.
    Unseen(String),
}

/// A watched deployment. It knows no clock: times are since the begin of the watch.
#[derive(Debug)]
pub struct LiveStatus {
    /// The deployment.
    pub name: String,
    /// The last sample; `None`: it does not exist.
    pub sample: Option<Sample>,
    /// The present work of its servers.
    pub activity: BTreeMap<NodeName, Activity>,
    /// Whether nodes have got or lost slots since the sample before.
    pub trends: BTreeMap<NodeName, Ordering>,
    /// Why the last look has seen nothing.
    pub trouble: Option<String>,
    /// The changes with their times, the last one first.
    pub changes: VecDeque<(Duration, Change)>,
    /// The shard of each node, as a position for the order of nodes.
    places: BTreeMap<NodeName, usize>,
}

impl LiveStatus {
    /// A deployment that was not seen yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            sample: None,
            activity: BTreeMap::new(),
            trends: BTreeMap::new(),
            trouble: None,
            changes: VecDeque::new(),
            places: BTreeMap::new(),
        }
    }

    /// Takes note of a look. Returns what has changed since the last one.
    pub fn note(&mut self, look: Look, at: Duration) -> Vec<Change> {
        self.trouble = None;
        let found = match look {
            Look::Seen(sample) => self.seen(*sample),
            Look::Unseen(reason) => {
                self.trouble = Some(reason);
                Vec::new()
            }
            Look::Gone => {
                self.activity.clear();
                self.trends.clear();
                self.sample.take().map(|_| Change::Gone(self.name.clone())).into_iter().collect()
            }
        };
        for change in &found {
            self.keep(change.clone(), at);
        }
        found
    }

    fn seen(&mut self, sample: Sample) -> Vec<Change> {
        self.activity = activity(self.sample.as_ref(), &sample);
        let found = match &self.sample {
            Some(before) => changes(&before.status, &sample.status),
            None if self.changes.is_empty() => Vec::new(),
            None => vec![Change::Back(self.name.clone())],
        };
        let owned = |nodes: &[NodeStatus]| -> BTreeMap<NodeName, u32> {
            nodes.iter().map(|node| (node.name.clone(), node.slot_count())).collect()
        };
        let now = owned(&sample.status.nodes);
        let before = self.sample.as_ref().map_or_else(|| now.clone(), |before| owned(&before.status.nodes));
        let trend = |(node, count): (NodeName, u32)| {
            let order = count.cmp(before.get(&node).unwrap_or(&0));
            (node, order)
        };
        self.trends = now.into_iter().map(trend).collect();
        self.place(&sample.status.nodes);
        self.sample = Some(sample);
        found
    }

    /// Keeps a change. Slots that move on belong to the change before.
    fn keep(&mut self, change: Change, at: Duration) {
        let last = self.changes.front().filter(|(time, _)| at.saturating_sub(*time) <= TOGETHER);
        if let Some(together) = last.and_then(|(_, last)| last.with(&change)) {
            self.changes.pop_front();
            self.changes.push_front((at, together));
        } else {
            self.changes.push_front((at, change));
            self.changes.truncate(MOST_CHANGES);
        }
    }

    /// Gives each node the place of its shard. A node without a known shard keeps its place, so that lines do not jump
    /// during a failover.
    fn place(&mut self, nodes: &[NodeStatus]) {
        let position = |name: &NodeName| nodes.iter().position(|node| node.name == *name);
        let is_first = self.places.is_empty();
        for (own, node) in nodes.iter().enumerate() {
            match node.primary.as_ref().filter(|_| node.role == Role::Replica) {
                None => {
                    self.places.entry(node.name.clone()).or_insert(own);
                }
                Some(primary) => {
                    let primary_place = self.places.get(primary).copied().or_else(|| position(primary));
                    let place = primary_place.unwrap_or(own);
                    // A shard whose replica has taken over has the place of the smaller number.
                    let place = if is_first { place.min(own) } else { place };
                    self.places.insert(node.name.clone(), place);
                    if is_first {
                        self.places.insert(primary.clone(), place);
                    }
                }
            }
        }
        self.places.retain(|name, _| position(name).is_some());
    }

    /// The nodes, shard by shard; sentinels last.
    #[must_use]
    pub fn nodes(&self) -> Vec<&NodeStatus> {
        let Some(sample) = &self.sample else { return Vec::new() };
        let mut nodes: Vec<&NodeStatus> = sample.status.nodes.iter().collect();
        // The sort keeps the order of nodes with the same place.
        nodes.sort_by_key(|node| {
            (node.role == Role::Sentinel, self.places.get(&node.name).copied().unwrap_or(usize::MAX))
        });
        nodes
    }
}
