//! Looks at a deployment again and again, through connections that stay open.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Error;
use super::engine::ConnectedEngine;
use super::handle::Deployment;
use crate::executor::chain;
use crate::observation::ObservedServer;
use crate::redis::{ServerError, Servers};
use crate::status::{Counters, Sample, status};
use crate::topology::NodeName;

/// The time limit for the answers of a server. A server that hangs must not hold up the others.
const PATIENCE: Duration = Duration::from_secs(2);

/// A look at a deployment.
struct Found {
    sample: Sample,
    /// The ids of its containers by name. Other containers may hold another description.
    containers: BTreeMap<String, String>,
    /// Whether a run is changing it.
    leased: bool,
}

impl Deployment {
    /// Sends a sample, or the reason why there is none, at each `pace`. Returns when nobody receives them any more. It
    /// sees changes of the deployment by `up`, and that it goes and comes back.
    pub(crate) async fn watch(self, pace: Duration, sender: Sender<Result<Sample, Error>>) {
        let (engine, name) = (self.engine().clone(), self.name().to_string());
        let began = Instant::now();
        let mut ticks = interval(pace);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut known = Ok(self);
        loop {
            ticks.tick().await;
            let error = match known {
                Ok(deployment) => deployment.watch_while_same(began, &mut ticks, &sender).await.err(),
                Err(error) => Some(error),
            };
            if let Some(error) = error
                && sender.send(Err(error)).await.is_err()
            {
                return;
            }
            if sender.is_closed() {
                return;
            }
            known = engine.deployment(Some(&name)).await;
        }
    }

    /// Sends samples until the deployment's description may have changed.
    async fn watch_while_same(
        &self,
        began: Instant,
        ticks: &mut tokio::time::Interval,
        sender: &Sender<Result<Sample, Error>>,
    ) -> Result<(), Error> {
        let servers = self.servers();
        let mut first = None;
        let mut was_leased = false;
        loop {
            let Found { sample, containers, leased } = self.look(&servers, began).await?;
            if containers.is_empty() {
                return Ok(());
            }
            let is_same = first.get_or_insert_with(|| containers.clone()) == &containers;
            if sender.send(Ok(sample)).await.is_err() {
                return Ok(());
            }
            // A run may change the description without another container, and does so until its end.
            let is_described = is_same && !(leased || was_leased) || self.is_described(self.engine()).await?;
            if !is_described {
                return Ok(());
            }
            first = Some(containers);
            was_leased = leased;
            ticks.tick().await;
        }
    }

    /// Whether the description on the engine is this one.
    async fn is_described(&self, engine: &ConnectedEngine) -> Result<bool, Error> {
        let present = engine.deployment(Some(self.name().as_str())).await?;
        Ok(present.topology() == self.topology() && present.credentials() == self.credentials())
    }

    async fn look(&self, servers: &Servers<'_>, began: Instant) -> Result<Found, Error> {
        let topology = self.topology();
        let api = &self.engine().api;
        let on_engine = api.inventory().await?;
        let mut observed = api.observe(topology, &on_engine).await?;
        let running = observed.running(topology);
        let mut counters = BTreeMap::new();
        for (node, answer) in join_all(running.iter().map(|node| ask(servers, node))).await {
            let server = match answer {
                Ok((view, counted)) => {
                    counters.insert(node.clone(), counted);
                    view
                }
                Err(reason) => ObservedServer::Silent(reason),
            };
            observed.servers.insert(node.clone(), server);
        }
        observed.stored = Some(Box::new(topology.clone()));
        let sample = Sample { taken: began.elapsed(), status: status(topology, &observed), counters };
        let containers = on_engine.deployment(self.name()).container_ids;
        Ok(Found { sample, containers, leased: observed.leased })
    }
}

/// The answers of a server, or the reason of its silence.
async fn ask<'a>(
    servers: &Servers<'_>,
    node: &'a NodeName,
) -> (&'a NodeName, Result<(ObservedServer, Counters), String>) {
    let questions = async {
        let view = servers.full_view(node).await?;
        let counters = if view.sentinel.is_some() {
            Counters::default()
        } else {
            Counters {
                operations: Some(servers.operations(node).await?),
                clients: Some(view.clients.connected),
            }
        };
        Ok::<_, ServerError>((ObservedServer::Answering(Box::new(view)), counters))
    };
    let answer = match tokio::time::timeout(PATIENCE, questions).await {
        Ok(answer) => answer.map_err(|error| chain(&error)),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    (node, answer)
}
