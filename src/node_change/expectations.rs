//! What clients can expect after a change of nodes, in sentences.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Heir, Loss, NoHeir, NodeVerb, Return, Watch};
use crate::arrangement::{Arrangement, SeatRole, Seats};
use crate::observation::Observation;
use crate::spec::DataSpec;
use crate::status::Role;
use crate::topology::{Kind, NodeName, Topology};

/// What clients can expect, one sentence each. `before` is the observation before the change. `waited`: the caller
/// waited for the end of the watch.
#[must_use]
pub fn expectations(
    topology: &Topology,
    before: &Observation,
    verb: NodeVerb,
    watch: &Watch<'_>,
    waited: bool,
) -> Vec<String> {
    let arrangement = Arrangement::new(topology, before);
    let seats = Seats::new(topology, &arrangement);
    let words = Words { topology, before, seats: &seats, verb, watch, waited };
    if verb.silences() { words.of_silence() } else { words.of_returns() }
}

struct Words<'a> {
    topology: &'a Topology,
    before: &'a Observation,
    seats: &'a Seats<'a>,
    verb: NodeVerb,
    watch: &'a Watch<'a>,
    waited: bool,
}

impl Words<'_> {
    fn of_silence(&self) -> Vec<String> {
        let silenced = self.watch.silenced();
        if silenced.is_empty() {
            return Vec::new();
        }
        let answers = |node: &NodeName| self.before.view(node).is_some() && !silenced.contains(node);
        if !self.topology.nodes().into_iter().any(|node| answers(&node.name)) {
            return vec![self.of_everything()];
        }
        let mut sentences: Vec<String> = self.watch.losses().iter().map(|loss| self.of_loss(loss)).collect();
        sentences.extend(self.of_cluster());
        if self.verb == NodeVerb::Pause && !self.watch.losses().is_empty() {
            let paused = list(self.watch.losses().iter().map(|loss| &loss.primary));
            sentences.push(format!(
                "connections to {paused} stay open without an answer: clients wait for their own timeouts"
            ));
        }
        sentences.extend(self.of_replicas());
        sentences.extend(self.of_sentinels());
        sentences
    }

    fn of_everything(&self) -> String {
        let name = &self.topology.name;
        let lost = if self.comes_back_empty() { ", without their keys" } else { "" };
        format!("no node of `{name}` answers: `redisctl {} {name}` brings them back{lost}", self.undo())
    }

    /// Whether a silenced server comes back without its keys.
    fn comes_back_empty(&self) -> bool {
        self.verb != NodeVerb::Pause && self.topology.data == DataSpec::Ephemeral
    }

    fn of_loss(&self, loss: &Loss) -> String {
        let primary = &loss.primary;
        let (place, cost) = match self.topology.kind {
            Kind::Cluster => (format!(" shard {}", loss.shard + 1), format!("slots {}", loss.slots)),
            _ => (String::new(), "writes".to_owned()),
        };
        match (self.watch.heir(primary), loss.vain) {
            (Some(Heir { node, at }), _) => {
                format!(
                    "{node} took over{place} from {primary} after {0}: {cost} were not served for {0}",
                    seconds(*at)
                )
            }
            (None, Some(reason)) => {
                format!("no node takes over{place} from {primary}: {reason}; {}", self.remedy(loss))
            }
            (None, None) if self.waited => {
                format!("no node has taken over{place} from {primary} in time; {}", self.remedy(loss))
            }
            (None, None) => format!("{cost} are not served until a replica takes over{place} from {primary}"),
        }
    }

    /// How to bring a primary back. If it comes back without its keys, `up` makes a replica the primary first.
    fn remedy(&self, loss: &Loss) -> String {
        let (name, primary) = (&self.topology.name, &loss.primary);
        let number = primary.number_in(name).map_or_else(|| primary.to_string(), |number| number.to_string());
        let back = format!("`redisctl {} {name} {number}` brings it back", self.undo());
        let is_chosen_by_up = matches!(self.topology.kind, Kind::Replication | Kind::Cluster);
        let has_copy = is_chosen_by_up && loss.vain != Some(NoHeir::NoReplica);
        match (self.comes_back_empty(), has_copy) {
            (false, _) => back,
            (true, true) => {
                format!("{back} without its keys, and `redisctl up` makes a replica the primary")
            }
            (true, false) => format!("{back} without its keys"),
        }
    }

    fn undo(&self) -> &'static str {
        if self.verb == NodeVerb::Pause { "unpause" } else { "start" }
    }

    /// The whole cluster, while some slots have no owner.
    fn of_cluster(&self) -> Option<String> {
        let mut lost = self.watch.losses().iter();
        if self.topology.kind != Kind::Cluster {
            return None;
        }
        let down = self.watch.down();
        if lost.any(|loss| loss.vain.is_some()) {
            let mut views = self.before.servers.values().filter_map(|server| server.view());
            let covers = views.any(|view| view.settings.get("cluster-require-full-coverage") == Some("no"));
            return (!covers).then(|| {
                "until then, the cluster refuses commands for all slots (`cluster-require-full-coverage`)"
                    .to_owned()
            });
        }
        down.map(|down| {
            format!("the cluster refused commands for all slots, for {} of that time", seconds(down))
        })
    }

    fn of_replicas(&self) -> Option<String> {
        let is_replica = |node: &&NodeName| self.seats.seat(node).role == SeatRole::Replica;
        let replicas: Vec<&NodeName> = self.watch.silenced().iter().filter(is_replica).collect();
        let answer = if self.verb == NodeVerb::Pause { "get no answer" } else { "fail" };
        let others =
            if self.watch.losses().is_empty() { ", and clients of primaries notice nothing" } else { "" };
        (!replicas.is_empty()).then(|| format!("reads at {} {answer}{others}", list(replicas)))
    }

    fn of_sentinels(&self) -> Option<String> {
        let silenced = self.watch.silenced();
        if !silenced.iter().any(|node| self.topology.is_sentinel(node)) {
            return None;
        }
        let all = self.topology.sentinels.iter().map(|node| &node.name);
        let running =
            all.filter(|node| self.before.view(node).is_some() && !silenced.contains(*node)).count();
        let needed = self.topology.sentinels.len() / 2 + 1;
        let can = if running < needed { "cannot fail over" } else { "can still fail over" };
        Some(format!(
            "{running} of {} sentinels run: with {needed} needed, they {can}",
            self.topology.sentinels.len()
        ))
    }

    fn of_returns(&self) -> Vec<String> {
        let returning: BTreeSet<&NodeName> = self.watch.returning().collect();
        let sentence = |node: &NodeName| match self.watch.returned(node) {
            Some(back) => Some(self.of_return(node, back)),
            None if self.waited => Some(format!(
                "{node} has no settled role yet: `redisctl status {}` shows why",
                self.topology.name
            )),
            None => None,
        };
        returning.into_iter().filter_map(sentence).collect()
    }

    fn of_return(&self, node: &NodeName, back: &Return) -> String {
        let after = seconds(back.at);
        match (back.role, &back.primary) {
            (Role::Sentinel, Some(primary)) => format!("{node} watches {primary} again, after {after}"),
            (Role::Replica, Some(primary)) if back.linked => {
                format!("{node} is back as a replica of {primary}, after {after}")
            }
            (Role::Replica, Some(primary)) => {
                format!("{node} is back as a replica of {primary}, which does not answer")
            }
            _ => {
                let shard = self.seats.seat(node).shard.filter(|_| self.topology.kind == Kind::Cluster);
                let shard = shard.map(|shard| format!(" of shard {}", shard + 1)).unwrap_or_default();
                format!("{node} is back as the primary{shard}, after {after}, with {}", self.keys(node, back))
            }
        }
    }

    fn keys(&self, node: &NodeName, back: &Return) -> String {
        let now = back.keys.unwrap_or_default();
        let before = self.before.view(node).map(|view| view.keys).filter(|before| *before > now);
        match before {
            Some(1) => "no key of 1 before".to_owned(),
            Some(before) => format!("{now} of its {before} keys"),
            None if now == 1 => "1 key".to_owned(),
            None => format!("{now} keys"),
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn list<'n>(nodes: impl IntoIterator<Item = &'n NodeName>) -> String {
    nodes.into_iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}
