//! What others take between choice and use: subnets, ports, names; and how `up` goes on then.

use std::collections::BTreeSet;
use std::time::Duration;

use ipnet::Ipv4Net;
use rand::RngExt as _;
use tokio::time::Instant;

use super::super::prepare::{Prepared, is_taken};
use super::super::specs::Found;
use super::super::{CommandError, Connected};
use crate::docker::{EngineError, Settled, remove};
use crate::event::{Event, Listener};
use crate::plan::Obstacle;
use crate::redis::presence::Presence;
use crate::topology::{DeploymentName, Topology};

/// How often something may be lost to others before that is an error.
const MOST_LOSSES: usize = 20;

/// How often an `up` that failed is tried again because somebody else was at work on the same
/// deployment: it may have failed for a reason of its own.
const MOST_REPEATS: usize = 3;

/// How long, at most, an `up` keeps back after it has lost a port for the first time; twice as long each
/// further time.
const SHORTEST_DELAY: Duration = Duration::from_millis(500);

/// The longest of these delays.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// How often the servers are asked whether another run is done.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// For how long nothing of a deployment must change for whoever makes it to be done, or gone: longer
/// than a server takes to start, or a cluster to form.
const QUIET: Duration = Duration::from_secs(4);

/// What others have taken, as far as the engine's lists do not show it.
#[derive(Debug, Default)]
pub(in crate::commands) struct Taken {
    /// Subnets.
    pub(in crate::commands) subnets: Vec<Ipv4Net>,
    /// Ports of this machine.
    pub(in crate::commands) ports: BTreeSet<u16>,
}

/// What was lost to somebody else.
enum Loss {
    /// The subnet that was chosen.
    Subnet(Ipv4Net),
    /// The port that was chosen.
    Port(u16),
    /// A name that the deployment needs.
    Name,
    /// The turn: somebody else is at work on the deployment, or was.
    Turn,
}

/// The race for what one deployment needs.
pub(super) struct Race<'a> {
    pub(super) found: &'a Found,
    pub(super) connected: &'a Connected,
    /// How others see this `up`, and it sees them.
    pub(super) presence: &'a Presence,
    pub(super) listener: &'a dyn Listener,
    /// The longest that somebody else is waited for.
    pub(super) timeout: Duration,
    taken: Taken,
    losses: usize,
    ports_lost: u32,
    repeats: usize,
    /// Whether there was nothing of the deployment before, so that all of it is this `up`'s.
    is_new: Option<bool>,
    /// Whether the deployment's network could not be made the last time.
    lost_network: bool,
    /// Whether it was looked already for somebody at work on it.
    looked: bool,
    /// Whether somebody else was at work since the last attempt that failed.
    met: bool,
}

impl<'a> Race<'a> {
    pub(super) fn new(
        found: &'a Found,
        connected: &'a Connected,
        presence: &'a Presence,
        listener: &'a dyn Listener,
        timeout: Duration,
    ) -> Self {
        Self {
            found,
            connected,
            presence,
            listener,
            timeout,
            taken: Taken::default(),
            losses: 0,
            ports_lost: 0,
            repeats: 0,
            is_new: None,
            lost_network: false,
            looked: false,
            met: false,
        }
    }

    /// What was lost so far.
    pub(super) fn taken(&self) -> &Taken {
        &self.taken
    }

    /// Whether all that there is of the deployment is of this `up`'s making.
    pub(super) fn is_new(&mut self, prepared: &Prepared) -> bool {
        *self.is_new.get_or_insert(prepared.inventory.is_empty())
    }

    /// Waits for whoever has made the network that this `up` could not make, or is making a deployment
    /// whose files are not there yet: to go on from that would be to write other passwords over
    /// somebody else's. Says whether it had to.
    pub(super) async fn let_others_finish(&mut self, prepared: &Prepared) -> Result<bool, CommandError> {
        let lost_network = std::mem::take(&mut self.lost_network);
        let half_made = prepared.stored.is_none() && !std::mem::replace(&mut self.looked, true);
        let inventory = &prepared.inventory;
        // Volumes that keep data stay behind where nobody is at work any more.
        let begun = inventory.network.is_some() || inventory.volumes.values().any(|keeps_data| !keeps_data);
        if !(begun && (lost_network || half_made)) {
            return Ok(false);
        }
        let (engine, name) = (&self.connected.engine, &prepared.topology.name);
        let is_own = engine.began(name, &engine.inventory().await?);
        if !is_own {
            self.wait_for_others(name).await?;
        }
        Ok(!is_own)
    }

    /// Makes ready for another attempt after one that failed because of somebody else.
    ///
    /// # Errors
    /// The failure, in better words where they are known, where another attempt is of no use.
    pub(super) async fn lost(
        &mut self,
        error: CommandError,
        prepared: &Prepared,
    ) -> Result<(), CommandError> {
        let error = self.explain(error, prepared).await?;
        let loss = match loss(&error, prepared) {
            None => self.disturbance(&error, prepared).await,
            loss => loss,
        };
        let Some(loss) = loss.filter(|_| self.losses < MOST_LOSSES) else {
            return Err(error);
        };
        self.losses += 1;
        let (engine, name) = (&self.connected.engine, &prepared.topology.name);
        let on_engine = engine.inventory().await?;
        let inventory = on_engine.deployment(name);
        match loss {
            // Whoever makes the same deployment took the subnet for it.
            Loss::Subnet(_) if inventory.network.is_some() => self.wait_for_others(name).await,
            Loss::Subnet(subnet) if self.found.leaves_subnet_open() => {
                self.note(format!("somebody else took {subnet} at the same moment: choosing another subnet"));
                self.taken.subnets.push(subnet);
                self.lost_network = true;
                Ok(())
            }
            // What existed before keeps its ports: clients know them.
            Loss::Port(port) if self.found.leaves_ports_open() && self.is_new(prepared) => {
                self.note(format!("somebody else took port {port} at the same moment: choosing others"));
                self.taken.ports.insert(port);
                remove::deployment(engine.client(), name, &inventory, true).await?;
                // Two that go on at the same moment choose the same again; of two that do not, the later one
                // sees what the other has.
                let longest = (SHORTEST_DELAY * 2_u32.pow(self.ports_lost)).min(LONGEST_DELAY);
                self.ports_lost += 1;
                tokio::time::sleep(rand::rng().random_range(Duration::ZERO..longest)).await;
                Ok(())
            }
            Loss::Subnet(_) | Loss::Port(_) => Err(error),
            // What is foreign stands in the next plan's way, which names it.
            Loss::Name if !engine.observe(&prepared.topology, &on_engine).await?.foreign.is_empty() => Ok(()),
            Loss::Name => self.wait_for_others(name).await,
            Loss::Turn => self.wait_for_turn(name).await,
        }
    }

