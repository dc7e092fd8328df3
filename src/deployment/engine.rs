//! Connections to engines, and the list of their deployments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Error;
use crate::docker::connect::connect;
use crate::docker::inventory::Inventory;
use crate::docker::location::{EngineLocation, ThisMachine};
use crate::docker::{self, EngineInventory};
use crate::observation::{ContainerState, ObservedContainer};
use crate::spec::nearest;
use crate::status::{DeploymentLine, LineState};
use crate::topology::{DeploymentName, EngineName, NodeName};

/// A Docker engine that answered. Clones share the connection.
#[derive(Clone)]
pub struct ConnectedEngine {
    /// Its API.
    pub(crate) api: Arc<docker::Engine>,
    /// Its address, and the hosts at which its published ports are reached.
    pub(crate) location: Arc<EngineLocation>,
    /// The engines that answer, if a deployment stands on several. Address and location are those of the first.
    pub(crate) members: Arc<BTreeMap<EngineName, ConnectedEngine>>,
    /// Its labels, if it is one of several engines.
    pub(crate) labels: Arc<BTreeMap<String, String>>,
}

impl ConnectedEngine {
    /// Connects to the engine of the environment: `DOCKER_HOST`, otherwise the current Docker context, otherwise the
    /// platform's default.
    ///
    /// # Errors
    /// The engine does not answer, or is too old.
    pub async fn from_environment() -> Result<Self, Error> {
        Self::connect(None).await
    }

    /// Connects to the engine at an address (`unix://…`, `npipe://…`, `tcp://…`, `ssh://…`); without an
    /// address as [`ConnectedEngine::from_environment`].
    ///
    /// # Errors
    /// The engine does not answer, or is too old.
    pub async fn connect(address: Option<&str>) -> Result<Self, Error> {
        Self::at(EngineLocation::find(address, &ThisMachine)?).await
    }

    /// Connects to the engine at a known location.
    pub(crate) async fn at(location: EngineLocation) -> Result<Self, Error> {
        provide_tls();
        let client = connect(&location).await?;
        let api = Arc::new(docker::Engine::new(client));
        Ok(Self { api, location: Arc::new(location), members: Arc::default(), labels: Arc::default() })
    }

    /// The address of the engine.
    #[must_use]
    pub fn address(&self) -> String {
        self.location.address.to_string()
    }

    /// Each engine for itself: this one, or all of a deployment that stands on several.
    pub(super) fn each(&self) -> Vec<Self> {
        if self.members.is_empty() { vec![self.clone()] } else { self.members.values().cloned().collect() }
    }

    /// The engine of this name, if a deployment stands on several; otherwise this engine. `None`: that engine is out of
    /// reach.
    pub(super) fn named(&self, name: Option<&EngineName>) -> Option<&Self> {
        match name {
            Some(name) if !self.members.is_empty() => self.members.get(name),
            _ => Some(self),
        }
    }

