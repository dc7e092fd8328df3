//! An existing deployment: its endpoints, connection settings, state and verification.

use std::path::Path;

use futures_util::future::try_join;

use super::engine::{ConnectedEngine, choose};
use super::memory_kills::memory_kills;
use super::observe::observe_stored;
use super::own_container::own_container;
use super::primary::dialled_first;
use super::verify::verify;
use super::{Error, own_container, tls_files};
use crate::connection::{ConnectionSettings, TlsFiles};
use crate::docker::inventory::Inventory;
use crate::event::Warning;
use crate::export::{self, spec::ExportedSpec};
use crate::redis::Servers;
use crate::status::{Role, StatusView, status};
use crate::topology::kept_data::record_volume;
use crate::topology::{Credentials, DeploymentName, Endpoint, Learned, Node, Topology};
use crate::up_result::Verification;

/// An existing deployment on an engine.
#[derive(Clone)]
pub struct Deployment {
    engine: ConnectedEngine,
    topology: Topology,
    credentials: Credentials,
    /// Facts about directives that its servers have told.
    learned: Learned,
    /// The container in which redisctl runs.
    own_container: Option<String>,
}

impl Deployment {
    pub(super) fn new(
        engine: ConnectedEngine,
        topology: Topology,
        credentials: Credentials,
        learned: Learned,
    ) -> Self {
        Self { engine, topology, credentials, learned, own_container: None }
    }

    /// Why this process does not reach the deployment's endpoints, as far as that is known beforehand.
    #[must_use]
    pub fn out_of_reach(&self) -> Option<Warning> {
        own_container::warning(&self.topology, self.own_container.as_deref())
    }

    /// The name of the deployment.
    #[must_use]
    pub fn name(&self) -> &DeploymentName {
        &self.topology.name
    }

    /// The engine that it runs on.
    #[must_use]
    pub fn engine(&self) -> &ConnectedEngine {
        &self.engine
    }

    /// The topology of the last `up`.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    pub(super) fn into_topology(self) -> Topology {
        self.topology
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(super) fn learned(&self) -> &Learned {
        &self.learned
    }

    pub(super) fn servers(&self) -> Servers<'_> {
        Servers::new(&self.topology, &self.credentials)
    }

    /// The endpoints of all data nodes, by number. Cluster clients use them as seeds.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.topology.servers().into_iter().map(|node| node.endpoint.clone()).collect()
    }

    pub(crate) async fn dialled_first(&self) -> &Node {
        dialled_first(&self.topology, &self.servers()).await
    }

    /// The acting primary of each shard.
    pub(crate) async fn acting_primaries(&self) -> Result<Vec<&Node>, Error> {
        if self.topology.shards.len() == 1 {
            return Ok(vec![self.dialled_first().await]);
        }
        let status = self.status().await?;
        let is_primary = |node: &&Node| {
            status.nodes.iter().any(|status| status.name == node.name && status.role == Role::Primary)
        };
        Ok(self.topology.servers().into_iter().filter(is_primary).collect())
    }

    /// The settings with which a program connects, as `redisctl env` prints them, passwords included. `user`: `None`
    /// for the default user. `files` are the files of [`Deployment::write_tls_files`].
    ///
    /// # Errors
    /// The deployment has no such user.
    pub async fn connection(
        &self,
        user: Option<&str>,
        files: Option<&TlsFiles>,
    ) -> Result<ConnectionSettings, Error> {
        let primary = self.dialled_first().await;
        Ok(ConnectionSettings::new(&self.topology, &self.credentials, primary, user, files)?)
    }

    /// Writes the files that clients need for TLS to `folder`, otherwise to the user's cache. [`Deployment::down`]
    /// removes the folder in the cache. `None`: the deployment does not use TLS.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_tls_files(&self, folder: Option<&Path>) -> Result<Option<TlsFiles>, Error> {
        let certificates = self.credentials.certificates.as_ref();
        certificates.map(|certificates| tls_files::write(&self.topology, certificates, folder)).transpose()
    }

    /// The certificate of the deployment's CA, as PEM. `None`: the deployment does not use TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.credentials.certificates.as_ref().map(crate::topology::Certificates::authority)
    }

    /// The present state of the deployment and of each node.
    ///
    /// # Errors
    /// The engine does not answer. A server that does not answer is part of the state.
    pub async fn status(&self) -> Result<StatusView, Error> {
        let observed = observe_stored(&self.topology, &self.engine, &self.servers()).await?;
        Ok(status(&self.topology, &observed))
    }

    /// The servers that the kernel killed because their containers ran out of memory. They may run again.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn memory_kills(&self) -> Result<Vec<Warning>, Error> {
        Ok(memory_kills(&self.engine.api.inventory().await?.deployment(&self.topology.name)))
    }

    /// The spec that describes the deployment, without its passwords. `up` with it changes nothing.
    pub(crate) fn spec(&self) -> Result<ExportedSpec, Error> {
        export::spec::spec(&self.topology, &self.engine.location.endpoint_host()).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
            Error::Invalid {
                message: format!("no spec describes `{}`: {}", self.name(), problems.join("; ")),
                hint: "`redisctl status` shows the deployment".to_owned(),
            }
        })
    }

    /// Runs every check that fits the deployment. A check that cannot run is a failed check.
    pub async fn verify(&self) -> Verification {
        verify(&self.servers(), &self.learned.in_force(&self.topology), &self.credentials, &self.engine).await
    }
}

/// The error for a deployment whose description cannot be read. `docker system prune` removes stopped containers and
/// keeps volumes; `up` can then bring the deployment back.
fn without_description(name: &DeploymentName, inventory: &Inventory) -> Error {
    // The record of the data is a volume without data.
    let record = record_volume(name);
    let kept = inventory.volumes.iter().filter(|(volume, keeps_data)| **keeps_data && **volume != record);
    let volumes: Vec<String> = kept.map(|(volume, _)| volume.clone()).collect();
    let name = name.to_string();
    if inventory.container_ids.is_empty() && !volumes.is_empty() {
        Error::WithoutContainers { name, volumes }
    } else {
        Error::Unreadable(name)
    }
}

impl ConnectedEngine {
    /// The deployment of that name; without a name, the only deployment of the engine.
    ///
    /// # Errors
    /// The deployment does not exist, several deployments exist and no name is given, or the description cannot be
    /// read.
    pub async fn deployment(&self, name: Option<&str>) -> Result<Deployment, Error> {
        let found = Box::pin(self.described(name)).await?;
        if found.topology.engines.is_empty() {
            return Ok(found);
        }
        let all = Box::pin(self.of_topology(&found.topology)).await?;
        Box::pin(all.described(Some(found.name().as_str()))).await
    }

    /// The deployment as these engines describe it.
    async fn described(&self, name: Option<&str>) -> Result<Deployment, Error> {
        let on_engine = self.api.inventory().await?;
        let name = choose(name, &on_engine)?;
        let inventory = on_engine.deployment(&name);
        let container = inventory.containers.iter().next();
        let image = container.map_or("", |(_, container)| container.image_id.as_str());
        let learned = self.api.learned(container.map(|(node, _)| node), image);
        // The engine takes 45 ms to read a file (engine 20.10).
        let (stored, learned) = try_join(self.api.stored(&name, &on_engine), learned).await?;
        let (topology, credentials) = stored.ok_or_else(|| without_description(&name, &inventory))?;
        let own_container = own_container(&on_engine);
        Ok(Deployment { own_container, ..Deployment::new(self.clone(), topology, credentials, learned) })
    }
}
