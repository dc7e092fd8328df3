//! The changes between two states of a deployment, as sentences.

use std::collections::BTreeMap;
use std::fmt;

use super::{DeploymentState, Link, NodeCondition, NodeStatus, Role, StatusView};
use crate::counted::counted;
use crate::topology::NodeName;

/// A change between two states of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A node belongs to the deployment now.
    Joined(NodeName),
    /// A node does not belong to the deployment any more.
    Left(NodeName),
    /// The container or server of a node has another condition.
    Condition(NodeName, NodeCondition),
    /// A node is a primary now, in the place of the second node.
    TookOver(NodeName, NodeName),
    /// A node is a primary now.
    Primary(NodeName),
    /// A node replicates the second node now.
    Follows(NodeName, NodeName),
    /// The link of a replica to its primary, the second node.
    Link(NodeName, NodeName, Link),
    /// Slots have another owner.
    Moved {
        /// The number of slots.
        slots: usize,
        /// The former owner.
        from: NodeName,
        /// The new owner.
        to: NodeName,
    },
    /// The deployment has another state.
    State(String, DeploymentState),
    /// The deployment does not exist.
    Gone(String),
    /// The deployment exists again.
    Back(String),
}

impl Change {
    /// This change and a later one as one change; `None`: they are two.
    pub(super) fn with(&self, later: &Self) -> Option<Self> {
        match (self, later) {
            (Self::Moved { slots, from, to }, Self::Moved { slots: more, from: source, to: target })
                if (from, to) == (source, target) =>
            {
                Some(Self::Moved { slots: slots + more, from: from.clone(), to: to.clone() })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined(node) => write!(formatter, "{node} is new"),
            Self::Left(node) => write!(formatter, "{node} has left"),
            Self::Condition(node, condition) => write!(formatter, "{node} {}", clause(*condition)),
            Self::TookOver(node, from) => write!(formatter, "{node} took over from {from}"),
            Self::Primary(node) => write!(formatter, "{node} is a primary"),
            Self::Follows(node, primary) => write!(formatter, "{node} follows {primary}"),
            Self::Link(node, primary, Link::Up) => write!(formatter, "{node} is linked to {primary}"),
            Self::Link(node, primary, Link::Down) => write!(formatter, "{node} lost its link to {primary}"),
            Self::Moved { slots, from, to } => {
                write!(formatter, "{} moved from {from} to {to}", counted(*slots, "slot"))
            }
            Self::State(deployment, state) => write!(formatter, "{deployment} is {}", state.as_str()),
            Self::Gone(deployment) => write!(formatter, "{deployment} is gone"),
            Self::Back(deployment) => write!(formatter, "{deployment} exists again"),
        }
    }
}

fn clause(condition: NodeCondition) -> &'static str {
    match condition {
        NodeCondition::Answering => "answers",
        NodeCondition::Silent => "does not answer",
        NodeCondition::Paused => "is paused",
        NodeCondition::Created => "was never started",
        NodeCondition::Exited => "has ended",
        NodeCondition::Restarting => "restarts",
        NodeCondition::Missing => "has no container",
        NodeCondition::OutOfReach => "is out of reach",
    }
}

/// The changes from one state to the next, the causes before their effects.
pub(super) fn changes(before: &StatusView, now: &StatusView) -> Vec<Change> {
    let mut found = Vec::new();
    let pairs: Vec<(&NodeStatus, &NodeStatus)> = now
        .nodes
        .iter()
        .filter_map(|node| Some((before.nodes.iter().find(|other| other.name == node.name)?, node)))
        .collect();
    let lacks =
        |view: &StatusView, node: &NodeStatus| !view.nodes.iter().any(|other| other.name == node.name);
    found.extend(
        now.nodes.iter().filter(|node| lacks(before, node)).map(|node| Change::Joined(node.name.clone())),
    );
    found.extend(
        before.nodes.iter().filter(|node| lacks(now, node)).map(|node| Change::Left(node.name.clone())),
    );
    let other_condition = pairs.iter().filter(|(before, now)| before.condition != now.condition);
    found.extend(other_condition.map(|(_, now)| Change::Condition(now.name.clone(), now.condition)));
    found.extend(pairs.iter().filter_map(|(before, now)| new_primary(before, now)));
    found.extend(pairs.iter().filter_map(|(before, now)| other_link(before, now)));
    found.extend(moved(before, now, &found));
    if before.state != now.state {
        found.push(Change::State(now.deployment.to_string(), now.state));
    }
    found
}

fn new_primary(before: &NodeStatus, now: &NodeStatus) -> Option<Change> {
    let is_new = now.role == Role::Primary && before.role != Role::Primary;
    let change = |former: &NodeName| Change::TookOver(now.name.clone(), former.clone());
    is_new.then(|| before.primary.as_ref().map_or_else(|| Change::Primary(now.name.clone()), change))
}

/// Another primary of a replica, or another state of its link.
fn other_link(before: &NodeStatus, now: &NodeStatus) -> Option<Change> {
    let primary = now.primary.as_ref().filter(|_| now.role == Role::Replica)?;
    let (node, primary) = (now.name.clone(), primary.clone());
    if before.primary.as_ref() != Some(&primary) {
        return Some(Change::Follows(node, primary));
    }
    // Silence is told by the condition.
    let link = now.link.filter(|link| before.link.is_some_and(|before| before != *link))?;
    Some(Change::Link(node, primary, link))
}

