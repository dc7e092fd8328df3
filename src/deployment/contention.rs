//! Subnets, ports and names that are taken between choice and use, and the next attempt of `up`. Other runs on the
//! same deployment are not the cause: the lease excludes them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipnet::Ipv4Net;
use rand::RngExt as _;

use super::Error;
use super::engine::ConnectedEngine;
use super::loaded_spec::LoadedSpec;
use super::lost_resources::LostResources;
use super::port_probe::{ANOTHER_PROCESS, is_taken};
use super::target::Target;
use crate::docker::EngineError;
use crate::docker::inventory::Inventory;
use crate::event::{Event, Listener, Note};
use crate::observation::ContainerState;
use crate::topology::Topology;

/// The number of losses after which a run fails.
const MOST_LOSSES: usize = 20;

/// The number of times that a run chooses other ports after a failure that ports may have caused.
const MOST_SUSPICIONS: u32 = 3;

/// The longest delay after the first lost port. It doubles with each lost port.
const SHORTEST_DELAY: Duration = Duration::from_millis(500);

/// The upper limit of these delays.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// A resource that a run lost.
enum Loss {
    /// The chosen subnet.
    Subnet(Ipv4Net),
    /// The chosen ports of a container. On another machine, any of them may be taken.
    Ports {
        /// The container that did not start.
        container: String,
        ports: BTreeSet<u16>,
    },
    /// A name that the deployment needs.
    Name,
}

/// The resources that a run has lost so far.
pub(super) struct Contention<'a> {
    spec: &'a LoadedSpec,
    engine: &'a ConnectedEngine,
    listener: &'a dyn Listener,
    lost: LostResources,
    losses: usize,
    ports_lost: u32,
    ports_suspected: u32,
    /// Whether the engine had no part of the deployment at first.
    began_with_nothing: Option<bool>,
}

impl<'a> Contention<'a> {
    pub(super) fn new(spec: &'a LoadedSpec, engine: &'a ConnectedEngine, listener: &'a dyn Listener) -> Self {
        Self {
            spec,
            engine,
            listener,
            lost: LostResources::default(),
            losses: 0,
            ports_lost: 0,
            ports_suspected: 0,
            began_with_nothing: None,
        }
    }

    /// The resources that this run has lost so far.
    pub(super) fn lost(&self) -> &LostResources {
        &self.lost
    }

    /// Whether this run made every part of the deployment.
    pub(super) fn is_new(&mut self, target: &Target) -> bool {
        *self.began_with_nothing.get_or_insert(target.inventory.is_empty())
    }

    /// Prepares another attempt after the loss of a resource.
    ///
    /// # Errors
    /// The failure, if another attempt cannot help.
    pub(super) async fn recover(&mut self, error: Error, target: &Target) -> Result<(), Error> {
        let error = self.name_holder(error, target).await?;
        let loss = loss(&error).or_else(|| self.suspected_ports(&error, target));
        let Some(loss) = loss.filter(|_| self.losses < MOST_LOSSES) else { return Err(error) };
        self.losses += 1;
        if self.replace(loss, target).await? { Ok(()) } else { Err(error) }
    }

    /// Makes another choice possible. `false`: no other choice exists.
    async fn replace(&mut self, loss: Loss, target: &Target) -> Result<bool, Error> {
        match loss {
            // A killed run asked for the network, and the engine made it only now.
            Loss::Subnet(_) if self.has_network(target).await? => {}
            Loss::Subnet(subnet) if self.spec.leaves_subnet_open() => {
                self.note(Note::SubnetTaken { subnet });
                self.lost.subnets.push(subnet);
            }
            Loss::Ports { container, ports } if self.spec.leaves_ports_open() => {
                // A node that ran before keeps its port, because clients know it.
                if !self.make_way_for_ports(&container, target).await? {
                    return Ok(false);
                }
                self.note(match (ports.first(), ports.len()) {
                    (Some(port), 1) => Note::PortTaken { port: *port },
                    _ => Note::PortsInDoubt { container },
                });
                self.lost.ports.extend(ports);
                self.back_off().await;
            }
            // The deployment would be only an empty volume.
            Loss::Subnet(_) if self.is_new(target) => {
                self.remove_all(target).await?;
                return Ok(false);
            }
            Loss::Subnet(_) | Loss::Ports { .. } => return Ok(false),
            // The next plan uses the object if a killed run made it, and otherwise reports it.
            Loss::Name => {}
        }
        Ok(true)
    }

    /// Whether the deployment has a network.
    async fn has_network(&self, target: &Target) -> Result<bool, Error> {
        Ok(self.engine.api.inventory().await?.deployment(&target.topology.name).network.is_some())
    }

    /// Removes all parts that this run made of a new deployment.
    async fn remove_all(&self, target: &Target) -> Result<(), Error> {
        let (api, name) = (&self.engine.api, &target.topology.name);
        let inventory = api.inventory().await?.deployment(name);
        api.remove(name, &inventory, true).await?;
        Ok(())
    }

