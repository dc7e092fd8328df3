//! The facts about an engine that a spec is resolved with.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::Error;
use super::answers::answers;
use super::engine::ConnectedEngine;
use super::loaded_spec::LoadedSpec;
use super::lost_resources::LostResources;
use super::modules;
use super::own_container::own_container;
use super::port_probe::taken_ports;
use super::provided_image::reference_of;
use super::reached_networks::reached_networks;
use crate::arrangement::Arrangement;
use crate::docker::image::{self, Image};
use crate::docker::image_contents::ImageContents;
use crate::docker::inventory::Inventory;
use crate::event::Warning;
use crate::redis::Servers;
use crate::topology::container::ContainerSettings;
use crate::topology::defaults::announced_host;
use crate::topology::facts::{Existing, Facts, ImageFacts};
use crate::topology::replaced::{Refusal, Situation};
use crate::topology::resolve::{deployment_name, resolve};
use crate::topology::rules::announce::host_is_unknown;
use crate::topology::{
    Credentials, DeploymentName, EngineName, Kind, NodeName, Replacement, SlotSet, Topology,
};

/// The time limit for a server's answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The holder of a lost port or subnet, if the engine's lists do not name it.
const ANOTHER_DEPLOYMENT: &str = "another deployment";

/// Facts about the engine and about the deployment on it.
pub(super) struct EngineFacts {
    /// The facts that the rules for a spec read.
    pub(super) facts: Facts,
    /// The image and its contents, if the engine has it.
    pub(super) present: Option<(Image, ImageContents)>,
    /// The existing parts of the deployment.
    pub(super) inventory: Inventory,
    /// The topology and credentials of the last `up`, if the deployment exists.
    pub(super) stored: Option<(Topology, Credentials)>,
    /// Warnings about modules.
    pub(super) warnings: Vec<Warning>,
}

impl EngineFacts {
    /// Gathers the facts for a spec. `image` is the reference to run. `lost` are taken subnets and ports that the
    /// engine's lists do not show.
    pub(super) async fn gather(
        spec: &LoadedSpec,
        engine: &ConnectedEngine,
        image: String,
        lost: &LostResources,
    ) -> Result<Self, Error> {
        let offline = Facts::offline(&spec.default_name);
        let name = deployment_name(&spec.document.spec, &offline)
            .map_err(|problem| spec.document.locate(vec![problem]))?;
        let on_engine = engine.api.inventory().await?;
        // `up` would pull the image for the platform.
        let present = image::find(engine.api.client(), &image).await?;
        let present = match present.filter(|present| present.fits(spec.topology.platform.as_ref())) {
            Some(present) => {
                let contents = modules::checked_contents(spec, engine, &image, &present, &name).await?;
                Some((present, contents))
            }
            None => None,
        };
        let node_images = node_images(spec, engine, &name).await?;
        let contents = present.as_ref().map(|(_, contents)| contents);
        let unknown = contents.and_then(|contents| modules::unknown(&spec.document.spec, &image, contents));
        let inventory = on_engine.deployment(&name);
        let subnet = inventory.network.as_ref().and_then(|network| network.subnet);
        // If the deployment has the subnet by now, another run of the same deployment took it.
        let refused = lost.subnets.iter().filter(|lost| Some(**lost) != subnet);
        let refused = refused.map(|subnet| (ANOTHER_DEPLOYMENT.to_owned(), vec![*subnet]));
        let mut busy_ports = on_engine.busy_ports(&name);
        busy_ports.extend(lost.ports.iter().map(|port| (*port, ANOTHER_DEPLOYMENT.to_owned())));
        let stored = engine.api.stored(&name, &on_engine).await?;
        let lists_shards = spec.document.spec.shards.as_ref().is_some_and(|shards| shards.list().is_some());
        if spec.adopts_slots && lists_shards {
            return Err(Error::Invalid {
                message: "`--adopt-slots` does not fit a list of `shards`, which decides the slots"
                    .to_owned(),
                hint: "give the number of `shards`, or list the present slots: `redisctl status` shows them"
                    .to_owned(),
            });
        }
        let adopted = match stored.as_ref().filter(|_| spec.adopts_slots) {
            Some((topology, credentials)) => adopted(topology, credentials).await?,
            None => None,
        };
        let replacement = match &spec.replacement {
            Some(wish) => judged(wish, spec, engine, stored.as_ref()).await?,
            None => None,
        };
        let endpoint_host = engine.location.endpoint_host();
        let facts = Facts {
            engine_hosts: hosts_of(engine, stored.as_ref().map(|(topology, _)| topology)),
            engine_labels: labels_of(engine),
            host_ips: ips_of_hosts(
                spec,
                &endpoint_host,
                engine,
                stored.as_ref().map(|(topology, _)| topology),
            )
            .await?,
            endpoint_host,
            image: Some(image),
            server: contents.map(|contents| contents.server),
            environment: contents.map(|contents| contents.environment.clone()).unwrap_or_default(),
            modules: contents.and_then(|contents| contents.modules.clone().ok()).unwrap_or_default(),
            node_images,
            module_files: spec.module_files.paths(),
            networks: on_engine.other_networks(&name).into_iter().chain(refused).collect(),
            reached: reached_networks(&engine.location, &on_engine),
            own_container: own_container(&on_engine),
            busy_ports,
            existing: Existing {
                subnet,
                stored: stored.as_ref().map(|(topology, _)| Box::new(topology.clone())),
                adopted,
                replacement,
                containers: made_from(&inventory),
            },
            ..offline
        };
        Ok(Self { facts, present, inventory, stored, warnings: unknown.into_iter().collect() })
    }

