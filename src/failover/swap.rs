//! The shards whose primary is swapped with a replica, and the reasons that forbid it.

use crate::arrangement::{Arrangement, SeatRole, Seats, Standing};
use crate::node_change::{NodeChoice, WrongChoice};
use crate::observation::Observation;
use crate::topology::slots::slot_of;
use crate::topology::{Kind, NodeName, SlotSet, Topology};

/// The shards that a user chooses. Without a filter, all shards are chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShardChoice {
    /// Only this shard of a cluster, counted from 1 in the order of the spec's slots.
    pub shard: Option<usize>,
    /// Only the shard of the owner of this key's slot.
    pub key: Option<String>,
}

/// A shard whose primary is swapped with a replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The position of the shard, counted from 0.
    pub shard: usize,
    /// The present primary.
    pub from: NodeName,
    /// The replica that takes its place; `None`: the sentinels choose it.
    pub to: Option<NodeName>,
    /// The replicas that answer.
    pub replicas: Vec<NodeName>,
    /// The slots of the primary; empty if the deployment is no cluster.
    pub slots: SlotSet,
}

impl ShardChoice {
    /// Checks the choice by the topology alone, before anything is asked.
    ///
    /// # Errors
    /// The deployment has no replicas by its kind, no slots, or no such shard.
    pub fn check(&self, topology: &Topology) -> Result<(), WrongChoice> {
        let (name, kind) = (&topology.name, topology.kind);
        if kind == Kind::Standalone {
            return Err(WrongChoice {
                message: format!("`{name}` has a single server, so no node can take its place"),
                hint: "a failover needs a replica: `kind: replication`, `sentinel` or `cluster`".to_owned(),
            });
        }
        let shards = NodeChoice { shard: self.shard, key: self.key.clone(), ..NodeChoice::default() };
        shards.check(topology).map_err(|wrong| match kind {
            Kind::Cluster => wrong,
            _ => WrongChoice { hint: "leave it out: the deployment has one primary".to_owned(), ..wrong },
        })
    }

    fn has(&self, shard: usize, seats: &Seats<'_>) -> bool {
        let of_key = |key: &String| seats.owner(slot_of(key)).and_then(|owner| seats.shard_led_by(owner));
        self.shard.is_none_or(|number| number == shard + 1)
            && self.key.as_ref().is_none_or(|key| of_key(key) == Some(shard))
    }
}

/// The swaps of the chosen shards.
///
/// # Errors
/// As [`ShardChoice::check`]; or a chosen shard has no replica that can take over. Then no shard is swapped.
pub fn swaps(
    topology: &Topology,
    observed: &Observation,
    choice: &ShardChoice,
) -> Result<Vec<Swap>, WrongChoice> {
    choice.check(topology)?;
    let arrangement = Arrangement::new(topology, observed);
    let seats = Seats::new(topology, &arrangement);
    let present = Present { topology, observed, arrangement: &arrangement, seats: &seats };
    present.electorate()?;
    let primaries = seats.primaries().iter().enumerate().filter(|(shard, _)| choice.has(*shard, &seats));
    let swaps: Vec<Swap> =
        primaries.map(|(shard, primary)| present.swap(shard, primary)).collect::<Result<_, _>>()?;
    if swaps.is_empty() {
        return Err(WrongChoice {
            message: format!("no shard of `{}` fits `--shard` and `--key`", topology.name),
            hint: format!("`redisctl status {}` shows the present roles and slots", topology.name),
        });
    }
    Ok(swaps)
}

/// A key in one of these slots, or any key if there are none. `word` makes it differ from all other keys.
#[must_use]
pub fn key_in(slots: &SlotSet, word: &str) -> String {
    let mut keys = (0_u32..).map(|number| format!("redisctl:failover:{word}:{number}"));
    let fits = |key: &String| slots.is_empty() || slots.contains(slot_of(key));
    keys.find(fits).unwrap_or_default()
}

struct Present<'a> {
    topology: &'a Topology,
    observed: &'a Observation,
    arrangement: &'a Arrangement<'a>,
    seats: &'a Seats<'a>,
}