    /// What a step may have been lost to where somebody else was at work on the same deployment: whoever
    /// comes between another one's steps fails in ways that have no name.
    async fn disturbance(&mut self, error: &CommandError, prepared: &Prepared) -> Option<Loss> {
        let met = std::mem::take(&mut self.met);
        let failed = matches!(error, CommandError::Execute(_) | CommandError::Unsettled(..));
        if !failed || self.repeats >= MOST_REPEATS {
            return None;
        }
        self.repeats += 1;
        // Where that cannot be found out, the failure is what there is to tell.
        let turn = self.presence.has_company().await || self.others_wrote(prepared).await.unwrap_or(false);
        turn.then_some(Loss::Turn).or(met.then_some(Loss::Name))
    }

    /// Whether the deployment's passwords have become others than this `up` has given it.
    async fn others_wrote(&self, prepared: &Prepared) -> Result<bool, CommandError> {
        let engine = &self.connected.engine;
        let stored = engine.stored(&prepared.topology.name, &engine.inventory().await?).await?;
        Ok(stored.is_some_and(|(_, theirs)| !theirs.changed_since(&prepared.credentials).is_empty()))
    }

    /// Says so where a container did not start because its port is taken.
    async fn explain(&self, error: CommandError, prepared: &Prepared) -> Result<CommandError, CommandError> {
        let topology = &prepared.topology;
        let node = match error.engine_error() {
            Some(EngineError::NotStarted { container, .. }) => {
                topology.nodes().into_iter().find(|node| node.name.as_str() == container)
            }
            _ => None,
        };
        match (node, error) {
            (Some(node), CommandError::Execute(source)) => {
                let port = node.endpoint.port;
                Ok(match self.holder(topology, port).await? {
                    Some(holder) => {
                        let node = node.name.to_string();
                        CommandError::PortTaken { node, port, holder, source }
                    }
                    None => CommandError::Execute(source),
                })
            }
            (_, error) => Ok(error),
        }
    }

    /// Who has a port now, if anybody has.
    async fn holder(&self, topology: &Topology, port: u16) -> Result<Option<String>, CommandError> {
        let mut busy = self.connected.engine.inventory().await?.busy_ports(&topology.name);
        let holder = busy.remove(&port);
        // Ports of other machines cannot be tried from here.
        let is_taken = || self.connected.location.is_local() && is_taken(topology.bind, port);
        Ok(holder.or_else(|| is_taken().then(|| "another process".to_owned())))
    }

    /// Waits until a redisctl that cannot be seen from here, another user's or another machine's, is
    /// done with the deployment: until nothing of it changes any more.
    async fn wait_for_others(&mut self, name: &DeploymentName) -> Result<(), CommandError> {
        self.note(format!(
            "somebody else makes `{name}`, or did a moment ago: waiting until nothing of it changes any more"
        ));
        self.is_new = Some(false);
        self.met = true;
        match self.connected.engine.until_unchanged(name, QUIET, self.timeout).await? {
            Settled::Quiet(_) => Ok(()),
            Settled::Changing(_) => Err(self.in_use(name, self.timeout)),
        }
    }

    /// Waits until no redisctl that is seen on the servers has to go first.
    async fn wait_for_turn(&mut self, name: &DeploymentName) -> Result<(), CommandError> {
        self.note(format!(
            "another redisctl is at work on `{name}`: waiting for it to end, for {} s at most",
            self.timeout.as_secs()
        ));
        self.is_new = Some(false);
        let started = Instant::now();
        self.presence.show(false).await;
        while self.presence.is_second().await {
            self.pause(name, started).await?;
        }
        Ok(())
    }

    /// Lets some time go by, unless all of it is over since `started`.
    async fn pause(&self, name: &DeploymentName, started: Instant) -> Result<(), CommandError> {
        let waited = started.elapsed();
        if waited >= self.timeout {
            return Err(self.in_use(name, waited));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        Ok(())
    }

    fn in_use(&self, name: &DeploymentName, waited: Duration) -> CommandError {
        let holder = "another redisctl, of another user or machine,".to_owned();
        CommandError::InUse { deployment: name.to_string(), holder, process: None, waited }
    }

    fn note(&self, message: String) {
        self.listener.hear(Event::Note { message });
    }
}

/// What an error says was lost to somebody else.
fn loss(error: &CommandError, prepared: &Prepared) -> Option<Loss> {
    match error {
        CommandError::NotFirst(_) => return Some(Loss::Turn),
        CommandError::PortTaken { port, .. } => return Some(Loss::Port(*port)),
        // What was not there when it was looked for is somebody else's choice, a moment later.
        CommandError::Obstacles { obstacles, .. }
            if prepared.inventory.network.is_none()
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