    /// Resolves a spec with these facts. Ports that processes of the engines' machines hold become facts: a taken port
    /// of the spec is a problem. With `auto`, the next ports are tried.
    pub(super) async fn resolve(
        &mut self,
        spec: &LoadedSpec,
        engine: &ConnectedEngine,
    ) -> Result<Topology, Error> {
        let document = &spec.document;
        loop {
            let topology =
                resolve(&document.spec, &self.facts).map_err(|problems| document.locate(problems))?;
            let before = self.facts.busy_ports.len();
            self.facts.busy_ports.extend(taken_ports(&topology, engine, &self.inventory.ports).await);
            // Each round finds at least one more port, or ends.
            if self.facts.busy_ports.len() == before {
                return Ok(topology);
            }
            if !spec.leaves_ports_open() {
                let resolved = resolve(&document.spec, &self.facts);
                return resolved.map_err(|problems| document.locate(problems).into());
            }
        }
    }
}

/// The hosts of several engines, by name. An engine out of reach has the host of the last `up`.
fn hosts_of(engine: &ConnectedEngine, stored: Option<&Topology>) -> BTreeMap<String, String> {
    let stored = stored.into_iter().flat_map(|stored| &stored.engines);
    let before = stored.map(|(name, site)| (name.to_string(), site.host.clone()));
    let members = engine.members.iter();
    let now = members.map(|(name, member)| (name.to_string(), member.location.endpoint_host()));
    before.chain(now).collect()
}

/// The replacement of a lost engine, if its nodes move now; `None`: an earlier run has moved them.
async fn judged(
    wish: &Replacement,
    spec: &LoadedSpec,
    engine: &ConnectedEngine,
    stored: Option<&(Topology, Credentials)>,
) -> Result<Option<Replacement>, Error> {
    let alive = match stored {
        Some((topology, credentials)) => {
            let servers = Servers::new(topology, credentials);
            let nodes = topology.nodes_on(&wish.lost).into_iter().map(|node| &node.name);
            let answers = answers(nodes, &servers, PATIENCE).await;
            answers.into_iter().filter(|(_, answer)| answer.view().is_some()).map(|(node, _)| node).collect()
        }
        None => Vec::new(),
    };
    let engines: Vec<EngineName> = spec.topology.engines.keys().cloned().collect();
    let situation = Situation {
        stored: stored.map(|(topology, _)| topology),
        engines: &engines,
        answering: &engine.members.keys().cloned().collect(),
        // Without an overlay, no manager is needed.
        has_manager: spec.topology.has_host_ports() || engine.api.has_manager(),
        alive: &alive,
    };
    match wish.judge(&situation) {
        Ok(moves) => Ok(moves.then(|| wish.clone())),
        Err(Refusal { message, hint }) => Err(Error::Invalid { message, hint }),
    }
}