impl Present<'_> {
    fn answers(&self, node: &NodeName) -> bool {
        self.observed.view(node).is_some()
    }

    fn hint(&self) -> String {
        let name = &self.topology.name;
        format!("`redisctl status {name}` shows the nodes, and `redisctl up` repairs them")
    }

    /// The nodes that vote for the new primary.
    fn electorate(&self) -> Result<(), WrongChoice> {
        let refused = |message: String| Err(WrongChoice { message, hint: self.hint() });
        match self.topology.kind {
            Kind::Cluster => {
                let running = self.seats.primaries().iter().filter(|primary| self.answers(primary)).count();
                let needed = self.topology.shards.len() / 2 + 1;
                if running < needed {
                    return refused(format!(
                        "a failover takes the votes of primaries: {needed} needed, {running} run"
                    ));
                }
            }
            Kind::Sentinel if !self.topology.sentinels.iter().any(|node| self.answers(&node.name)) => {
                return refused("no sentinel runs, so none can make a replica the primary".to_owned());
            }
            Kind::Standalone | Kind::Replication | Kind::Sentinel => {}
        }
        Ok(())
    }

    fn swap(&self, shard: usize, primary: &NodeName) -> Result<Swap, WrongChoice> {
        let refused = |reason: String| {
            let place = match self.topology.kind {
                Kind::Cluster => format!("shard {} is not failed over", shard + 1),
                _ => format!("`{}` is not failed over", self.topology.name),
            };
            Err(WrongChoice { message: format!("{place}: {reason}"), hint: self.hint() })
        };
        if !matches!(self.arrangement.standing(primary), Some(Standing::Primary { .. })) {
            return refused(format!("its primary {primary} does not answer"));
        }
        let slots = self.arrangement.undisputed_slots(primary);
        if self.topology.kind == Kind::Cluster && slots.is_empty() {
            return refused(format!("its primary {primary} owns no slots"));
        }
        let all = self.topology.servers().into_iter().map(|node| &node.name);
        let replicas: Vec<&NodeName> = all
            .filter(|node| {
                let seat = self.seats.seat(node);
                seat.role == SeatRole::Replica && seat.shard == Some(shard)
            })
            .collect();
        let running: Vec<&NodeName> = replicas.iter().copied().filter(|node| self.answers(node)).collect();
        if running.is_empty() {
            if replicas.is_empty() {
                let hint = "`replicas: 1` in the spec, and `redisctl up`, add a replica".to_owned();
                return refused(format!("{primary} has no replica"))
                    .map_err(|wrong| WrongChoice { hint, ..wrong });
            }
            return refused(format!("no replica of {primary} runs"));
        }
        let is_in_sync = |node: &&NodeName| {
            let standing = self.arrangement.standing(node);
            matches!(standing, Some(Standing::Replica { of: Some(of), link_up: true, .. }) if of == *primary)
        };
        let in_sync: Vec<&NodeName> = running.iter().copied().filter(is_in_sync).collect();
        // The sentinels choose among all replicas, and each must have every write.
        let awaits_all = self.topology.kind == Kind::Sentinel;
        if in_sync.is_empty() || (awaits_all && in_sync.len() < running.len()) {
            let behind = running.iter().find(|node| !is_in_sync(node)).unwrap_or(&primary);
            return refused(format!("the link of {behind} to {primary} is down, so it may lack keys"));
        }
        if awaits_all {
            let forbids = |node: &&NodeName| {
                let view = self.observed.view(node);
                view.is_some_and(|view| view.settings.get("replica-priority") == Some("0"))
            };
            if in_sync.iter().all(forbids) {
                return refused("`replica-priority` forbids it to its replicas".to_owned());
            }
        }
        let to = in_sync.first().filter(|_| !awaits_all).map(|node| (*node).clone());
        let replicas = running.into_iter().cloned().collect();
        Ok(Swap { shard, from: primary.clone(), to, replicas, slots })
    }
}
