//! The engine, through bollard: lists containers, networks and volumes, and does the engine actions of plans. This
//! part knows no slots, roles or Redis commands.

use std::collections::{BTreeMap, BTreeSet};

use bollard::Docker;
use futures_util::future::try_join_all;

use crate::event::Listener;
use crate::executor::{BoxedError, EngineCalls};
use crate::observation::{Leftovers, Observation, ObservedEngine, ObservedNetwork};
use crate::plan::{EngineAction, VolumeSettings};
use crate::spec::SecretText;
use crate::topology::files::{DEPLOYMENT_FILE, File};
use crate::topology::kept_data::{KeptData, record_volume};
use crate::topology::learned::LEARNED_FILE;
use crate::topology::{
    Credentials, DeploymentName, EngineName, Learned, NodeName, Platform, Topology, stored_format,
};
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
mod remove;
mod request_body;
mod response;
mod server_binary;
mod settled;
mod several;
mod start_script;
pub mod swarm;
mod timestamp;
mod unavailable;
mod volume;

pub use error::EngineError;
pub use inventory::EngineInventory;

use several::{Member, Several};

/// An engine that answers, or several engines of one deployment.
pub struct Engine {
    /// The engine of the lease, the trials and all other work that is not part of a plan: the first by name.
    lead: Member,
    /// All engines, if there are several.
    several: Option<Several>,
}

impl Engine {
    /// The engine of a connected client.
    #[must_use]
    pub fn new(docker: Docker) -> Self {
        Self { lead: Member::new(docker, false), several: None }
    }

    /// Several engines that answer, each with whether it manages the swarm, and the engines out of reach; `None`: no
    /// engine answers.
    #[must_use]
    pub fn several(
        members: BTreeMap<EngineName, (Docker, bool)>,
        lost: BTreeMap<EngineName, String>,
    ) -> Option<Self> {
        let member = |(name, (docker, is_manager))| (name, Member::new(docker, is_manager));
        let members: BTreeMap<EngineName, Member> = members.into_iter().map(member).collect();
        let lead = members.values().next()?.clone();
        Some(Self { lead, several: Some(Several::new(members, lost)) })
    }

    /// The engines out of reach, with the reason.
    #[must_use]
    pub fn lost(&self) -> BTreeMap<EngineName, String> {
        self.several.as_ref().map(|several| several.lost.clone()).unwrap_or_default()
    }

    /// Whether an engine that answers manages the swarm.
    #[must_use]
    pub fn has_manager(&self) -> bool {
        self.members().iter().any(|member| member.is_manager)
    }

    /// The client of the engine of a node.
    ///
    /// # Errors
    /// The engine is out of reach.
    pub fn client_of(&self, node: &NodeName) -> Result<&Docker, EngineError> {
        Ok(&self.member(None, Some(node))?.docker)
    }

    /// The engine of this name, otherwise that of the node, otherwise the first.
    fn member(&self, engine: Option<&EngineName>, node: Option<&NodeName>) -> Result<&Member, EngineError> {
        let Some(several) = &self.several else { return Ok(&self.lead) };
        match engine.cloned().or_else(|| several.home(node?)) {
            Some(name) => several.member(&name),
            None => Ok(&self.lead),
        }
    }

    /// Every engine that answers.
    fn members(&self) -> Vec<&Member> {
        self.several.as_ref().map_or_else(|| vec![&self.lead], |several| several.members.values().collect())
    }

    /// The client, for calls that are not part of a plan.
    #[must_use]
    pub fn client(&self) -> &Docker {
        &self.lead.docker
    }

