//! Connects to all engines of a deployment that stands on several.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::Error;
use super::engine::ConnectedEngine;
use super::loaded_spec::LoadedSpec;
use super::lost_engines::{LostEngine, LostEngines};
use crate::docker;
use crate::docker::connect::ConnectError;
use crate::docker::location::{EngineLocation, ThisMachine};
use crate::docker::swarm::{self, EngineIdentity};
use crate::executor::{causes, chain};
use crate::spec::Problem;
use crate::topology::{DeploymentName, EngineName, EngineReference, NodeName, Topology};

/// The time limit for the first answer of an engine. The other engines wait meanwhile.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The same for an engine without nodes. It may have been lost for good.
const PATIENCE_WITHOUT_NODES: Duration = Duration::from_secs(3);

/// How often a newer description may name further engines.
const MOST_DESCRIPTIONS: usize = 3;

/// The engines of a deployment: answering engines, and engines out of reach.
#[derive(Clone)]
struct EngineSet {
    members: BTreeMap<EngineName, (ConnectedEngine, EngineIdentity)>,
    lost: BTreeMap<EngineName, String>,
    /// The engines among them that answer, but are too old or run no Linux containers.
    unfit: BTreeMap<EngineName, (String, String)>,
}

impl EngineSet {
    /// Connects to all engines at the same time.
    async fn connect(
        engines: &BTreeMap<EngineName, EngineReference>,
        patience: impl Fn(&EngineName) -> Duration,
    ) -> Self {
        let connect = |(name, reference): (&EngineName, &EngineReference)| {
            let (name, reference, patience) = (name.clone(), reference.clone(), patience(name));
            async move {
                let found = timeout(patience, one(&name, &reference)).await;
                (name, found.map_err(|_| silence(patience)))
            }
        };
        let mut set = Self { members: BTreeMap::new(), lost: BTreeMap::new(), unfit: BTreeMap::new() };
        for (name, found) in join_all(engines.iter().map(connect)).await {
            match found {
                Ok(Ok(member)) => drop(set.members.insert(name, member)),
                Ok(Err(error)) => {
                    set.lost.insert(name.clone(), reason(&error));
                    set.unfit.extend(unfit(&error).map(|problem| (name, problem)));
                }
                Err(silence) => drop(set.lost.insert(name, silence)),
            }
        }
        set
    }

    /// All engines of a deployment. The engine through which it was found answers, also if its address in the spec means
    /// nothing on this machine.
    async fn of(topology: &Topology, found: Option<(EngineName, ConnectedEngine)>) -> Result<Self, Error> {
        let mut engines = topology.known_engines();
        let found = found.filter(|(name, _)| engines.remove(name).is_some());
        let mut set = Self::connect(&engines, |name| patience(topology, name)).await;
        if let Some((name, engine)) = found {
            let identity = swarm::identity(engine.api.client()).await?;
            set.members.insert(name, (engine, identity));
        }
        Ok(set)
    }

    /// Adds the engines of the last `up` that this set lacks. They may have nodes, or remains of them.
    async fn and_of(mut self, stored: &Topology) -> Self {
        let mut further = stored.known_engines();
        further.retain(|name, _| !self.members.contains_key(name) && !self.lost.contains_key(name));
        let further = Self::connect(&further, |name| patience(stored, name)).await;
        self.members.extend(further.members);
        self.lost.extend(further.lost);
        self
    }

    /// All engines as one.
    ///
    /// # Errors
    /// No engine answers: the reason of each.
    fn into_engine(self) -> Result<ConnectedEngine, BTreeMap<EngineName, String>> {
        let docker = |(name, (engine, identity)): (&EngineName, &(ConnectedEngine, EngineIdentity))| {
            (name.clone(), (engine.api.client().clone(), identity.is_manager))
        };
        let docker = self.members.iter().map(docker).collect();
        let Some((first, _)) = self.members.values().next() else { return Err(self.lost) };
        let location = Arc::clone(&first.location);
        let Some(api) = docker::Engine::several(docker, self.lost.clone()) else { return Err(self.lost) };
        let labelled = |(name, (engine, identity)): (EngineName, (ConnectedEngine, EngineIdentity))| {
            (name, ConnectedEngine { labels: Arc::new(identity.labels), ..engine })
        };
        let members = Arc::new(self.members.into_iter().map(labelled).collect());
        Ok(ConnectedEngine { api: Arc::new(api), location, members, labels: Arc::default() })
    }
}

