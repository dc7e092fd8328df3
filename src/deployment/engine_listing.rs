//! The deployments of several engines, for `ls`. A deployment that stands on several of them is listed once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, try_join_all};
use tokio::time::timeout;

use super::Error;
use super::engine::ConnectedEngine;
use super::engine_set::{PATIENCE, reason, silence};
use super::lost_engines::SilentEngine;
use crate::docker::EngineInventory;
use crate::docker::location::{EngineLocation, ThisMachine};
use crate::docker::swarm::{self, EngineIdentity};
use crate::status::{DeploymentLine, LineEngine, LineState};
use crate::topology::container::containers;
use crate::topology::{DeploymentName, EngineReference, Topology};

/// The deployments of several engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineListing {
    /// The deployments, by name.
    pub deployments: Vec<DeploymentLine>,
    /// The engines that do not answer, in the order in which they were asked. Their deployments may be missing.
    pub lost: Vec<SilentEngine>,
}

/// An answering engine with its objects.
struct Asked {
    at: EngineReference,
    engine: ConnectedEngine,
    on_engine: EngineInventory,
}

impl EngineListing {
    /// Asks these engines at the same time. A deployment over several engines is looked at through all of its engines,
    /// also through engines that are not asked.
    ///
    /// # Errors
    /// An address is malformed, a context cannot be read, no engine answers, or an engine refuses a call.
    pub async fn of(engines: &[EngineReference]) -> Result<Self, Error> {
        let locate = |at: &EngineReference| EngineLocation::of_flag(at, &ThisMachine);
        let locations = engines.iter().map(locate).collect::<Result<Vec<_>, _>>()?;
        let ask = |(at, location): (EngineReference, EngineLocation)| async move {
            let found = timeout(PATIENCE, connect(location)).await;
            (at, found.map_err(|_| silence(PATIENCE)).and_then(|found| found.map_err(|error| reason(&error))))
        };
        let mut lost = Vec::new();
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for (at, answer) in join_all(engines.iter().cloned().zip(locations).map(ask)).await {
            match answer {
                // Several addresses may lead to an engine.
                Ok((engine, identity)) => {
                    if seen.insert((identity.id, identity.node, identity.machine)) {
                        found.push((at, engine));
                    }
                }
                Err(cause) => lost.push(SilentEngine { at, cause }),
            }
        }
        if found.is_empty() {
            return Err(Error::NoEngineAnswers(lost));
        }
        let inventoried = |(at, engine): (EngineReference, ConnectedEngine)| async move {
            let on_engine = engine.api.inventory().await?;
            Ok::<_, Error>(Asked { at, engine, on_engine })
        };
        let asked = try_join_all(found.into_iter().map(inventoried)).await?;
        Ok(Self { deployments: Box::pin(deployments(&asked)).await?, lost })
    }
}

async fn connect(location: EngineLocation) -> Result<(ConnectedEngine, EngineIdentity), Error> {
    let engine = ConnectedEngine::at(location).await?;
    let identity = swarm::identity(engine.api.client()).await?;
    Ok((engine, identity))
}

async fn deployments(asked: &[Asked]) -> Result<Vec<DeploymentLine>, Error> {
    let spread = Box::pin(spread(asked)).await?;
    let mut lines: Vec<DeploymentLine> = spread.iter().map(|found| found.line.clone()).collect();
    for Asked { at, engine, on_engine } in asked {
        let alone =
            engine.lines(on_engine).await?.into_iter().filter(|line| {
                spread.iter().all(|found| found.line.name != line.name || !found.has(on_engine))
            });
        let here = || vec![LineEngine { name: None, at: at.to_string(), answers: true }];
        lines.extend(alone.map(|line| DeploymentLine { engines: here(), ..line }));
    }
    lines.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(lines)
}

/// A deployment that stands on several engines.
struct Spread {
    name: DeploymentName,
    /// The ids of its network.
    networks: Vec<String>,
    line: DeploymentLine,
}

impl Spread {
    /// Whether the parts of its name on an engine are its own. Another swarm may have a deployment of the same name.
    fn has(&self, on_engine: &EngineInventory) -> bool {
        on_engine.deployment(&self.name).network_ids.iter().all(|(id, _)| self.networks.contains(id))
    }
}

/// The deployments that stand on several engines, each once.
async fn spread(asked: &[Asked]) -> Result<Vec<Spread>, Error> {
    let mut all: Vec<Spread> = Vec::new();
    for Asked { engine, on_engine, .. } in asked {
        for name in on_engine.deployments() {
            let inventory = on_engine.deployment(&name);
            let is_spread = inventory.containers.values().any(|container| {
                container.settings.as_ref().is_some_and(|settings| settings.engine.is_some())
            });
            if !is_spread || all.iter().any(|known| known.name == name && known.has(on_engine)) {
                continue;
            }
            // Without its description, it is listed as the engine alone shows it.
            let Ok(Some((topology, _))) = engine.api.stored(&name, on_engine).await else { continue };
            all.push(Box::pin(look(engine, name, topology)).await?);
        }
    }
    Ok(all)
}

/// Looks at a deployment through all of its engines.
async fn look(engine: &ConnectedEngine, name: DeploymentName, topology: Topology) -> Result<Spread, Error> {
    let engine = engine.of_topology(&topology).await?;
    let everywhere = engine.api.inventory().await?;
    let lines = engine.lines(&everywhere).await?;
    let networks = everywhere.deployment(&name).network_ids.into_iter().map(|(id, _)| id).collect();
    let lost: BTreeMap<_, _> = engine.api.lost();
    let on = topology.engines.iter().filter(|(name, _)| !topology.nodes_on(name).is_empty());
    let engines = on.map(|(name, site)| LineEngine {
        name: Some(name.to_string()),
        at: site.at.to_string(),
        answers: !lost.contains_key(name),
    });
    let engines = engines.collect();
    let line = lines.into_iter().find(|line| line.name == name.as_str());
    let line = line.ok_or_else(|| Error::Unreadable(name.to_string()))?;
    let nodes = containers(&topology).len().max(line.nodes);
    let state = match line.state {
        LineState::Restarting => LineState::Restarting,
        _ => LineState::from_counts(nodes, line.running),
    };
    let line = DeploymentLine { state, nodes, engines, ..line };
    Ok(Spread { name, networks, line })
}