    /// Lists the containers, networks and volumes of the engine.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn inventory(&self) -> Result<EngineInventory, EngineError> {
        match &self.several {
            None => settled::inventory(&self.lead.docker).await,
            Some(several) => several.inventory().await,
        }
    }

    /// Waits until the engine has finished the calls of a run that was killed while it changed a deployment.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn settle_after_killed_run(&self, deployment: &DeploymentName) -> Result<(), EngineError> {
        let settle = |member: &'_ Member| {
            let docker = member.docker.clone();
            async move { settled::until_unchanged(&docker, deployment).await }
        };
        try_join_all(self.members().into_iter().map(settle)).await.map(drop)
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
        apply::apply(&self.lead.docker, &self.lead.health_checks, None, &action, listener).await
    }

    /// Records the kind, shards and server of the data that `down` keeps in volumes.
    ///
    /// # Errors
    /// The engine refuses the volume whose labels hold the record.
    pub async fn record_kept_data(&self, topology: &Topology) -> Result<(), EngineError> {
        let record = VolumeSettings {
            name: record_volume(&topology.name),
            deployment: topology.name.clone(),
            several_engines: !topology.engines.is_empty(),
            keeps: Some(KeptData::of_topology(topology)),
            labels: topology.labels.clone(),
        };
        // Docker cannot change the labels of a volume.
        volume::remove(&self.lead.docker, &record.name).await?;
        volume::create(&self.lead.docker, &record).await
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
        let mut inventory = on_engine.deployment(&topology.name);
        if let Some(several) = &self.several {
            several.place(topology);
        }
        let leftovers = inventory.take_leftovers(topology);
        let wanted = crate::topology::container::containers(topology);
        let volumes: Vec<String> = wanted
            .iter()
            .flat_map(|container| container.volumes.iter().map(|mount| mount.volume.clone()))
            .collect();
        let names: Vec<NodeName> = wanted.into_iter().map(|container| container.name).collect();
        let mut containers = inventory.containers;
        if self.several.is_none() {
            lost_namespace::mark_detached(&self.lead.docker, &mut containers).await?;
        }
        let image = image::find(&self.lead.docker, &topology.image).await?;
        let mut node_images = BTreeMap::new();
        for reference in topology.own_images() {
            if let Some(image) = image::find(&self.lead.docker, reference).await? {
                node_images.insert(reference.to_owned(), image.id);
            }
        }
        let run: BTreeSet<&String> = containers.values().map(|container| &container.image_id).collect();
        let mut digests = BTreeMap::new();
        for id in run {
            let image = image::find(&self.lead.docker, id).await?;
            if let Some(digest) = image.and_then(|image| image.digest(&topology.image)) {
                digests.insert(id.clone(), digest);
            }
        }
        let mut kept_data = inventory.kept_data;
        // An existing deployment is judged by what it stores.
        if image.is_some() && containers.is_empty() && !inventory.unlabelled_data.is_empty() {
            let (volumes, name) = (&inventory.unlabelled_data, &topology.name);
            let found = kept_files::look(&self.lead.docker, &topology.image, volumes, name).await?;
            kept_data.extend(
                found.into_iter().map(|files| KeptData { files: Some(files), ..KeptData::default() }),
            );
        }
        Ok(Observation {
            image: image.map(|image| image.id),
            node_images,
            digests,
            network: inventory.network,
            engines: self.observe_engines(topology, &inventory.volumes_on, &inventory.networks_on).await?,
            lost_engines: self.lost(),
            leftovers,
            volumes: inventory.volumes.into_keys().collect(),
            kept_data,
            leased: on_engine.leased().contains(&topology.name),
            containers,
            foreign: on_engine.foreign(&topology.name, &names, &volumes),
            ..Observation::default()
        })
    }

    /// The containers of former nodes on engines that were replaced.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn former_nodes(
        &self,
        topology: &Topology,
    ) -> Result<Vec<(EngineName, NodeName)>, EngineError> {
        let leftovers = self.inventory().await?.deployment(&topology.name).take_leftovers(topology);
        let of_engine = |(engine, leftovers): (EngineName, Leftovers)| {
            leftovers.containers.into_iter().map(move |node| (engine.clone(), node))
        };
        Ok(leftovers.into_iter().flat_map(of_engine).collect())
    }

    /// The objects of each engine, if there are several.
    async fn observe_engines(
        &self,
        topology: &Topology,
        volumes_on: &BTreeMap<EngineName, BTreeSet<String>>,
        networks_on: &BTreeMap<EngineName, ObservedNetwork>,
    ) -> Result<BTreeMap<EngineName, ObservedEngine>, EngineError> {
        let members = self.several.iter().flat_map(|several| &several.members);
        let observe = |(name, member): (&EngineName, &Member)| {
            let (name, member) = (name.clone(), member.clone());
            async move {
                let volumes = volumes_on.get(&name).cloned().unwrap_or_default();
                let network = networks_on.get(&name).cloned();
                let mut images = BTreeMap::new();
                for reference in std::iter::once(topology.image.as_str()).chain(topology.own_images()) {
                    let found = image::find(&member.docker, reference).await?;
                    images.extend(found.map(|image| (reference.to_owned(), image.id)));
                }
                let engine = ObservedEngine { images, network, volumes, is_manager: member.is_manager };
                Ok::<_, EngineError>((name, engine))
            }
        };
        Ok(try_join_all(members.map(observe)).await?.into_iter().collect())
    }

    /// Removes a deployment by its inventory; data volumes only with `with_data`.
    ///
    /// # Errors
    /// [`EngineError::NetworkInUse`] if a container outside the deployment is in the network. In this case, nothing is
    /// removed. Otherwise the error of the first failed call, after all other calls were made.
    pub async fn remove(
        &self,
        name: &DeploymentName,
        inventory: &inventory::Inventory,
        with_data: bool,
    ) -> Result<crate::removed::Removed, EngineError> {
        remove::deployment(self, name, inventory, with_data).await
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
        let Some(several) = &self.several else {
            let text = description(&self.lead.docker, inventory.containers.keys()).await?;
            return text.map_or(Ok(None), |text| stored_format::read(&text).map_err(newer));
        };
        let on = |(engine, member): (&EngineName, &Member)| {
            let nodes = inventory.placed.iter().filter(|(at, ..)| at == engine);
            let nodes: Vec<NodeName> = nodes.map(|(_, node, _)| node.clone()).collect();
            let docker = member.docker.clone();
            async move { description(&docker, nodes.iter()).await }
        };
        let texts = try_join_all(several.members.iter().map(on)).await?;
        let read = texts.into_iter().flatten().map(|text| stored_format::read(&text).map_err(newer));
        let found: Vec<(Topology, Credentials)> =
            read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        // A replaced engine that comes back has an old description. `max_by_key` returns the last of several equal
        // items.
        Ok(found.into_iter().rev().max_by_key(|(topology, _)| topology.replacements))
    }
}

