//! Rules about the shards of a cluster: their number, their slots, and the number of nodes.

use crate::spec::{Problem, ShardSpec, ShardsSpec, Spec, SpecKind};
use crate::topology::defaults::{DEFAULT_REPLICAS, DEFAULT_SENTINELS, DEFAULT_SHARDS, MOST_NODES};
use crate::topology::slot_division::{Share, least_sizes};
use crate::topology::slots::{SLOT_COUNT, SlotRange, SlotSet};
use crate::topology::written_slots::{self, subject};

pub(super) fn can_share_the_slots(spec: &Spec) -> Option<Problem> {
    match spec.shards.as_ref()?.count() {
        0 => Some(
            Problem::new(&["shards"], "a cluster needs at least one shard")
                .hint("three or more can fail over"),
        ),
        shards if shards > usize::from(SLOT_COUNT) => {
            Some(Problem::new(&["shards"], format!("{shards} shards are more than the {SLOT_COUNT} slots")))
        }
        _ => None,
    }
}

pub(super) fn nodes_are_not_too_many(spec: &Spec) -> Option<Problem> {
    let replicas = u64::from(spec.replicas.unwrap_or(DEFAULT_REPLICAS));
    let (shards, servers) = match (spec.kind, &spec.shards) {
        (SpecKind::Standalone, _) => return None,
        (SpecKind::Replication | SpecKind::Sentinel, _) => (1, 1 + replicas),
        (SpecKind::Cluster, Some(ShardsSpec::List(list))) => {
            let nodes = |shard: &ShardSpec| 1 + shard.replicas.map_or(replicas, u64::from);
            (list.len() as u64, list.iter().map(nodes).sum())
        }
        (SpecKind::Cluster, count) => {
            let shards = count.as_ref().map_or(u64::from(DEFAULT_SHARDS), |count| count.count() as u64);
            (shards, shards * (1 + replicas))
        }
    };
    let sentinels = match spec.kind {
        SpecKind::Sentinel => u64::from(spec.sentinels.unwrap_or(DEFAULT_SENTINELS)),
        _ => 0,
    };
    let (nodes, most) = (servers + sentinels, u64::from(MOST_NODES));
    // Another rule reports more shards than slots.
    if nodes <= most || shards > u64::from(SLOT_COUNT) {
        return None;
    }
    let has_list = spec.shards.as_ref().is_some_and(|shards| shards.list().is_some());
    let field = match (shards, sentinels) {
        (shards, _) if has_list || shards > most / 2 => "shards",
        (_, sentinels) if sentinels > most / 2 => "sentinels",
        _ => "replicas",
    };
    let message = format!("that makes {nodes} nodes, and a deployment has {MOST_NODES} at most");
    Some(Problem::new(&[field], message))
}

/// Every slot belongs to exactly one shard, and every shard has slots.
pub(super) fn slots_are_divided(spec: &Spec) -> Vec<Problem> {
    let list = spec.shards.as_ref().and_then(ShardsSpec::list).filter(|_| spec.kind == SpecKind::Cluster);
    let Some(list) = list.filter(|list| !list.is_empty() && list.len() <= usize::from(SLOT_COUNT)) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let mut shares = Vec::new();
    let mut taken: Vec<(usize, SlotSet)> = Vec::new();
    for (index, shard) in list.iter().enumerate() {
        let field = |field: &str| vec!["shards".to_owned(), index.to_string(), field.to_owned()];
        let Some(written) = &shard.slots else {
            shares.push(Share::Weight(shard.weight.unwrap_or(1)));
            continue;
        };
        if shard.weight.is_some() {
            let message = "a shard has `slots` or a `weight`, not both";
            let hint = "weights divide the slots that no shard lists";
            problems.push(Problem::new(&field("weight"), message).hint(hint));
        }
        let (slots, faults) = written_slots::read(written);
        if slots.is_empty() && faults.is_empty() {
            let hint = "leave `slots` out: the shard gets its part of the slots that no shard lists";
            problems.push(Problem::new(&field("slots"), "a shard needs at least one slot").hint(hint));
        }
        problems.extend(faults.into_iter().map(|fault| {
            let mut path = field("slots");
            path.extend(fault.position.map(|position| position.to_string()));
            Problem { hint: fault.hint, ..Problem::new(&path, fault.message) }
        }));
        for (other, theirs) in &taken {
            let both = slots.shared_with(theirs);
            if !both.is_empty() {
                let message = format!("{} in shard {} too", subject(&both), other + 1);
                problems.push(Problem::new(&field("slots"), message));
            }
        }
        taken.push((index, slots.clone()));
        shares.push(Share::Slots(slots));
    }
    if problems.is_empty() {
        problems.extend(slots_suffice(&shares));
    }
    problems
}

/// Whether the shards have all slots, and each shard without listed slots gets one.
fn slots_suffice(shares: &[Share]) -> Option<Problem> {
    let weights = shares.iter().filter(|share| matches!(share, Share::Weight(_))).count();
    let listed: SlotSet = shares.iter().filter_map(Share::slots).flat_map(SlotSet::ranges).copied().collect();
    let all: SlotSet = SlotRange::new(0, SLOT_COUNT - 1).map(SlotSet::from).unwrap_or_default();
    let left = all.without(&listed);
    if weights == 0 {
        return (!left.is_empty()).then(|| {
            Problem::new(&["shards"], format!("{} in no shard", subject(&left)))
                .hint("list them in a shard, or leave `slots` out of one shard: it gets the rest")
        });
    }
    let gets_none = |(share, size): (&Share, &usize)| matches!(share, Share::Weight(_)) && *size == 0;
    let position = shares.iter().zip(&least_sizes(shares)).position(gets_none)?;
    let are = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let message = format!(
        "no slot is left for shard {}: {} for {} without `slots`",
        position + 1,
        are(left.len(), "slot"),
        are(weights, "shard")
    );
    Some(Problem::new(&["shards".to_owned(), position.to_string()], message))
}