    /// All deployments of the engine, from labels alone.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn deployments(&self) -> Result<Vec<DeploymentLine>, Error> {
        self.lines(&self.api.inventory().await?).await
    }

    /// The deployments in an inventory of this engine.
    pub(super) async fn lines(&self, on_engine: &EngineInventory) -> Result<Vec<DeploymentLine>, Error> {
        let expiries = on_engine.expiries();
        let now = if expiries.is_empty() { None } else { self.clock().await? };
        let line = |name: DeploymentName| {
            let inventory = on_engine.deployment(&name);
            let left = expiries.get(&name).zip(now).map(|(expiry, now)| expiry.at.saturating_sub(now));
            DeploymentLine {
                seconds_left: left.map(|left| left.as_secs() + u64::from(left.subsec_nanos() > 0)),
                ..line(&name, inventory)
            }
        };
        Ok(on_engine.deployments().into_iter().map(line).collect())
    }

    /// The names of all deployments of the engine.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn deployment_names(&self) -> Result<Vec<DeploymentName>, Error> {
        Ok(self.api.inventory().await?.deployments().into_iter().collect())
    }

    /// The names of a deployment's nodes, from labels alone.
    ///
    /// # Errors
    /// The engine does not answer, or has no such deployment.
    pub async fn node_names(&self, deployment: &str) -> Result<Vec<NodeName>, Error> {
        let on_engine = self.api.inventory().await?;
        let deployment = choose(Some(deployment), &on_engine)?;
        let anchor = deployment.anchor();
        let names = on_engine.deployment(&deployment).containers.into_keys();
        Ok(names.filter(|name| *name != anchor).collect())
    }

    /// Refuses a deployment that has parts on the engine.
    pub(super) async fn refuse_existing(&self, name: &DeploymentName) -> Result<(), Error> {
        let exists = !self.api.inventory().await?.deployment(name).is_empty();
        if exists { Err(Error::Exists(name.to_string())) } else { Ok(()) }
    }

    /// The names of all deployments of the engine, and of leases and expiries without a deployment that killed runs
    /// left.
    pub(crate) async fn removable_names(&self) -> Result<Vec<DeploymentName>, Error> {
        let on_engine = self.api.inventory().await?;
        let mut names = on_engine.deployments();
        names.extend(on_engine.leased());
        names.extend(on_engine.expiries().into_keys());
        Ok(names.into_iter().collect())
    }

    /// The name of an existing deployment: the given name, otherwise the only deployment.
    ///
    /// # Errors
    /// No deployment has the name, or several deployments exist and no name is given.
    pub(crate) async fn choose(&self, name: Option<&str>) -> Result<DeploymentName, Error> {
        choose(name, &self.api.inventory().await?)
    }
}

/// Installs the TLS provider that redisctl is built with, unless the process has installed one.
fn provide_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have installed a provider meanwhile. That provider is fine too.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn line(name: &DeploymentName, inventory: Inventory) -> DeploymentLine {
    let containers = inventory.containers.values();
    let runs = |(name, container): &(&NodeName, &ObservedContainer)| {
        container.state == ContainerState::Running && !inventory.restarting.contains(*name)
    };
    let running = inventory.containers.iter().filter(runs).count();
    let image = containers.clone().find_map(|container| Some(container.settings.as_ref()?.image.clone()));
    let nodes = inventory.containers.len();
    DeploymentLine {
        name: name.to_string(),
        kind: inventory.kind,
        state: if inventory.restarting.is_empty() {
            LineState::from_counts(nodes, running)
        } else {
            LineState::Restarting
        },
        nodes,
        running,
        image: image.unwrap_or_default(),
        ports: inventory.ports.into_iter().collect(),
        seconds_left: None,
        engines: Vec::new(),
    }
}

/// The deployment of that name; without a name the only deployment.
pub(super) fn choose(name: Option<&str>, on_engine: &EngineInventory) -> Result<DeploymentName, Error> {
    let all = on_engine.deployments();
    match name {
        Some(name) => {
            let found = all.iter().find(|deployment| deployment.as_str() == name);
            found.cloned().ok_or_else(|| no_such_deployment(name, &all))
        }
        None => only(all),
    }
}

/// The error for a name that no deployment has.
pub(super) fn no_such_deployment(name: &str, all: &BTreeSet<DeploymentName>) -> Error {
    let names: Vec<&str> = all.iter().map(DeploymentName::as_str).collect();
    Error::NoSuchDeployment { name: name.to_owned(), near: nearest(name, &names).map(str::to_owned) }
}

fn only(all: BTreeSet<DeploymentName>) -> Result<DeploymentName, Error> {
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    let mut all = all.into_iter();
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::Invalid {
            message: "there is no deployment on this engine".to_owned(),
            hint: "`redisctl up cluster` makes one".to_owned(),
        }),
        (Some(_), Some(_)) => Err(Error::Invalid {
            message: "there are several deployments on this engine".to_owned(),
            hint: format!("name one of them: `{}`", names.join("`, `")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_an_error_that_proposes_a_similar_name() {
        let all = ["cluster", "shop"].map(|name| DeploymentName::new(name).unwrap()).into();
        for (name, hint) in [
            ("clutser", "did you mean `cluster`? `redisctl ls` lists the deployments"),
            ("other", "`redisctl ls` lists the deployments"),
        ] {
            assert_eq!(no_such_deployment(name, &all).hint().as_deref(), Some(hint));
        }
    }
}