/// The text of the deployment's file, through the first of these containers of an engine that has it.
async fn description(
    docker: &Docker,
    containers: impl Iterator<Item = &NodeName>,
) -> Result<Option<String>, EngineError> {
    for node in containers {
        match files::read(docker, node, DEPLOYMENT_FILE).await {
            Ok(Some(text)) => return Ok(Some(text)),
            Ok(None) => {}
            // The engine may be removing the container for a killed `down`.
            Err(error) => {
                if !settled::is_removed(docker, node.as_str()).await? {
                    return Err(error);
                }
            }
        }
    }
    Ok(None)
}

impl Engine {
    /// Facts about the directives of the image with this id, from the deployment's volume.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn learned(&self, through: Option<&NodeName>, image: &str) -> Result<Learned, EngineError> {
        let text = match through {
            Some(node) => files::read(self.client_of(node)?, node, LEARNED_FILE).await?,
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
        let file = File::Content { path: LEARNED_FILE.to_owned(), text };
        files::write(self.client_of(through)?, through, &[file]).await
    }
}

impl Engine {
    /// A file of the deployment's volume; `None` if it does not exist.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn kept_file(&self, through: &NodeName, path: &str) -> Result<Option<Vec<u8>>, EngineError> {
        files::read_bytes(self.client_of(through)?, through, path).await
    }

    /// Writes files to the deployment's volume.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn keep_files(&self, through: &NodeName, files: &[File]) -> Result<(), EngineError> {
        files::write(self.client_of(through)?, through, files).await
    }
}

impl EngineCalls for Engine {
    async fn apply(
        &self,
        engine: Option<&EngineName>,
        node: Option<&NodeName>,
        action: &EngineAction,
        listener: &dyn Listener,
    ) -> Result<(), BoxedError> {
        let member = self.member(engine, node)?;
        if let (Some(_), EngineAction::RemoveNetwork(deployment)) = (&self.several, action) {
            return Ok(self.remove_networks_at(engine, deployment).await?);
        }
        apply::apply(&member.docker, &member.health_checks, node, action, listener).await?;
        let is_new = matches!(action, EngineAction::CreateContainer(_));
        if let (Some(several), Some(engine), Some(node), true) = (&self.several, engine, node, is_new) {
            several.remember(node, engine);
        }
        Ok(())
    }

    async fn write_files(&self, through: &NodeName, files: Vec<File>) -> Result<(), BoxedError> {
        Ok(files::write(self.client_of(through)?, through, &files).await?)
    }

    async fn log_tail(&self, node: &NodeName) -> Vec<String> {
        match self.client_of(node) {
            Ok(docker) => logs::tail(docker, node).await,
            Err(_) => Vec::new(),
        }
    }

    async fn unavailable(&self, node: &NodeName) -> Result<Option<Unavailable>, BoxedError> {
        Ok(unavailable::why(self.client_of(node)?, node).await?)
    }
}
