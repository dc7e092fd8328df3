//! Whether all nodes of a cluster report the same nodes, roles and slots, and whether all slots are covered.

use std::collections::BTreeMap;

use crate::observation::{ClusterRole, ClusterView, SlotWay};
use crate::topology::slots::SLOT_COUNT;
use crate::topology::{Address, Node, SlotRange, SlotSet};

use super::context::CheckContext;
use super::{Check, Judgement};

const SLOTS: (&str, &str) =
    ("slots", "all 16384 slots are covered, each of them once, and none is open at the node");
const AGREEMENT: (&str, &str) =
    ("agreement", "the node calls the cluster ok, and sees the same nodes, roles and slots as the others");

pub(super) fn checks(context: &CheckContext<'_>) -> Vec<Check> {
    let nodes = context.topology.nodes();
    let most = most_common_picture(context, &nodes);
    let slots = nodes.iter().map(|node| {
        let judgement = view(context, node).and_then(|view| judge_slots(context, view));
        let mut transcript = context.transcript([*node], "CLUSTER SLOTS", &[]);
        // The line about the node itself has the open slots.
        transcript.extend(
            context.transcript([*node], "CLUSTER NODES", &[]).into_iter().filter(|_| judgement.is_err()),
        );
        Check::judged(SLOTS, Some(&node.name), judgement, transcript)
    });
    let agreement = nodes.iter().map(|node| {
        let mut transcript = context.transcript([*node], "CLUSTER INFO", &["cluster_state:"]);
        transcript.extend(context.transcript([*node], "CLUSTER NODES", &[]));
        let judgement = view(context, node).and_then(|view| judge_agreement(context, view, most.as_ref()));
        Check::judged(AGREEMENT, Some(&node.name), judgement, transcript)
    });
    slots.chain(agreement).collect()
}

fn view<'a>(context: &CheckContext<'a>, node: &Node) -> Result<&'a ClusterView, String> {
    context.said(&node.name)?.view.cluster.as_ref().ok_or_else(|| "it is not a cluster node".to_owned())
}

fn judge_slots(context: &CheckContext<'_>, view: &ClusterView) -> Judgement {
    let (mut uncovered, mut repeated) = (Vec::new(), Vec::new());
    // The first slot after all ranges so far. The ranges are sorted by their starts.
    let mut next = 0;
    for (start, end) in view.slots.keys() {
        uncovered.extend(start.checked_sub(1).and_then(|before| SlotRange::new(next, before)));
        repeated.extend(next.checked_sub(1).and_then(|before| SlotRange::new(*start, before.min(*end))));
        next = next.max(end.saturating_add(1));
    }
    uncovered.extend(SlotRange::new(next, SLOT_COUNT - 1));
    let slots = |ranges: Vec<SlotRange>| SlotSet::from_iter(ranges);
    if !uncovered.is_empty() {
        Err(format!("slots {} are not covered", slots(uncovered)))
    } else if !repeated.is_empty() {
        Err(format!("slots {} are covered more than once", slots(repeated)))
    } else if !view.open_slots.is_empty() {
        Err(open_slots(context, view))
    } else {
        Ok(format!("{SLOT_COUNT} slots in {} ranges", view.slots.len()))
    }
}

/// The slots in the midst of a move, by the node at the other end. Commands with several keys may fail there.
fn open_slots(context: &CheckContext<'_>, view: &ClusterView) -> String {
    let mut ways: BTreeMap<&SlotWay, Vec<u16>> = BTreeMap::new();
    for (slot, way) in &view.open_slots {
        ways.entry(way).or_default().push(*slot);
    }
    let name = |id: &String| {
        let address = view.nodes.get(id).and_then(|line| line.address);
        address.map_or_else(|| "an unknown node".to_owned(), |address| context.name_at(address))
    };
    let sentence = |(way, slots): (&SlotWay, Vec<u16>)| {
        let slots = SlotSet::from_iter(slots);
        match way {
            SlotWay::Migrating(to) => format!("slots {slots} are open, migrating to {}", name(to)),
            SlotWay::Importing(from) => format!("slots {slots} are open, importing from {}", name(from)),
        }
    };
    ways.into_iter().map(sentence).collect::<Vec<_>>().join("; ")
}

/// A node's view of the cluster, without ids and without the fields that differ between healthy nodes.
type Picture = BTreeMap<Address, SeenNodes>;

/// A node as another node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SeenNodes {
    /// The address of its primary, for a replica whose primary the observer knows.
    follows: Option<Address>,
    slots: SlotSet,
    /// Its config epoch, for a primary. For a replica, servers report the epoch of its primary.
    epoch: Option<u64>,
}

fn picture(view: &ClusterView) -> Picture {
    let address = |id: &String| view.nodes.get(id).and_then(|node| node.address);
    let seen = view.nodes.values().filter(|node| !node.handshake).filter_map(|node| {
        let (follows, epoch) = match &node.role {
            ClusterRole::Primary => (None, Some(node.epoch)),
            ClusterRole::Replica(id) => (address(id), None),
        };
        Some((node.address?, SeenNodes { follows, slots: node.slots.clone(), epoch }))
    });
    seen.collect()
}

