//! Judges what is observed of a deployment: roles, links, and whether it is ready. Pure.

use std::collections::BTreeMap;

use super::{Condition, DeploymentState, Link, NodeStatus, Role, StatusView};
use crate::observation::{
    ClusterRole, ClusterView, ContainerState, Observation, ObservedContainer, ObservedServer, Replication,
    ServerView,
};
use crate::topology::slots::SLOT_COUNT;
use crate::topology::{Address, Kind, Node, NodeName, SlotSet, Topology};

/// Judges what is observed of a deployment.
#[must_use]
pub fn status(topology: &Topology, observed: &Observation) -> StatusView {
    let judge = Judge { topology, observed };
    let nodes: Vec<NodeStatus> = topology.nodes().into_iter().map(|node| judge.node(node)).collect();
    let runs = |container: &ObservedContainer| {
        matches!(
            container.state,
            ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
        )
    };
    let stopped = !observed.containers.values().any(runs);
    // Of a deployment that is switched off, that each of its nodes is off says nothing more.
    let problems = if stopped { Vec::new() } else { judge.problems(&nodes) };
    let state = match (stopped, problems.is_empty()) {
        (true, _) => DeploymentState::Stopped,
        (false, true) => DeploymentState::Ready,
        (false, false) => DeploymentState::Degraded,
    };
    StatusView {
        deployment: topology.name.clone(),
        kind: topology.kind,
        state,
        image: topology.image.clone(),
        digest: digest(topology, observed),
        server: topology.server.to_string(),
        nodes,
        problems,
    }
}

/// What all nodes run; the holder of a shared network namespace is none.
fn digest(topology: &Topology, observed: &Observation) -> Option<String> {
    let nodes = observed.containers.iter().filter(|(name, _)| topology.node(name).is_some());
    let mut ids = nodes.map(|(_, container)| &container.image_id);
    let first = ids.next().filter(|first| ids.all(|id| id == *first))?;
    Some(observed.digests.get(first).unwrap_or(first).clone())
}

/// Looks things up in both.
struct Judge<'a> {
    topology: &'a Topology,
    observed: &'a Observation,
}