    /// Removes parts so that a container can get other ports: of a new deployment all containers and volumes, otherwise
    /// this container if it has never run. Returns whether it could. Servers of a new deployment may have run already,
    /// and their volumes then hold their cluster ids and config epochs. The network stays: after a failed start, engine
    /// 20.10 may count a container in it that is gone, and refuses to remove the network.
    async fn make_way_for_ports(&mut self, container: &str, target: &Target) -> Result<bool, Error> {
        let (api, name) = (&self.engine.api, &target.topology.name);
        let inventory = api.inventory().await?.deployment(name);
        if self.is_new(target) {
            let but_networks = Inventory {
                network: None,
                networks_on: BTreeMap::new(),
                network_ids: Vec::new(),
                ..inventory
            };
            api.remove(name, &but_networks, true).await?;
            return Ok(true);
        }
        let found = inventory.containers.iter().find(|(name, _)| name.as_str() == container);
        let is_created = found.is_some_and(|(_, found)| found.state == ContainerState::Created);
        let Some(id) = inventory.container_ids.get(container).filter(|_| is_created) else {
            return Ok(false);
        };
        let container_ids = [(container.to_owned(), id.clone())].into();
        let alone = Inventory { container_ids, ..Inventory::default() };
        api.remove(name, &alone, false).await?;
        Ok(true)
    }

    /// Ports that may be the reason why an engine did not start a container. Their holder may be gone by now. This machine
    /// cannot test the ports of a remote engine.
    fn suspected_ports(&mut self, error: &Error, target: &Target) -> Option<Loss> {
        let failure = error.engine_error()?;
        let EngineError::NotStarted { container, .. } = failure else { return None };
        let is_suspected = failure.is_port_taken() || !self.engine.location.is_local();
        if !is_suspected || self.ports_suspected >= MOST_SUSPICIONS {
            return None;
        }
        self.ports_suspected += 1;
        let ports = target.topology.nodes().into_iter().map(|node| node.endpoint.port).collect();
        Some(Loss::Ports { container: container.clone(), ports })
    }

    /// Waits a random time. Two runs that continue at the same moment would choose the same port again.
    async fn back_off(&mut self) {
        let longest = (SHORTEST_DELAY * 2_u32.pow(self.ports_lost)).min(LONGEST_DELAY);
        self.ports_lost += 1;
        let delay = rand::rng().random_range(Duration::ZERO..longest);
        tokio::time::sleep(delay).await;
    }

    /// Names the holder of a port or subnet, if a container or network could not get it.
    async fn name_holder(&self, error: Error, target: &Target) -> Result<Error, Error> {
        let topology = &target.topology;
        let subnet = match error.engine_error() {
            Some(EngineError::SubnetTaken { subnet, .. }) => Some(*subnet),
            _ => None,
        };
        let container = match error.engine_error() {
            Some(EngineError::NotStarted { container, .. }) => Some(container.clone()),
            _ => None,
        };
        Ok(match (container, subnet, error) {
            (Some(node), _, Error::Execute(source)) => {
                for port in ports_of(topology, &node) {
                    if let Some(holder) = self.port_holder(topology, port).await? {
                        return Ok(Error::PortTaken { node, port, holder, source });
                    }
                }
                Error::Execute(source)
            }
            (_, Some(subnet), Error::Execute(source)) => {
                let on_engine = self.engine.api.inventory().await?;
                match on_engine.subnet_holder(subnet, &topology.name) {
                    Some(holder) => {
                        let deployment = topology.name.to_string();
                        Error::SubnetTaken { deployment, subnet, holder, source }
                    }
                    None => Error::Execute(source),
                }
            }
            (.., error) => error,
        })
    }

    /// The holder of a port, if the port is taken.
    async fn port_holder(&self, topology: &Topology, port: u16) -> Result<Option<String>, Error> {
        let mut busy = self.engine.api.inventory().await?.busy_ports(&topology.name);
        let holder = busy.remove(&port);
        // This machine cannot test ports of other machines.
        let is_taken = || self.engine.location.is_local() && is_taken(topology.bind, port);
        Ok(holder.or_else(|| is_taken().then(|| ANOTHER_PROCESS.to_owned())))
    }

    fn note(&self, note: Note) {
        self.listener.hear(Event::Note(note));
    }
}

/// The ports that a container publishes: a node has one, an anchor has all.
fn ports_of(topology: &Topology, container: &str) -> Vec<u16> {
    let is_anchor = topology.anchor.as_ref().is_some_and(|anchor| anchor.name.as_str() == container);
    let nodes = topology.nodes().into_iter();
    let own =
        nodes.filter(|node| is_anchor || (topology.anchor.is_none() && node.name.as_str() == container));
    own.map(|node| node.endpoint.port).collect()
}

/// The resource that was lost, from an error.
fn loss(error: &Error) -> Option<Loss> {
    match error {
        Error::PortTaken { node, port, .. } => {
            return Some(Loss::Ports { container: node.clone(), ports: [*port].into() });
        }
        Error::SubnetTaken { subnet, .. } => return Some(Loss::Subnet(*subnet)),
        _ => {}
    }
    match error.engine_error()? {
        EngineError::SubnetTaken { subnet, .. } => Some(Loss::Subnet(*subnet)),
        EngineError::NameTaken { .. } => Some(Loss::Name),
        _ => None,
    }
}
