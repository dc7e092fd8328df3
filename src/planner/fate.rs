//! The fate of each node's container: kept, made, or replaced (at once or in turn).

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use crate::observation::{ContainerState, Observation, ObservedContainer, ObservedNetwork};
use crate::plan::Obstacle;
use crate::plan::effect::{Effect, effect};
use crate::spec::DataSpec;
use crate::topology::container::{ContainerSettings, container, container_of_anchor};
use crate::topology::{Anchor, ImageIdentity, Node, NodeName, SpecField, Topology};

/// The fate of a container, with the changed fields of the spec that decide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The container stays as it is.
    Kept,
    /// The container does not exist, and is made.
    Made,
    /// The container is replaced before all other steps. It serves no keys that could be lost, or the user allows
    /// their loss.
    Remade(Vec<SpecField>),
    /// The container is replaced, because the owner of its network namespace is replaced. A container cannot join
    /// another network namespace after it was made.
    Rejoins,
    /// The container is replaced in turn, while other nodes serve.
    Rolled(Vec<SpecField>),
}

/// The fates of all containers, including those that the topology does not have any more.
pub(super) struct Fates<'a> {
    by_node: BTreeMap<&'a NodeName, Fate>,
    /// The changed fields of the network; empty: it stays. Docker cannot change a network, so network and containers
    /// are replaced.
    pub(super) new_network: Vec<SpecField>,
    /// Nodes that leave.
    pub(super) leaving: Vec<&'a NodeName>,
    /// Whether leaving nodes are removed first, because their network is removed.
    pub(super) leave_first: bool,
    /// Nodes that stay as they are, because a node out of reach may have their keys.
    pub(super) withheld: BTreeSet<NodeName>,
}

impl<'a> Fates<'a> {
    /// Decides the fate of every container.
    ///
    /// # Errors
    /// The changes that the user must allow first.
    pub(super) fn decide(
        topology: &'a Topology,
        observed: &'a Observation,
        options: Options,
    ) -> Result<Self, Vec<Obstacle>> {
        let new_network = changes_of_network(topology, observed);
        if !new_network.is_empty() && !options.recreate {
            return Err(vec![Obstacle::Recreate { node: None, fields: new_network }]);
        }
        let judge = Judge { topology, observed, options, new_network: &new_network };
        let mut by_node = BTreeMap::new();
        let mut obstacles = Vec::new();
        for node in topology.nodes() {
            match judge.node(node) {
                Ok(fate) => drop(by_node.insert(&node.name, fate)),
                Err(obstacle) => obstacles.push(obstacle),
            }
        }
        if !obstacles.is_empty() {
            return Err(obstacles);
        }
        let mut leave_first = !new_network.is_empty();
        if let Some(anchor) = &topology.anchor {
            let fate = match judge.anchor(anchor) {
                Ok(fate) => fate,
                Err(obstacle) => return Err(vec![obstacle]),
            };
            if fate != Fate::Kept {
                leave_first = true;
                for joins in by_node.values_mut() {
                    match joins {
                        Fate::Kept => *joins = Fate::Rejoins,
                        Fate::Rolled(fields) => *joins = Fate::Remade(std::mem::take(fields)),
                        Fate::Made | Fate::Remade(_) | Fate::Rejoins => {}
                    }
                }
            }
            by_node.insert(&anchor.name, fate);
        }
        let leaving = observed.containers.keys().filter(|name| !topology.has_container(name)).collect();
        Ok(Self { by_node, new_network, leaving, leave_first, withheld: BTreeSet::new() })
    }

    /// The same fates, with nodes that stay as they are.
    pub(super) fn without(mut self, withheld: BTreeSet<NodeName>) -> Self {
        self.by_node.retain(|node, _| !withheld.contains(*node));
        Self { withheld, ..self }
    }

    pub(super) fn fate(&self, node: &NodeName) -> &Fate {
        self.by_node.get(node).unwrap_or(&Fate::Kept)
    }

    /// The changed fields for which a node is replaced in turn.
    pub(super) fn rolled(&self, node: &NodeName) -> Option<&Vec<SpecField>> {
        match self.fate(node) {
            Fate::Rolled(fields) => Some(fields),
            Fate::Kept | Fate::Made | Fate::Remade(_) | Fate::Rejoins => None,
        }
    }

    /// Whether the first steps of the plan make the container.
    pub(super) fn is_made(&self, node: &NodeName) -> bool {
        matches!(self.fate(node), Fate::Made | Fate::Remade(_) | Fate::Rejoins)
    }

    /// Whether any step of the plan makes a container.
    pub(super) fn makes_any(&self) -> bool {
        self.by_node.values().any(|fate| *fate != Fate::Kept)
    }
}

/// The fields in which the network differs from the topology.
fn changes_of_network(topology: &Topology, observed: &Observation) -> Vec<SpecField> {
    // An engine may set an MTU of its own for all networks.
    let had_mtu = observed.stored.as_ref().is_some_and(|stored| stored.mtu.is_some());
    let networks: Vec<&ObservedNetwork> =
        observed.networks(topology).into_iter().filter_map(|(_, network)| network).collect();
    let subnets = networks.iter().filter_map(|network| network.subnet);
    let fields = [
        (SpecField::Subnet, subnets.into_iter().any(|subnet| subnet != topology.subnet)),
        (
            SpecField::Mtu,
            (topology.mtu.is_some() || had_mtu) && networks.iter().any(|network| network.mtu != topology.mtu),
        ),
    ];
    fields.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}

