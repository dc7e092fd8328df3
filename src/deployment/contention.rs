//! Subnets, ports and names that others take between choice and use, and how `up` goes on then.

use std::time::Duration;

use ipnet::Ipv4Net;
use rand::RngExt as _;

use super::Error;
use super::engine::ConnectedEngine;
use super::lease::Lease;
use super::loaded_spec::LoadedSpec;
use super::lost_resources::LostResources;
use super::port_probe::{ANOTHER_PROCESS, is_taken};
use super::target::Target;
use crate::docker::{EngineError, remove};
use crate::event::{Event, Listener};
use crate::plan::Obstacle;
use crate::topology::Topology;

/// How often a run may lose something before that is an error.
const MOST_LOSSES: usize = 20;

/// The longest delay after the first port that a run loses; twice as long after each further one.
const SHORTEST_DELAY: Duration = Duration::from_millis(500);

/// The longest of these delays.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// What a run lost.
enum Loss {
    /// The subnet that it chose.
    Subnet(Ipv4Net),
    /// The port that it chose.
    Port(u16),
    /// A name that the deployment needs.
    Name,
}

/// What one run has lost to others so far.
pub(super) struct Contention<'a> {
    spec: &'a LoadedSpec,
    engine: &'a ConnectedEngine,
    listener: &'a dyn Listener,
    lost: LostResources,
    losses: usize,
    ports_lost: u32,
    /// Whether the engine had nothing of the deployment at first.
    began_with_nothing: Option<bool>,
    /// Whether the network of the deployment could not be made the last time.
    lost_network: bool,
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
            began_with_nothing: None,
            lost_network: false,
        }
    }

    /// What this run lost so far.
    pub(super) fn lost(&self) -> &LostResources {
        &self.lost
    }

    /// Whether this run lost the network of its deployment the last time; asks once for each loss.
    pub(super) fn take_lost_network(&mut self) -> bool {
        std::mem::take(&mut self.lost_network)
    }

    /// Whether this run made every part of the deployment.
    pub(super) fn is_new(&mut self, target: &Target, lease: &Lease<'_>) -> bool {
        *self.began_with_nothing.get_or_insert(target.inventory.is_empty()) && !lease.met_another_run()
    }

    /// Prepares another attempt after one that failed because of others.
    ///
    /// # Errors
    /// The failure, where another attempt is of no use.
    pub(super) async fn recover(
        &mut self,
        error: Error,
        target: &Target,
        lease: &mut Lease<'_>,
    ) -> Result<(), Error> {
        let error = self.name_port_holder(error, target).await?;
        if self.losses >= MOST_LOSSES {
            return Err(error);
        }
        let goes_on = match loss(&error, target) {
            Some(loss) => self.replace(loss, target, lease).await?,
            None => lease.recover(&error, target).await?,
        };
        if !goes_on {
            return Err(error);
        }
        self.losses += 1;
        Ok(())
    }

    /// Makes room for another choice. Says whether there is one.
    async fn replace(&mut self, loss: Loss, target: &Target, lease: &mut Lease<'_>) -> Result<bool, Error> {
        let (api, name) = (&self.engine.api, &target.topology.name);
        let on_engine = api.inventory().await?;
        let inventory = on_engine.deployment(name);
        match loss {
            // Another run of the same deployment took the subnet for it.
            Loss::Subnet(_) if inventory.network.is_some() => lease.wait_until_quiet().await?,
            Loss::Subnet(subnet) if self.spec.leaves_subnet_open() => {
                self.note(format!("{subnet} was taken at the same moment: choosing another subnet"));
                self.lost.subnets.push(subnet);
                self.lost_network = true;
            }
            // A deployment that existed before keeps its ports: clients know them.
            Loss::Port(port) if self.spec.leaves_ports_open() && self.is_new(target, lease) => {
                self.note(format!("port {port} was taken at the same moment: choosing other ports"));
                self.lost.ports.insert(port);
                remove::deployment(api.client(), name, &inventory, true).await?;
                self.back_off().await;
            }
            Loss::Subnet(_) | Loss::Port(_) => return Ok(false),
            // The next plan names what redisctl did not make.
            Loss::Name if !api.observe(&target.topology, &on_engine).await?.foreign.is_empty() => {}
            Loss::Name => lease.wait_until_quiet().await?,
        }
        Ok(true)
    }

    /// Two runs that go on at the same moment choose the same port again. After a random delay the later
    /// one sees the choice of the other.
    async fn back_off(&mut self) {
        let longest = (SHORTEST_DELAY * 2_u32.pow(self.ports_lost)).min(LONGEST_DELAY);
        self.ports_lost += 1;
        let delay = rand::rng().random_range(Duration::ZERO..longest);
        tokio::time::sleep(delay).await;
    }

    /// Names the holder of a port where a container did not start because its port is taken.
    async fn name_port_holder(&self, error: Error, target: &Target) -> Result<Error, Error> {
        let topology = &target.topology;
        let node = match error.engine_error() {
            Some(EngineError::NotStarted { container, .. }) => {
                topology.nodes().into_iter().find(|node| node.name.as_str() == container)
            }
            _ => None,
        };
        match (node, error) {
            (Some(node), Error::Execute(source)) => {
                let port = node.endpoint.port;
                Ok(match self.port_holder(topology, port).await? {
                    Some(holder) => Error::PortTaken { node: node.name.to_string(), port, holder, source },
                    None => Error::Execute(source),
                })
            }
            (_, error) => Ok(error),
        }
    }

    /// The holder of a port, where it is taken.
    async fn port_holder(&self, topology: &Topology, port: u16) -> Result<Option<String>, Error> {
        let mut busy = self.engine.api.inventory().await?.busy_ports(&topology.name);
        let holder = busy.remove(&port);
        // Ports of other machines cannot be tried from here.
        let is_taken = || self.engine.location.is_local() && is_taken(topology.bind, port);
        Ok(holder.or_else(|| is_taken().then(|| ANOTHER_PROCESS.to_owned())))
    }

    fn note(&self, message: String) {
        self.listener.hear(Event::Note { message });
    }
}

/// What an error says was lost.
fn loss(error: &Error, target: &Target) -> Option<Loss> {
    match error {
        Error::PortTaken { port, .. } => return Some(Loss::Port(*port)),
        // Another run made a network since this run looked, with other choices.
        Error::Obstacles { obstacles, .. }
            if target.inventory.network.is_none()
                && obstacles.iter().all(|it| matches!(it, Obstacle::Recreate { .. })) =>
        {
            return Some(Loss::Name);
        }
        _ => {}
    }
    match error.engine_error()? {
        EngineError::SubnetTaken { subnet, .. } => Some(Loss::Subnet(*subnet)),
        EngineError::NameTaken { .. } => Some(Loss::Name),
        _ => None,
    }
}
