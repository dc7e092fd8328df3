//! The engine, through bollard: lists containers, networks and volumes, and does the engine actions of plans. This
//! part knows no slots, roles or Redis commands.

use std::collections::{BTreeMap, BTreeSet};

use bollard::Docker;

use crate::event::Listener;
use crate::executor::{BoxedError, EngineCalls};
use crate::observation::Observation;
use crate::plan::{EngineAction, VolumeSettings};
use crate::spec::SecretText;
use crate::topology::files::{DEPLOYMENT_FILE, File};
use crate::topology::kept_data::{KeptData, record_volume};
use crate::topology::learned::LEARNED_FILE;
use crate::topology::{Credentials, DeploymentName, Learned, NodeName, Platform, Topology, stored_format};
use crate::waiting::Unavailable;

mod apply;
mod archive;
pub mod configuration_trial;
pub mod connect;
mod container;
mod credentials;
mod dialect;
mod elf;
pub mod engine_info;
mod error;
pub mod evidence;
pub mod expiry;
mod exported_variables;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod health_checks;
pub mod host_image;
pub mod image;
pub mod image_contents;
pub mod inventory;
mod kept_files;
pub mod labels;
pub mod lease;
pub mod limits_trial;
pub mod location;
pub mod logs;
mod lost_namespace;
mod network;
pub mod program_output;
pub mod pull;
pub mod remove;
mod request_body;
mod response;
mod server_binary;
mod settled;
mod start_script;
mod timestamp;
mod unavailable;
mod volume;

pub use error::EngineError;
pub use inventory::EngineInventory;

use health_checks::HealthChecks;

/// An engine that answers.
pub struct Engine {
    docker: Docker,
    health_checks: HealthChecks,
}

impl Engine {
    /// The engine of a connected client.
    #[must_use]
    pub fn new(docker: Docker) -> Self {
        Self { docker, health_checks: HealthChecks::default() }
    }

    /// The client, for calls that are not part of a plan.
    #[must_use]
    pub fn client(&self) -> &Docker {
        &self.docker
    }

