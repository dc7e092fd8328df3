//! The role, slots and links of every node now: one value, made once per observation. Every part reads it.
//!
//! The value describes the present, and knows no goal. Names, addresses and duties of nodes come from a topology. The
//! servers say everything else. Deployments with one primary are asked through [`Arrangement::primary`], clusters
//! through the slots that their nodes own ([`Arrangement::owner`]).

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{ClusterView, Observation, ObservedServer, ServerView};
use crate::topology::{Address, NodeName, Topology};

mod cluster;
mod dialled;
mod membership;
mod one_primary;
mod open_slots;
mod standing;
mod succession;

pub use open_slots::OpenSlot;
pub use standing::Standing;

/// What every node of a deployment is, by what the servers say.
#[derive(Debug, Clone)]
pub struct Arrangement<'a> {
    /// The topology's nodes in its order, then nodes that leave.
    members: Vec<Member<'a>>,
}

/// A node that is there, or is to be.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// Its name.
    pub name: NodeName,
    /// Where its neighbours reach it.
    pub address: Address,
    /// Whether it is a sentinel.
    pub is_sentinel: bool,
    /// Whether the topology has it.
    pub place: Place,
    /// What its server says; `None` where it is new or silent.
    pub view: Option<&'a ServerView>,
}

/// Whether a topology has a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The topology has it.
    Staying,
    /// It runs, and the topology does not have it.
    Leaving,
}

impl<'a> Arrangement<'a> {
    /// The arrangement of a topology's nodes and of those that leave, by an observation.
    #[must_use]
    pub fn new(topology: &Topology, observed: &'a Observation) -> Self {
        let leaving = observed.leaving(topology).into_iter().filter_map(|(name, address)| {
            // A node that is silent has no say, and no role to hand over.
            let view = Some(observed.view(&name)?);
            let is_sentinel = view.is_some_and(|view| view.sentinel.is_some());
            Some(Member { name, address, is_sentinel, place: Place::Leaving, view })
        });
        let mut arrangement = Self::from_answers(topology, &observed.servers);
        arrangement.members.extend(leaving);
        arrangement
    }

    /// The arrangement of a topology's nodes alone, by their servers' answers.
    #[must_use]
    pub fn from_answers(topology: &Topology, answers: &'a BTreeMap<NodeName, ObservedServer>) -> Self {
        let views = |name: &NodeName| answers.get(name)?.view();
        Self::from_views(topology, views)
    }

    /// The arrangement of a topology's nodes alone, by the views of their servers.
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

    /// The arrangement of nodes that hold data, at these addresses, by their servers' answers.
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

    /// The same arrangement, in which these nodes count as new: what their servers say is about to end.
    #[must_use]
    pub fn as_if_new(&self, nodes: &BTreeSet<NodeName>) -> Self {
        let mut members = self.members.clone();
        for member in members.iter_mut().filter(|member| nodes.contains(&member.name)) {
            member.view = None;
        }
        Self { members }
    }

    /// Whether the servers are about to say something else, so that a plan should wait for a later look.
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

    /// Every node, those that leave last.
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

    /// What a node's server says.
    #[must_use]
    pub fn view(&self, name: &NodeName) -> Option<&'a ServerView> {
        self.member(name)?.view
    }

    /// What a node says of its cluster.
    #[must_use]
    pub fn cluster(&self, name: &NodeName) -> Option<&'a ClusterView> {
        self.view(name)?.cluster.as_ref()
    }

    /// What the topology's nodes say of their cluster.
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