/// The slots with another owner. Slots that a node got by a failover are told by the failover.
fn moved(before: &StatusView, now: &StatusView, found: &[Change]) -> Vec<Change> {
    let owners = |view: &'_ StatusView| -> BTreeMap<u16, NodeName> {
        let slots = |node: &NodeStatus| {
            let name = node.name.clone();
            let ranges = node.slots.clone().into_iter();
            ranges
                .flat_map(|[start, end]| start..=end)
                .map(move |slot| (slot, name.clone()))
                .collect::<Vec<_>>()
        };
        view.nodes.iter().flat_map(slots).collect()
    };
    if before.nodes.iter().map(|node| &node.slots).eq(now.nodes.iter().map(|node| &node.slots)) {
        return Vec::new();
    }
    let (former, present) = (owners(before), owners(now));
    let mut counts: BTreeMap<(&NodeName, &NodeName), usize> = BTreeMap::new();
    for (slot, to) in &present {
        if let Some(from) = former.get(slot).filter(|from| *from != to) {
            *counts.entry((from, to)).or_default() += 1;
        }
    }
    // A failover may show its new roles first and its slots later. A node that does not answer sends no slots.
    let has_failed = |from: &NodeName, to: &NodeName| {
        let node = now.nodes.iter().find(|node| node.name == *from);
        node.is_some_and(|node| {
            node.primary.as_ref() == Some(to) || node.condition != NodeCondition::Answering
        })
    };
    let is_told = |from: &NodeName, to: &NodeName| {
        found.contains(&Change::TookOver(to.clone(), from.clone())) || has_failed(from, to)
    };
    counts
        .into_iter()
        .filter(|((from, to), _)| !is_told(from, to))
        .map(|((from, to), slots)| Change::Moved { slots, from: from.clone(), to: to.clone() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{DeploymentName, Kind};

    fn view(nodes: Vec<NodeStatus>) -> StatusView {
        StatusView {
            deployment: DeploymentName::new("shop").unwrap(),
            kind: Kind::Cluster,
            state: DeploymentState::Ready,
            image: String::new(),
            digest: None,
            server: String::new(),
            nodes,
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn name(number: u8) -> NodeName {
        NodeName::from_label(&format!("shop-{number}"))
    }

    fn primary(number: u8, slots: &[[u16; 2]]) -> NodeStatus {
        NodeStatus {
            name: name(number),
            role: Role::Primary,
            address: String::new(),
            endpoint: String::new(),
            container: name(number),
            engine: None,
            condition: NodeCondition::Answering,
            slots: slots.to_vec(),
            primary: None,
            link: None,
            lag: None,
            memory: None,
            keys: None,
            version: None,
            modules: None,
        }
    }

    fn replica(number: u8, of: u8, link: Link) -> NodeStatus {
        NodeStatus { role: Role::Replica, primary: Some(name(of)), link: Some(link), ..primary(number, &[]) }
    }

    fn sentences(before: Vec<NodeStatus>, now: Vec<NodeStatus>) -> Vec<String> {
        changes(&view(before), &view(now)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_failover_is_one_change_of_slots() {
        let before = vec![primary(1, &[[0, 99]]), replica(2, 1, Link::Up)];
        let now = vec![replica(1, 2, Link::Up), primary(2, &[[0, 99]])];
        assert_eq!(sentences(before.clone(), now), ["shop-2 took over from shop-1", "shop-1 follows shop-2"]);
        assert_eq!(sentences(before.clone(), before), [""; 0]);
        let roles_first = vec![replica(1, 2, Link::Up), primary(2, &[])];
        let slots_before =
            vec![NodeStatus { slots: vec![[0, 99]], ..replica(1, 2, Link::Up) }, primary(2, &[])];
        let slots_now = vec![replica(1, 2, Link::Up), primary(2, &[[0, 99]])];
        assert_eq!(sentences(roles_first, slots_now.clone()), [""; 0]);
        assert_eq!(sentences(slots_before, slots_now), [""; 0]);
    }

    #[test]
    fn slots_nodes_conditions_and_links() {
        let before = vec![primary(1, &[[0, 99]]), primary(2, &[[100, 199]]), replica(3, 2, Link::Up)];
        let exited = NodeStatus { condition: NodeCondition::Exited, ..replica(3, 2, Link::Down) };
        let now = vec![primary(1, &[[0, 9]]), primary(2, &[[10, 199]]), exited, primary(4, &[])];
        let expected = [
            "shop-4 is new",
            "shop-3 has ended",
            "shop-3 lost its link to shop-2",
            "90 slots moved from shop-1 to shop-2",
        ];
        assert_eq!(sentences(before.clone(), now.clone()), expected);
        let expected = [
            "shop-4 has left",
            "shop-3 answers",
            "shop-3 is linked to shop-2",
            "90 slots moved from shop-2 to shop-1",
        ];
        assert_eq!(sentences(now, before), expected);
    }
}