/// The labels of several engines, by name.
fn labels_of(engine: &ConnectedEngine) -> BTreeMap<String, BTreeMap<String, String>> {
    let members = engine.members.iter();
    members.map(|(name, member)| (name.to_string(), member.labels.as_ref().clone())).collect()
}

/// The present slots of each shard; `None`: the deployment is no cluster.
async fn adopted(topology: &Topology, credentials: &Credentials) -> Result<Option<Vec<SlotSet>>, Error> {
    if topology.kind != Kind::Cluster || !topology.formed {
        return Ok(None);
    }
    let servers = Servers::new(topology, credentials);
    let nodes = topology.servers().into_iter().map(|node| &node.name);
    let answers = answers(nodes, &servers, PATIENCE).await;
    let division = Arrangement::from_answers(topology, &answers).division(topology);
    match division.iter().position(SlotSet::is_empty) {
        None => Ok(Some(division)),
        Some(shard) => Err(Error::Invalid {
            message: format!(
                "`--adopt-slots`: shard {} of `{}` has no slots any more",
                shard + 1,
                topology.name
            ),
            hint: "a shard needs slots: leave the option out, and `up` gives the shard its slots back"
                .to_owned(),
        }),
    }
}

/// The images of single nodes, as far as the engine has them.
async fn node_images(
    spec: &LoadedSpec,
    engine: &ConnectedEngine,
    name: &DeploymentName,
) -> Result<BTreeMap<String, ImageFacts>, Error> {
    let mut images = BTreeMap::new();
    for written in spec.node_images() {
        let reference = reference_of(&written).await?;
        let found = image::find(engine.api.client(), &reference).await?;
        let found = found.filter(|found| found.fits(spec.topology.platform.as_ref()));
        let contents = match &found {
            Some(found) => Some(modules::checked_contents(spec, engine, &reference, found, name).await?),
            None => None,
        };
        let facts = ImageFacts {
            reference,
            server: contents.as_ref().map(|contents| contents.server),
            environment: contents.as_ref().map(|contents| contents.environment.clone()).unwrap_or_default(),
            modules: contents.and_then(|contents| contents.modules.ok()).unwrap_or_default(),
        };
        images.insert(written, facts);
    }
    Ok(images)
}

/// The IPs of the hosts that clients may dial. A host that the spec announces must have an IP.
async fn ips_of_hosts(
    spec: &LoadedSpec,
    endpoint_host: &str,
    engine: &ConnectedEngine,
    stored: Option<&Topology>,
) -> Result<BTreeMap<String, Ipv4Addr>, Error> {
    let written =
        spec.document.spec.engines.iter().flatten().filter_map(|(_, engine)| engine.address.clone());
    // The names of lost machines may have no addresses any more.
    let before = stored.filter(|stored| stored.has_host_ports()).map(Topology::nodes).into_iter().flatten();
    let mut ips: BTreeMap<String, Ipv4Addr> =
        before.map(|node| (node.endpoint.host.clone(), node.address.ip)).collect();
    for host in hosts_of(engine, stored).into_values().chain(written) {
        if let Some(ip) = ip_of(&host).await {
            ips.insert(host, ip);
        }
    }
    let announced = announced_host(&spec.document.spec);
    let host = announced.unwrap_or(endpoint_host);
    match (ip_of(host).await, announced) {
        (Some(ip), _) => {
            ips.insert(host.to_owned(), ip);
            Ok(ips)
        }
        (None, None) => Ok(ips),
        (None, Some(host)) => Err(spec.document.locate(vec![host_is_unknown(host)]).into()),
    }
}

/// The IPv4 address to which a host name resolves on this machine.
async fn ip_of(host: &str) -> Option<Ipv4Addr> {
    // The call requires a port, which does not matter.
    let addresses = tokio::net::lookup_host((host, 0)).await.ok()?;
    addresses.map(|address| address.ip()).find_map(|ip| match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    })
}

/// The settings from which the containers were made.
fn made_from(inventory: &Inventory) -> BTreeMap<NodeName, ContainerSettings> {
    let made_from = inventory.containers.iter();
    made_from.filter_map(|(node, container)| Some((node.clone(), container.settings.clone()?))).collect()
}
