//! The content of a drawing: groups of nodes, from a topology or from a running deployment.

use crate::counted::counted;
use crate::status::{Link, NodeCondition, NodeStatus, Role, StatusView};
use crate::topology::{Kind, Node, SlotSet, Topology};

/// A drawing without places and colours.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    /// The deployment.
    pub(super) title: String,
    /// The deployment in short.
    pub(super) subtitle: String,
    /// Its groups of nodes.
    pub(super) groups: Vec<Group>,
    /// The endpoint that clients dial.
    pub(super) legend: &'static str,
}

/// Nodes that belong together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// `shard 1`; empty if there is only one group.
    pub(super) title: String,
    /// The slots that it serves.
    pub(super) slots: SlotSet,
    /// Its primary.
    pub(super) lead: Option<Card>,
    /// The other nodes.
    pub(super) others: Vec<Card>,
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Card {
    pub(super) name: String,
    /// Its role. In a running deployment, a problem of the node takes its place.
    pub(super) role: String,
    pub(super) endpoint: String,
    /// Its address, if clients dial another one.
    pub(super) address: Option<String>,
    /// Whether it has a problem.
    pub(super) is_bad: bool,
}

/// The picture of a topology.
pub(super) fn of_topology(topology: &Topology) -> Picture {
    let card = |node: &Node, role: &str| {
        Card::new(node.name.as_str(), role, &node.endpoint.to_string(), &node.address.to_string())
    };
    let mut groups: Vec<Group> = if topology.formed {
        let group = |(number, shard): (usize, &crate::topology::Shard)| Group {
            title: title(topology.kind, number),
            slots: shard.slots.clone(),
            lead: Some(card(&shard.primary, Role::Primary.as_str())),
            others: shard.replicas.iter().map(|node| card(node, Role::Replica.as_str())).collect(),
        };
        (1..).zip(&topology.shards).map(group).collect()
    } else {
        topology.servers().into_iter().map(|node| Group::of("", vec![card(node, "not met")])).collect()
    };
    if !topology.sentinels.is_empty() {
        let watched = topology.shards.first().map_or("", |shard| shard.primary.name.as_str());
        let sentinels = topology.sentinels.iter().map(|node| card(node, Role::Sentinel.as_str()));
        groups.push(Group::of(&format!("sentinels, watching {watched}"), sentinels.collect()));
    }
    Picture::new(topology, groups, &topology.summary())
}

/// The picture of a running deployment, with its present roles.
pub(super) fn of_status(topology: &Topology, status: &StatusView) -> Picture {
    let card = |node: &NodeStatus| Card {
        is_bad: node.condition != NodeCondition::Answering || node.link == Some(Link::Down),
        ..Card::new(node.name.as_str(), role(node), &node.endpoint, &node.address)
    };
    let with = |role: Role| status.nodes.iter().filter(move |node| node.role == role);
    let mut groups = Vec::new();
    for (number, primary) in (1..).zip(with(Role::Primary)) {
        let replicas = with(Role::Replica).filter(|node| node.primary.as_ref() == Some(&primary.name));
        groups.push(Group {
            title: if topology.formed { title(topology.kind, number) } else { String::new() },
            slots: primary
                .slots
                .iter()
                .filter_map(|[start, end]| crate::topology::SlotRange::new(*start, *end))
                .collect(),
            lead: Some(card(primary)),
            others: replicas.map(card).collect(),
        });
    }
    let is_primary =
        |node: &NodeStatus| with(Role::Primary).any(|primary| Some(&primary.name) == node.primary.as_ref());
    let lost: Vec<Card> = with(Role::Replica).filter(|node| !is_primary(node)).map(card).collect();
    if !lost.is_empty() {
        groups.push(Group::of("without a primary", lost));
    }
    let sentinels: Vec<&NodeStatus> = with(Role::Sentinel).collect();
    if !sentinels.is_empty() {
        let watched =
            sentinels.iter().find_map(|node| node.primary.as_ref()).map_or("nothing", |name| name.as_str());
        let cards = sentinels.iter().map(|node| card(node)).collect();
        groups.push(Group::of(&format!("sentinels, watching {watched}"), cards));
    }
    let summary = format!(
        "{}, {}, {}",
        topology.kind.as_str(),
        counted(status.nodes.len(), "node"),
        status.state.as_str()
    );
    Picture::new(topology, groups, &summary)
}

/// The role of a running node, or why it does not have it.
fn role(node: &NodeStatus) -> &'static str {
    match (node.condition, node.link) {
        (NodeCondition::Answering, Some(Link::Down)) => "link down",
        (NodeCondition::Answering, _) => node.role.as_str(),
        (other, _) => other.as_str(),
    }
}

fn title(kind: Kind, number: usize) -> String {
    if kind == Kind::Cluster { format!("shard {number}") } else { String::new() }
}

impl Picture {
    fn new(topology: &Topology, groups: Vec<Group>, summary: &str) -> Self {
        let cards = || groups.iter().flat_map(Group::cards);
        let legend = if cards().any(|card| card.address.is_some()) {
            "above: the endpoint for clients; below: the address inside the network"
        } else {
            "clients and nodes use the same addresses"
        };
        Self {
            title: topology.name.to_string(),
            subtitle: format!("{summary}; {}; network {}", topology.server, topology.subnet),
            groups,
            legend,
        }
    }
}

impl Group {
    fn of(title: &str, others: Vec<Card>) -> Self {
        Self { title: title.to_owned(), slots: SlotSet::default(), lead: None, others }
    }

    /// All cards, the primary's first.
    pub(super) fn cards(&self) -> impl Iterator<Item = &Card> {
        self.lead.iter().chain(&self.others)
    }

    /// The slots as a short text: their ranges if there are few, and their number.
    pub(super) fn slots_text(&self) -> String {
        /// More ranges would not fit over a node.
        const MOST_RANGES: usize = 2;
        let ranges = self.slots.ranges();
        match ranges.len() {
            0 => String::new(),
            1..=MOST_RANGES => {
                let texts: Vec<String> = ranges.iter().map(ToString::to_string).collect();
                texts.join(", ").replace('-', "–")
            }
            many => format!("{} in {many} ranges", counted(self.slots.len(), "slot")),
        }
    }
}

impl Card {
    fn new(name: &str, role: &str, endpoint: &str, address: &str) -> Self {
        Self {
            name: name.to_owned(),
            role: role.to_owned(),
            endpoint: endpoint.to_owned(),
            address: (address != endpoint).then(|| address.to_owned()),
            is_bad: false,
        }
    }
}