struct Judge<'a> {
    topology: &'a Topology,
    observed: &'a Observation,
    options: Options,
    new_network: &'a [SpecField],
}

impl Judge<'_> {
    /// The fate of the container that owns the network namespace of all nodes.
    fn anchor(&self, anchor: &Anchor) -> Result<Fate, Obstacle> {
        let Some(existing) = self.observed.containers.get(&anchor.name) else { return Ok(Fate::Made) };
        let mut fields = self.changed_fields(&container_of_anchor(self.topology, anchor), existing);
        // This container serves no keys, so its command, image and labels do not matter. Its network namespace stays
        // the same.
        fields.retain(|field| {
            let is_idle = [SpecField::Command, SpecField::Image, SpecField::Labels].contains(field);
            !is_idle && !matches!(field, SpecField::MovedImage { .. })
        });
        // If this container is replaced, all other containers are replaced too.
        let keeps_keys = self.topology.data == DataSpec::Volume;
        match (fields.is_empty(), keeps_keys || self.options.recreate) {
            (true, _) => Ok(Fate::Kept),
            (false, true) => Ok(Fate::Remade(fields)),
            (false, false) => Err(Obstacle::Recreate { node: Some(anchor.name.clone()), fields }),
        }
    }

    fn node(&self, node: &Node) -> Result<Fate, Obstacle> {
        if self.observed.is_out_of_reach(self.topology, &node.name) {
            // A second copy of a node would be worse than a missing node.
            return Ok(Fate::Kept);
        }
        let Some(existing) = self.observed.containers.get(&node.name) else { return Ok(Fate::Made) };
        let mut fields = self.changed_fields(&container(self.topology, node), existing);
        fields.retain(|field| !self.is_changed_live(&node.name, field));
        if fields.is_empty() {
            return Ok(Fate::Kept);
        }
        let needs_say = fields.iter().any(|field| matches!(effect(field), Effect::Recreate(_)));
        let runs = matches!(existing.state, ContainerState::Running | ContainerState::Paused);
        if needs_say {
            return if self.options.recreate {
                Ok(Fate::Remade(fields))
            } else {
                Err(Obstacle::Recreate { node: Some(node.name.clone()), fields })
            };
        }
        if !runs {
            return Ok(Fate::Remade(fields));
        }
        let view = self.observed.view(&node.name);
        if !self.topology.formed {
            let is_empty = view.is_some_and(|view| view.keys == 0);
            let is_kept = is_empty || self.topology.data == DataSpec::Volume || self.options.recreate;
            return if is_kept {
                Ok(Fate::Remade(fields))
            } else {
                Err(Obstacle::NothingKeepsKeys { node: node.name.clone(), fields })
            };
        }
        let answers = view.is_some();
        let has_neighbours =
            self.topology.shard_of(&node.name).is_some_and(|shard| !shard.replicas.is_empty());
        let has_no_keys = self.topology.is_sentinel(&node.name);
        let is_kept = has_neighbours || has_no_keys || self.topology.data == DataSpec::Volume;
        match (is_kept, self.options.recreate) {
            (false, false) => Err(Obstacle::NothingKeepsKeys { node: node.name.clone(), fields }),
            // A replacement in turn needs a node that answers. This node does not answer.
            (false, true) => Ok(Fate::Remade(fields)),
            (true, true) if !answers => Ok(Fate::Remade(fields)),
            (true, _) => Ok(Fate::Rolled(fields)),
        }
    }

    /// The image, if its name now points to another image id. Images without an id on this engine are compared by
    /// name.
    fn moved_image(&self, wanted: &ContainerSettings, existing: &ObservedContainer) -> Option<SpecField> {
        let own = self.topology.node(&wanted.name).filter(|node| node.own_image.is_some());
        let engine = self.topology.engine_of(&wanted.name);
        let id = match own {
            _ if engine.is_some() => {
                engine.and_then(|engine| self.observed.engines.get(engine)?.images.get(&wanted.image))
            }
            Some(_) => self.observed.node_images.get(&wanted.image),
            None => self.observed.image.as_ref(),
        };
        let id = id.filter(|id| **id != existing.image_id)?;
        let identity = |id: &String, server| ImageIdentity { id: id.clone(), server };
        let running = self.observed.view(&wanted.name).and_then(|view| view.server);
        Some(SpecField::MovedImage {
            name: wanted.image.clone(),
            was: identity(&existing.image_id, running),
            now: identity(id, Some(own.map_or(self.topology.server, |node| self.topology.server_of(node)))),
        })
    }

    /// Whether the server can change the field's directive without a restart. If this is not known, each directive
    /// counts that CONFIG GET shows.
    fn is_changed_live(&self, node: &NodeName, field: &SpecField) -> bool {
        let SpecField::Directive(name) = field else { return false };
        let shows = || self.observed.view(node).is_some_and(|view| view.settings.get(name).is_some());
        self.observed.learned.is_live(name).unwrap_or_else(shows)
    }

    /// The fields of the spec that differ from the container.
    fn changed_fields(&self, wanted: &ContainerSettings, existing: &ObservedContainer) -> Vec<SpecField> {
        let mut fields = match &existing.settings {
            Some(settings) => wanted.differences(settings),
            None => vec![SpecField::UnreadableLabel],
        };
        if !fields.contains(&SpecField::Image) {
            fields.extend(self.moved_image(wanted, existing));
        }
        fields.extend(self.new_network.iter().cloned());
        fields
    }
}