impl Judge<'_> {
    fn view(&self, name: &NodeName) -> Option<&ServerView> {
        self.observed.view(name)
    }

    fn condition(&self, name: &NodeName) -> Condition {
        let Some(container) = self.observed.containers.get(name) else { return Condition::Missing };
        match container.state {
            ContainerState::Created => Condition::Created,
            ContainerState::Exited => Condition::Exited,
            ContainerState::Restarting => Condition::Restarting,
            ContainerState::Paused => Condition::Paused,
            ContainerState::Running if self.view(name).is_some() => Condition::Answering,
            // A container that restarts in a loop runs for a moment each time.
            ContainerState::Running if container.restarts > 0 => Condition::Restarting,
            ContainerState::Running => Condition::Silent,
        }
    }

    fn node(&self, node: &Node) -> NodeStatus {
        let condition = self.condition(&node.name);
        // What a server said before its container ended is not what it says now.
        let view = self.view(&node.name).filter(|_| condition == Condition::Answering);
        let mut status = NodeStatus {
            name: node.name.clone(),
            role: self.first_role(&node.name),
            address: node.address.to_string(),
            endpoint: node.endpoint.to_string(),
            container: node.name.clone(),
            condition,
            slots: Vec::new(),
            primary: None,
            link: None,
            lag: None,
            memory: view.map(|view| view.memory),
            keys: view.map(|view| view.keys),
            version: view.and_then(|view| Some(view.server?.version.to_string())),
        };
        match view {
            Some(ServerView { sentinel: Some(sentinel), .. }) => {
                let watched = sentinel.watched.as_ref().and_then(|watched| watched.primary);
                status.primary = watched.and_then(|address| self.at(address));
                status.keys = None;
            }
            Some(view) => self.fill_replication(&mut status, view),
            None => {}
        }
        status
    }

    /// The role that a node starts out with.
    fn first_role(&self, name: &NodeName) -> Role {
        if self.topology.is_sentinel(name) {
            Role::Sentinel
        } else if self.topology.starts_as_primary(name) {
            Role::Primary
        } else {
            Role::Replica
        }
    }

    fn fill_replication(&self, status: &mut NodeStatus, view: &ServerView) {
        let own = view.cluster.as_ref().and_then(ClusterView::own);
        let followed = own.and_then(|own| match &own.role {
            ClusterRole::Primary => None,
            ClusterRole::Replica(id) => Some(id),
        });
        match &view.replication {
            Replication::Primary { .. } if followed.is_none() => {
                status.role = Role::Primary;
                let ranges = own.map(|own| own.slots.ranges()).unwrap_or_default();
                status.slots = ranges.iter().map(|range| [range.start(), range.end()]).collect();
            }
            // A cluster node that has just been told to replicate is not connected yet.
            Replication::Primary { .. } => {
                status.role = Role::Replica;
                status.link = Some(Link::Down);
                status.primary = followed.and_then(|id| self.by_id(id, view.cluster.as_ref()?));
            }
            Replication::Replica { of, link_up, offset } => {
                status.role = Role::Replica;
                status.link = Some(if *link_up { Link::Up } else { Link::Down });
                let by_id = followed.and_then(|id| self.by_id(id, view.cluster.as_ref()?));
                status.primary = by_id.or_else(|| of.and_then(|address| self.at(address)));
                let behind = |primary: &NodeName| {
                    let ahead = match self.view(primary)?.replication {
                        Replication::Primary { offset, .. } | Replication::Replica { offset, .. } => offset,
                    };
                    Some(ahead.saturating_sub(*offset))
                };
                status.lag = status.primary.as_ref().filter(|_| *link_up).and_then(behind);
            }
        }
    }

    /// The node with a cluster id: the one that says so of itself, else the one at its address.
    fn by_id(&self, id: &str, cluster: &ClusterView) -> Option<NodeName> {
        let says_so = |node: &&Node| {
            let own = self.view(&node.name).and_then(|view| view.cluster.as_ref());
            own.is_some_and(|own| own.own_id == id)
        };
        let found = self.topology.nodes().into_iter().find(says_so).map(|node| node.name.clone());
        found.or_else(|| self.at(cluster.nodes.get(id)?.address?))
    }

    fn at(&self, address: Address) -> Option<NodeName> {
        let nodes = self.topology.nodes();
        nodes.into_iter().find(|node| node.address == address).map(|node| node.name.clone())
    }

    fn problems(&self, nodes: &[NodeStatus]) -> Vec<String> {
        let mut problems: Vec<String> = nodes.iter().flat_map(|node| self.problems_of(node)).collect();
        let anchor = self.topology.anchor.as_ref().map(|anchor| &anchor.name);
        let others = self.observed.containers.keys().filter(|name| Some(*name) != anchor);
        let strangers = others.filter(|name| self.topology.node(name).is_none());
        problems.extend(strangers.map(|name| format!("{name} exists, but is not one of its nodes")));
        let primaries: Vec<&NodeStatus> = nodes
            .iter()
            .filter(|node| node.condition == Condition::Answering && node.role == Role::Primary)
            .collect();
        match (self.topology.kind, primaries.as_slice()) {
            (Kind::Replication | Kind::Sentinel, []) => problems.push("there is no primary".to_owned()),
            (Kind::Replication | Kind::Sentinel, [_, _, ..]) => {
                let names: Vec<&str> = primaries.iter().map(|node| node.name.as_str()).collect();
                problems.push(format!("there is more than one primary: {}", names.join(", ")));
            }
            (Kind::Sentinel, [primary]) => problems.extend(self.problems_of_sentinels(nodes, &primary.name)),
            (Kind::Standalone | Kind::Replication, _) => {}
            (Kind::Cluster, _) => {
                problems
                    .extend(cluster_problems(&primaries, &self.observed.slot_owners_besides(self.topology)));
            }
        }
        problems
    }

    /// What sentinels say that they should not, given the primary.
    fn problems_of_sentinels(&self, nodes: &[NodeStatus], primary: &NodeName) -> Vec<String> {
        let answering = nodes.iter().filter(|node| node.condition == Condition::Answering);
        let problem = |node: &NodeStatus| {
            let watched = self.view(&node.name)?.sentinel.as_ref()?.watched.as_ref();
            let name = &node.name;
            match (watched, &node.primary) {
                (None, _) => Some(format!("{name} watches no primary")),
                (Some(_), None) => Some(format!("{name} watches a server that is not one of its nodes")),
                (Some(_), Some(other)) if other != primary => {
                    Some(format!("{name} watches {other}, and the primary is {primary}"))
                }
                (Some(watched), _) => {
                    watched.failing.then(|| format!("{name} thinks that {primary} is down"))
                }
            }
        };
        answering.filter_map(problem).collect()
    }

    fn problems_of(&self, node: &NodeStatus) -> Vec<String> {
        let name = &node.name;
        let reason = match node.condition {
            Condition::Missing => "has no container".to_owned(),
            Condition::Created => "was never started".to_owned(),
            Condition::Exited => "has ended".to_owned(),
            Condition::Restarting => {
                let restarts = self.observed.containers.get(name).map_or(0, |container| container.restarts);
                format!("does not answer: its container restarts in a loop (restarts so far: {restarts})")
            }
            Condition::Paused => "is paused".to_owned(),
            Condition::Silent => match self.observed.servers.get(name) {
                Some(ObservedServer::Silent(reason)) => format!("does not answer: {reason}"),
                _ => "does not answer".to_owned(),
            },
            Condition::Answering => return self.problems_of_answering(node),
        };
        vec![format!("{name} {reason}")]
    }

    fn problems_of_answering(&self, node: &NodeStatus) -> Vec<String> {
        let name = &node.name;
        let mut problems = Vec::new();
        if self.observed.containers.get(name).is_some_and(|container| !container.attached) {
            problems.push(format!("{name} is detached from the network"));
        }
        match (&node.primary, node.link) {
            (Some(primary), Some(Link::Down)) => problems.push(format!("{name} has no link to {primary}")),
            (None, Some(_)) => {
                problems.push(format!("{name} follows a server that is not one of its nodes"));
            }
            _ => {}
        }
        if self.topology.kind == Kind::Cluster {
            match self.view(name).and_then(|view| view.cluster.as_ref()) {
                None => problems.push(format!("{name} is no cluster node")),
                Some(cluster) if !cluster.ok => {
                    problems.push(format!("{name} says that the cluster is down"));
                }
                Some(_) => {}
            }
            if node.link == Some(Link::Up) && !self.is_shown_to_clients(name) {
                problems.push(format!("{name} is not shown to clients yet"));
            }
        }
        problems
    }

    /// Whether every node that answers tells its clients of this one.
    fn is_shown_to_clients(&self, name: &NodeName) -> bool {
        let Some(id) = self.view(name).and_then(|view| Some(&view.cluster.as_ref()?.own_id)) else {
            return false;
        };
        let views = self.observed.servers.values().filter_map(ObservedServer::view);
        views.filter_map(|view| view.cluster.as_ref()).all(|cluster| {
            cluster.slots.values().flatten().any(|listed| listed == id)
                && cluster.shards.as_ref().is_none_or(|shards| shards.get(id) == Some(&true))
        })
    }
}