/// The picture that most nodes have. Of equally common pictures it is the first.
fn most_common_picture(context: &CheckContext<'_>, nodes: &[&Node]) -> Option<Picture> {
    let views = nodes.iter().filter_map(|node| context.survey.cluster(&node.name));
    let pictures: Vec<Picture> = views.map(picture).collect();
    let votes = |one: &Picture| pictures.iter().filter(|other| *other == one).count();
    // `max_by_key` takes the last of equals. In reverse order this is the first.
    pictures.iter().rev().max_by_key(|picture| votes(picture)).cloned()
}

fn judge_agreement(context: &CheckContext<'_>, view: &ClusterView, most: Option<&Picture>) -> Judgement {
    let mut problems = Vec::new();
    if !view.ok {
        problems.push("it reports the cluster as down".to_owned());
    }
    let handshakes = view.nodes.values().filter(|node| node.handshake).count();
    if handshakes > 0 {
        problems.push(format!("it still has {handshakes} nodes in handshake"));
    }
    let own = picture(view);
    let nodes = context.topology.nodes();
    for node in &nodes {
        let line = view.nodes.values().find(|line| line.address == Some(node.address));
        match line {
            None => problems.push(format!("it does not know {}", node.name)),
            Some(line) if line.failing => problems.push(format!("it reports {} as failing", node.name)),
            Some(line) if !line.connected => problems.push(format!("it has no link to {}", node.name)),
            Some(_) => {}
        }
    }
    let strangers = view
        .nodes
        .values()
        .filter(|line| !line.handshake && nodes.iter().all(|node| line.address != Some(node.address)));
    for stranger in strangers {
        let at = stranger.address.map_or_else(|| "an unknown address".to_owned(), |at| at.to_string());
        problems.push(format!("it knows a node at {at} that does not belong to the deployment"));
    }
    if let Some(most) = most {
        let differing =
            most.iter().filter(|(address, seen)| own.get(*address).is_some_and(|own_seen| own_seen != *seen));
        let names: Vec<String> = differing.map(|(address, _)| context.name_at(*address)).collect();
        if !names.is_empty() {
            problems.push(format!("its view of {} differs from that of most nodes", names.join(", ")));
        }
    }
    if problems.is_empty() {
        Ok(format!("state ok, {} nodes, epoch {}", own.len(), view.current_epoch))
    } else {
        Err(problems.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestDeployment;
    use crate::observation::SlotWay;

    #[test]
    fn nodes_that_say_the_same_agree() {
        let deployment = TestDeployment::cluster(3, 1);
        for number in 1..=6 {
            assert_eq!(deployment.judged("slots", Some(number)), Ok("16384 slots in 3 ranges".to_owned()));
            let agreed = deployment.judged("agreement", Some(number));
            assert_eq!(agreed, Ok("state ok, 6 nodes, epoch 3".to_owned()));
        }
    }

    #[test]
    fn gaps_and_overlaps_are_told_apart() {
        let listing = |ranges: &[(u16, u16)]| {
            let mut deployment = TestDeployment::cluster(3, 1);
            let view = deployment.view(2);
            view.slots = ranges.iter().map(|range| (*range, Vec::new())).collect();
            deployment.judged("slots", Some(2)).expect_err("a failure")
        };
        assert_eq!(listing(&[(0, 100), (102, 16_383)]), "slots 101 are not covered");
        assert_eq!(listing(&[(0, 100), (90, 16_383)]), "slots 90-100 are covered more than once");
        assert_eq!(listing(&[]), "slots 0-16383 are not covered");
    }

    #[test]
    fn open_slots_are_named_with_their_way() {
        let mut deployment = TestDeployment::cluster(3, 1);
        let way = SlotWay::Migrating("id-2".to_owned());
        deployment.view(1).open_slots = (0..1000).map(|slot| (slot, way.clone())).collect();
        let found = deployment.judged("slots", Some(1));
        assert_eq!(found, Err("slots 0-999 are open, migrating to shop-2".to_owned()));
        assert!(deployment.judged("slots", Some(2)).is_ok());
    }

    #[test]
    fn each_way_to_disagree_is_named_at_the_node_that_does() {
        type Spoil = fn(&mut TestDeployment);
        let ways: [(Spoil, &str); 6] = [
            (|deployment| deployment.view(2).ok = false, "reports the cluster as down"),
            (|deployment| deployment.line(2, 5).failing = true, "reports shop-5 as failing"),
            (|deployment| deployment.line(2, 5).connected = false, "has no link to shop-5"),
            (|deployment| drop(deployment.view(2).nodes.remove("id-5")), "does not know shop-5"),
            (
                |deployment| deployment.line(2, 1).epoch = 9,
                "its view of shop-1 differs from that of most nodes",
            ),
            (
                |deployment| {
                    let mut stranger = deployment.line(2, 5).clone();
                    stranger.address = None;
                    deployment.view(2).nodes.insert("id-7".to_owned(), stranger);
                },
                "a node at an unknown address",
            ),
        ];
        for (spoil, words) in ways {
            let mut deployment = TestDeployment::cluster(3, 1);
            spoil(&mut deployment);
            let message = deployment.judged("agreement", Some(2)).expect_err(words);
            assert!(message.contains(words), "{message}");
            assert!(deployment.judged("agreement", Some(3)).is_ok(), "{words}");
        }
    }
}