    /// Lists the containers, networks and volumes of the engine.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn inventory(&self) -> Result<EngineInventory, EngineError> {
        settled::inventory(&self.docker).await
    }

    /// Waits until the engine has finished the calls of a run that was killed while it changed a deployment.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn settle_after_killed_run(&self, deployment: &DeploymentName) -> Result<(), EngineError> {
        settled::until_unchanged(&self.docker, deployment).await
    }

    /// Pulls an image.
    ///
    /// # Errors
    /// It cannot be pulled.
    pub async fn pull(
        &self,
        reference: &str,
        platform: Option<&Platform>,
        listener: &dyn Listener,
    ) -> Result<(), EngineError> {
        let action = EngineAction::PullImage { reference: reference.to_owned(), platform: platform.cloned() };
        apply::apply(&self.docker, &self.health_checks, None, &action, listener).await
    }

    /// Records the kind, shards and server of the data that `down` keeps in volumes.
    ///
    /// # Errors
    /// The engine refuses the volume whose labels hold the record.
    pub async fn record_kept_data(&self, topology: &Topology) -> Result<(), EngineError> {
        let record = VolumeSettings {
            name: record_volume(&topology.name),
            deployment: topology.name.clone(),
            keeps: Some(KeptData::of_topology(topology)),
            labels: topology.labels.clone(),
        };
        // Docker cannot change the labels of a volume.
        volume::remove(&self.docker, &record.name).await?;
        volume::create(&self.docker, &record).await
    }

    /// Observes the containers, the network and the volumes of a deployment. It does not include the servers'
    /// answers.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn observe(
        &self,
        topology: &Topology,
        on_engine: &EngineInventory,
    ) -> Result<Observation, EngineError> {
        let inventory = on_engine.deployment(&topology.name);
        let wanted = crate::topology::container::containers(topology);
        let volumes: Vec<String> = wanted
            .iter()
            .flat_map(|container| container.volumes.iter().map(|mount| mount.volume.clone()))
            .collect();
        let names: Vec<NodeName> = wanted.into_iter().map(|container| container.name).collect();
        let mut containers = inventory.containers;
        lost_namespace::mark_detached(&self.docker, &mut containers).await?;
        let image = image::find(&self.docker, &topology.image).await?;
        let mut node_images = BTreeMap::new();
        for reference in topology.own_images() {
            if let Some(image) = image::find(&self.docker, reference).await? {
                node_images.insert(reference.to_owned(), image.id);
            }
        }
        let run: BTreeSet<&String> = containers.values().map(|container| &container.image_id).collect();
        let mut digests = BTreeMap::new();
        for id in run {
            let image = image::find(&self.docker, id).await?;
            if let Some(digest) = image.and_then(|image| image.digest(&topology.image)) {
                digests.insert(id.clone(), digest);
            }
        }
        let mut kept_data = inventory.kept_data;
        // An existing deployment is judged by what it stores.
        if image.is_some() && containers.is_empty() && !inventory.unlabelled_data.is_empty() {
            let (volumes, name) = (&inventory.unlabelled_data, &topology.name);
            let found = kept_files::look(&self.docker, &topology.image, volumes, name).await?;
            kept_data.extend(
                found.into_iter().map(|files| KeptData { files: Some(files), ..KeptData::default() }),
            );
        }
        Ok(Observation {
            image: image.map(|image| image.id),
            node_images,
            digests,
            network: inventory.network,
            volumes: inventory.volumes.into_keys().collect(),
            kept_data,
            leased: on_engine.leased().contains(&topology.name),
            containers,
            foreign: on_engine.foreign(&topology.name, &names, &volumes),
            ..Observation::default()
        })
    }

    /// The topology and the passwords of the last `up`, from the file in the deployment's volume. `None`: no
    /// container of the deployment has the file.
    ///
    /// # Errors
    /// The engine does not answer, or a newer redisctl wrote the stored file.
    pub async fn stored(
        &self,
        name: &DeploymentName,
        on_engine: &EngineInventory,
    ) -> Result<Option<(Topology, Credentials)>, EngineError> {
        let newer = |source| EngineError::NewerFormat { deployment: name.clone(), source };
        let inventory = on_engine.deployment(name);
        if let Some(format) = inventory.newer_format {
            return Err(newer(format));
        }
        for node in inventory.containers.keys() {
            match files::read(&self.docker, node, DEPLOYMENT_FILE).await {
                Ok(Some(text)) => return stored_format::read(&text).map_err(newer),
                Ok(None) => {}
                // The engine may be removing the container for a killed `down`.
                Err(error) => {
                    if !settled::is_removed(&self.docker, node.as_str()).await? {
                        return Err(error);
                    }
                }
            }
        }
        Ok(None)
    }
}

impl Engine {
    /// Facts about the directives of the image with this id, from the deployment's volume.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn learned(&self, through: Option<&NodeName>, image: &str) -> Result<Learned, EngineError> {
        let text = match through {
            Some(node) => files::read(&self.docker, node, LEARNED_FILE).await?,
            None => None,
        };
        Ok(Learned::read(&text.unwrap_or_default(), image))
    }

    /// Writes facts about directives to the deployment's volume.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn keep_learned(&self, through: &NodeName, learned: &Learned) -> Result<(), EngineError> {
        let text = SecretText::new(learned.write());
        files::write(&self.docker, through, &[File::Content { path: LEARNED_FILE.to_owned(), text }]).await
    }
}

impl Engine {
    /// A file of the deployment's volume; `None` if it does not exist.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn kept_file(&self, through: &NodeName, path: &str) -> Result<Option<Vec<u8>>, EngineError> {
        files::read_bytes(&self.docker, through, path).await
    }

    /// Writes files to the deployment's volume.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn keep_files(&self, through: &NodeName, files: &[File]) -> Result<(), EngineError> {
        files::write(&self.docker, through, files).await
    }
}

impl EngineCalls for Engine {
    async fn apply(
        &self,
        node: Option<&NodeName>,
        action: &EngineAction,
        listener: &dyn Listener,
    ) -> Result<(), BoxedError> {
        Ok(apply::apply(&self.docker, &self.health_checks, node, action, listener).await?)
    }

    async fn write_files(&self, through: &NodeName, files: Vec<File>) -> Result<(), BoxedError> {
        Ok(files::write(&self.docker, through, &files).await?)
    }

    async fn log_tail(&self, node: &NodeName) -> Vec<String> {
        logs::tail(&self.docker, node).await
    }

    async fn unavailable(&self, node: &NodeName) -> Result<Option<Unavailable>, BoxedError> {
        Ok(unavailable::why(&self.docker, node).await?)
    }
}