/// The reason for an engine that does not answer in time.
pub(super) fn silence(patience: Duration) -> String {
    format!("no answer within {} s", patience.as_secs())
}

/// Why an engine does not answer: the causes without the address, which is named beside them.
pub(super) fn reason(error: &Error) -> String {
    let causes = causes(error);
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

/// The problem and the correction of an engine that answers, but can never have nodes.
fn unfit(error: &Error) -> Option<(String, String)> {
    match error {
        Error::Connect(error @ (ConnectError::TooOld { .. } | ConnectError::NotLinux { .. })) => {
            Some((chain(error), error.hint()))
        }
        _ => None,
    }
}

async fn one(name: &EngineName, at: &EngineReference) -> Result<(ConnectedEngine, EngineIdentity), Error> {
    let engine = ConnectedEngine::at(EngineLocation::of_engine(name, at, &ThisMachine)?).await?;
    let identity = swarm::identity(engine.api.client()).await?;
    let (client, host) = (at.docker(), engine.location.endpoint_host());
    Ok((engine, EngineIdentity { client, host, ..identity }))
}

fn references(topology: &Topology) -> BTreeMap<EngineName, EngineReference> {
    topology.engines.iter().map(|(name, site)| (name.clone(), site.at.clone())).collect()
}

impl ConnectedEngine {
    /// The engines in a spec; otherwise the engine at an address; otherwise the engine of the environment.
    pub(crate) async fn for_spec(spec: &LoadedSpec, address: Option<&str>) -> Result<Self, Error> {
        match address {
            _ if spec.topology.engines.is_empty() => Self::connect(address).await,
            None => Self::of_spec(spec).await,
            Some(_) => Err(Error::Invalid {
                message: "`--host` names one engine, and the spec names its `engines`".to_owned(),
                hint: "leave `--host` out".to_owned(),
            }),
        }
    }

    /// The engines of a spec, which must all answer and be one swarm.
    pub(super) async fn of_spec(spec: &LoadedSpec) -> Result<Self, Error> {
        let engines = references(&spec.topology);
        let locate = |(name, reference): (&EngineName, &EngineReference)| {
            let error = EngineLocation::of_engine(name, reference, &ThisMachine).err()?;
            Some(at_engine(name, reference, &chain(&error), error.hint()))
        };
        let problems: Vec<Problem> = engines.iter().filter_map(locate).collect();
        if !problems.is_empty() {
            return Err(spec.document.locate(problems).into());
        }
        let set = EngineSet::connect(&engines, |_| PATIENCE).await;
        let unfit = set.unfit.iter().map(|(name, problem)| (engines.get(name), name, problem));
        let unfit = unfit.filter_map(|(at, name, (message, hint))| Some(at_engine(name, at?, message, hint)));
        let problems: Vec<Problem> = unfit.collect();
        if !problems.is_empty() {
            return Err(spec.document.locate(problems).into());
        }
        let identities = set.members.iter().map(|(name, (_, identity))| (name.clone(), identity.clone()));
        let misfit = swarm::misfit(&identities.collect(), spec.topology.has_host_ports());
        // A lost engine may be the manager that the others know.
        if let Some(misfit) = misfit.filter(|_| set.lost.is_empty()) {
            let problem = Problem::new(&["engines"], misfit.message).hint(misfit.hint);
            return Err(spec.document.locate(vec![problem]).into());
        }
        // Only an existing deployment has nodes there.
        let refusal = || Error::EnginesOutOfReach(lost_engines(&spec.topology, &set.lost, |_| Vec::new()));
        let some = set.clone().into_engine().map_err(|_| refusal())?;
        match some.stored_topology(&spec.topology.name).await? {
            Some(stored) => {
                let set = set.clone().and_of(&stored).await;
                set.into_engine().map_err(|lost| unreachable_engines(&spec.topology, &lost))
            }
            // A new deployment needs all its engines.
            None if set.lost.is_empty() => Ok(some),
            None => Err(refusal()),
        }
    }

    /// The topology of the last `up`.
    async fn stored_topology(&self, name: &DeploymentName) -> Result<Option<Topology>, Error> {
        let on_engine = self.api.inventory().await?;
        Ok(self.api.stored(name, &on_engine).await?.map(|(topology, _)| topology))
    }

    /// All engines of an existing deployment; this engine, if the deployment stands on it alone. Engines may be out of
    /// reach.
    pub(super) async fn of_topology(&self, topology: &Topology) -> Result<Self, Error> {
        if topology.engines.is_empty() || !self.members.is_empty() {
            return Ok(self.clone());
        }
        let found = self.name_in(&topology.name).await?.map(|name| (name, self.clone()));
        let mut set = EngineSet::of(topology, found).await?;
        let mut described = topology.clone();
        for _ in 0..MOST_DESCRIPTIONS {
            let engine = set.clone().into_engine();
            let engine = engine.map_err(|lost| unreachable_engines(topology, &lost))?;
            match engine.stored_topology(&topology.name).await? {
                // A replaced engine that comes back has an old description.
                Some(newer) if newer.replacements > described.replacements => {
                    set = set.and_of(&newer).await;
                    described = newer;
                }
                _ => return Ok(engine),
            }
        }
        set.into_engine().map_err(|lost| unreachable_engines(topology, &lost))
    }

    /// The name of this engine in a deployment that it has nodes of.
    async fn name_in(&self, deployment: &DeploymentName) -> Result<Option<EngineName>, Error> {
        let containers = self.api.inventory().await?.deployment(deployment).containers;
        Ok(containers.into_values().find_map(|container| container.settings?.engine))
    }

    /// All engines of a deployment that this engine has a part of.
    pub(super) async fn of_deployment(&self, name: &DeploymentName) -> Result<Self, Error> {
        if !self.members.is_empty() {
            return Ok(self.clone());
        }
        let on_engine = self.api.inventory().await?;
        let mut containers = on_engine.deployment(name).containers.into_values();
        if !containers.any(|container| container.settings.is_some_and(|settings| settings.engine.is_some())) {
            return Ok(self.clone());
        }
        match self.api.stored(name, &on_engine).await {
            Ok(Some((topology, _))) => self.of_topology(&topology).await,
            // The engine alone knows enough for `down` and `logs`.
            Ok(None) | Err(_) => Ok(self.clone()),
        }
    }

    /// The engines of an existing deployment that do not answer; `None`: all answer.
    pub(super) fn lost(&self, topology: &Topology) -> Option<LostEngines> {
        let lost = self.api.lost();
        (!lost.is_empty()).then(|| lost_engines(topology, &lost, |engine| nodes_at(topology, engine)))
    }

    /// The same without engines that have no nodes.
    pub(super) fn lost_with_nodes(&self, topology: &Topology) -> Option<LostEngines> {
        let mut lost = self.api.lost();
        lost.retain(|engine, _| !topology.nodes_on(engine).is_empty());
        (!lost.is_empty()).then(|| lost_engines(topology, &lost, |engine| nodes_at(topology, engine)))
    }
}

/// The nodes on an engine, or the former nodes of a replaced engine.
fn nodes_at(topology: &Topology, engine: &EngineName) -> Vec<NodeName> {
    let present: Vec<NodeName> =
        topology.nodes_on(engine).into_iter().map(|node| node.name.clone()).collect();
    let former = || topology.replaced.get(engine).into_iter().flat_map(|engine| engine.ips.keys().cloned());
    if present.is_empty() { former().collect() } else { present }
}

/// The problem of an engine's address in a spec.
fn at_engine(name: &EngineName, reference: &EngineReference, message: &str, hint: &str) -> Problem {
    let field = match reference {
        EngineReference::Host(_) => "host",
        EngineReference::Context(_) => "context",
    };
    Problem::new(&["engines", name.as_str(), field], message).hint(hint)
}

fn patience(topology: &Topology, engine: &EngineName) -> Duration {
    if topology.nodes_on(engine).is_empty() { PATIENCE_WITHOUT_NODES } else { PATIENCE }
}

fn lost_engines(
    topology: &Topology,
    lost: &BTreeMap<EngineName, String>,
    nodes: impl Fn(&EngineName) -> Vec<NodeName>,
) -> LostEngines {
    let known = topology.known_engines();
    let engine = |(name, cause): (&EngineName, &String)| {
        let at = known.get(name)?.clone();
        Some(LostEngine { at, nodes: nodes(name), name: name.clone(), cause: cause.clone() })
    };
    LostEngines { deployment: topology.name.clone(), engines: lost.iter().filter_map(engine).collect() }
}

fn unreachable_engines(topology: &Topology, lost: &BTreeMap<EngineName, String>) -> Error {
    Error::EnginesOutOfReach(lost_engines(topology, lost, |engine| nodes_at(topology, engine)))
}