/// What a cluster's primaries, taken together, do not serve.
fn cluster_problems(
    primaries: &[&NodeStatus],
    strangers: &BTreeMap<String, (Address, SlotSet)>,
) -> Vec<String> {
    let mut problems: Vec<String> = primaries
        .iter()
        .filter(|node| node.slots.is_empty())
        .map(|node| format!("{} is a primary without slots", node.name))
        .collect();
    let mut owners: BTreeMap<u16, u32> = BTreeMap::new();
    let ranges = primaries.iter().flat_map(|node| &node.slots);
    for slot in ranges.flat_map(|[start, end]| *start..=*end) {
        *owners.entry(slot).or_default() += 1;
    }
    for (address, slots) in strangers.values() {
        problems
            .push(format!("slots {slots} are owned by the node at {address}, which is not one of its nodes"));
    }
    let is_strangers = |slot: u16| strangers.values().any(|(_, slots)| slots.contains(slot));
    let is_served = |slot: u16| owners.contains_key(&slot) || is_strangers(slot);
    let unserved: SlotSet = (0..SLOT_COUNT).filter(|slot| !is_served(*slot)).collect();
    if !unserved.is_empty() {
        problems.push(format!("slots {unserved} are not served"));
    }
    let contested: SlotSet = owners.iter().filter(|(_, count)| **count > 1).map(|(slot, _)| *slot).collect();
    if !contested.is_empty() {
        problems.push(format!("slots {contested} have more than one owner"));
    }
    problems
}

#[cfg(test)]
mod tests;
