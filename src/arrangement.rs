//! The present role, slots and links of every node: one value, made once per observation. All parts read it.
//!
//! The value describes the present only. Names and addresses of nodes come from a topology, all else from the
//! servers. [`Arrangement::primary`] tells the primary of a deployment with one primary. [`Arrangement::owner`] tells the owner of slots.

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{ClusterView, Observation, ObservedServer, ServerView};
use crate::topology::{Address, NodeName, Topology};

mod cluster;
mod dialled;
mod division;
mod heir;
mod membership;
mod one_primary;
mod open_slots;
mod seats;
mod standing;
mod succession;

pub use open_slots::OpenSlot;
pub use seats::{Seat, SeatRole, Seats};
pub use standing::Standing;

/// The present role of every node of a deployment, from the servers' answers.
#[derive(Debug, Clone)]
pub struct Arrangement<'a> {
    /// The topology's nodes in its order, then nodes that leave.
    members: Vec<Member<'a>>,
}

/// A node that exists, or that a topology wants.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// Its name.
    pub name: NodeName,
    /// The address that other nodes use.
    pub address: Address,
    /// Whether the node is a sentinel.
    pub is_sentinel: bool,
    /// Whether the topology has it.
    pub place: Place,
    /// The answers of its server; `None` if it is new or silent.
    pub view: Option<&'a ServerView>,
}

/// Whether a topology has a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The topology has it.
    Staying,
    /// It exists, and the topology does not have it.
    Leaving,
}

impl<'a> Arrangement<'a> {
    /// The arrangement of a topology's nodes and of leaving nodes, from an observation.
    #[must_use]
    pub fn new(topology: &Topology, observed: &'a Observation) -> Self {
        let leaving = observed.leaving(topology).into_iter().filter_map(|(name, address)| {
            // A silent node that leaves has no role to hand over.
            let view = Some(observed.view(&name)?);
            let is_sentinel = view.is_some_and(|view| view.sentinel.is_some());
            Some(Member { name, address, is_sentinel, place: Place::Leaving, view })
        });
        let mut arrangement = Self::from_answers(topology, &observed.servers);
        arrangement.members.extend(leaving);
        arrangement
    }

    /// The arrangement of a topology's nodes alone, from their servers' answers.
    #[must_use]
    pub fn from_answers(topology: &Topology, answers: &'a BTreeMap<NodeName, ObservedServer>) -> Self {
        let views = |name: &NodeName| answers.get(name)?.view();
        Self::from_views(topology, views)
    }

    /// The arrangement of a topology's nodes alone, from the views of their servers.
    #[must_use]
    pub fn from_views(topology: &Topology, view: impl Fn(&NodeName) -> Option<&'a ServerView>) -> Self {
        let member = |node: &crate::topology::Node| Member {
            name: node.name.clone(),
            address: node.address,
            is_sentinel: topology.is_sentinel(&node.name),
            place: Place::Staying,
            view: view(&node.name),
        };
        Self { members: topology.nodes().into_iter().map(member).collect() }
    }

    /// The arrangement of data nodes at these addresses, from their servers' answers.
    #[must_use]
    pub fn from_addresses<'n>(
        nodes: impl IntoIterator<Item = (&'n NodeName, Address)>,
        answers: &'a BTreeMap<NodeName, ObservedServer>,
    ) -> Self {
        let member = |(name, address): (&NodeName, Address)| Member {
            name: name.clone(),
            address,
            is_sentinel: false,
            place: Place::Staying,
            view: answers.get(name).and_then(ObservedServer::view),
        };
        Self { members: nodes.into_iter().map(member).collect() }
    }

    /// The same arrangement, with these nodes as new nodes: their servers' answers are about to change.
    #[must_use]
    pub fn as_if_new(&self, nodes: &BTreeSet<NodeName>) -> Self {
        let mut members = self.members.clone();
        for member in members.iter_mut().filter(|member| nodes.contains(&member.name)) {
            member.view = None;
        }
        Self { members }
    }

    /// Whether roles are changing at this moment, so that a plan should wait for another observation.
    #[must_use]
    pub fn is_in_motion(&self) -> bool {
        self.is_between_primaries() || self.news_of_strangers_spread()
    }

    /// The nodes whose servers answer.
    #[must_use]
    pub fn answering(&self) -> Self {
        let members = self.members.iter().filter(|member| member.view.is_some()).cloned();
        Self { members: members.collect() }
    }

    /// Every node; leaving nodes come last.
    #[must_use]
    pub fn members(&self) -> impl DoubleEndedIterator<Item = &Member<'a>> {
        self.members.iter()
    }

    /// A node by its name.
    #[must_use]
    pub fn member(&self, name: &NodeName) -> Option<&Member<'a>> {
        self.members.iter().find(|member| member.name == *name)
    }

    /// The node at an address.
    #[must_use]
    pub fn at(&self, address: Address) -> Option<&Member<'a>> {
        self.members.iter().find(|member| member.address == address)
    }

    /// The answers of a node's server.
    #[must_use]
    pub fn view(&self, name: &NodeName) -> Option<&'a ServerView> {
        self.member(name)?.view
    }

    /// A node's view of its cluster.
    #[must_use]
    pub fn cluster(&self, name: &NodeName) -> Option<&'a ClusterView> {
        self.view(name)?.cluster.as_ref()
    }

    /// The views of the cluster, from all nodes of the topology.
    pub fn clusters(&self) -> impl Iterator<Item = (&NodeName, &'a ClusterView)> {
        self.staying().filter_map(|member| Some((&member.name, member.view?.cluster.as_ref()?)))
    }

    /// The nodes that leave.
    pub fn leaving(&self) -> impl Iterator<Item = &Member<'a>> {
        self.members.iter().filter(|member| member.place == Place::Leaving)
    }

    fn staying(&self) -> impl DoubleEndedIterator<Item = &Member<'a>> {
        self.members.iter().filter(|member| member.place == Place::Staying)
    }
}
