//! The target of a run on this engine: the wanted topology, resolved with facts about the engine, and the wanted
//! credentials.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use super::Error;
use super::certificates::certificates;
use super::engine::ConnectedEngine;
use super::image_cache;
use super::learn_directives::{Subject, learn};
use super::limits_trial::try_limits;
use super::loaded_spec::{ImageChoice, LoadedSpec};
use super::lost_resources::LostResources;
use super::module_trial::{Change, needed_modules};
use super::modules;
use super::observe::observe;
use super::own_container::own_container;
use super::passwords::passwords;
use super::port_probe::{ANOTHER_PROCESS, is_taken};
use super::reached_networks::reached_networks;
use crate::docker::inventory::Inventory;
use crate::docker::{host_image, image};
use crate::event::{Listener, Warning};
use crate::executor::causes;
use crate::observation::{NeededModules, Observation};
use crate::plan::Obstacle;
use crate::redis::Servers;
use crate::spec::Problem;
use crate::topology::container::ContainerSettings;
use crate::topology::defaults::announced_host;
use crate::topology::facts::{Existing, Facts};
use crate::topology::files::File;
use crate::topology::learned::Lowered;
use crate::topology::resolve::{deployment_name, resolve};
use crate::topology::rules::addresses::subnet_hides_others;
use crate::topology::rules::announce::host_is_unknown;
use crate::topology::{Credentials, Learned, NodeName, Topology};

/// The holder of a lost port or subnet, if the engine's lists do not name it.
const ANOTHER_DEPLOYMENT: &str = "another deployment";

/// The wanted state of a deployment, and its existing parts.
pub(crate) struct Target {
    /// Its topology.
    pub(crate) topology: Topology,
    /// Its passwords and certificates.
    pub(crate) credentials: Credentials,
    /// The topology and credentials of the last `up`, if the deployment exists.
    pub(crate) stored: Option<(Topology, Credentials)>,
    /// Facts about directives that its servers have told.
    pub(crate) learned: Learned,
    /// The same facts before this run.
    pub(crate) learned_before: Learned,
    /// Its existing parts on the engine.
    pub(crate) inventory: Inventory,
    /// Remarks about the spec on this machine.
    pub(super) remarks: Vec<Problem>,
    /// Whether this run made all existing parts.
    pub(super) begun: bool,
    /// The modules that are files of this machine.
    pub(super) module_files: Vec<File>,
    /// The data that the new servers cannot read, because they lack modules.
    pub(super) needed_modules: Option<NeededModules>,
    /// Warnings about modules.
    pub(super) warnings: Vec<Warning>,
}

/// Makes or pulls the image of a spec, if the engine does not have it. Returns the reference to run. The image tells
/// the server's version, on which the rules for a spec depend.
pub(super) async fn provide_image(
    spec: &LoadedSpec,
    engine: &ConnectedEngine,
    listener: &dyn Listener,
) -> Result<String, Error> {
    let docker = engine.api.client();
    let reference = match spec.image_choice() {
        ImageChoice::Reference(reference) => reference,
        ImageChoice::Host => host_image::ensure(docker).await?.reference,
    };
    let wanted = spec.topology.platform.as_ref();
    let found = match image::find(docker, &reference).await? {
        None => {
            engine.api.pull(&reference, wanted, listener).await?;
            return Ok(reference);
        }
        Some(found) if found.fits(wanted) => return Ok(reference),
        Some(found) => found,
    };
    // The engine keeps one image of a name, which may be for another platform.
    let cause = match spec.image_choice() {
        ImageChoice::Host => None,
        ImageChoice::Reference(_) => engine.api.pull(&reference, wanted, listener).await.err(),
    };
    let found = image::find(docker, &reference).await?.unwrap_or(found);
    if found.fits(wanted) {
        return Ok(reference);
    }
    let platform = found.platform.map_or_else(|| "another".to_owned(), |platform| platform.to_string());
    let chain =
        |cause| std::iter::once(format!("{cause}")).chain(causes(&cause)).collect::<Vec<_>>().join(": ");
    let cause = cause.map_or_else(String::new, |cause| format!("; {}", chain(cause)));
    let message = format!("the image `{reference}` on the engine is for the platform {platform}{cause}");
    let problem = Problem::new(&["platform"], message);
    let problem = problem.hint("name an image for this platform, or leave `platform` out");
    Err(spec.document.locate(vec![problem]).into())
}

/// The reference to run. No image is made.
pub(super) async fn image_reference(spec: &LoadedSpec) -> Result<String, Error> {
    match spec.image_choice() {
        ImageChoice::Reference(reference) => Ok(reference),
        ImageChoice::Host => Ok(host_image::reference().await?),
    }
}

impl Target {
    /// Resolves a spec on this engine. `image` is the reference to run. `lost` are taken subnets and ports that the
    /// engine's lists do not show.
    pub(super) async fn resolve(
        spec: &LoadedSpec,
        engine: &ConnectedEngine,
        image: String,
        lost: &LostResources,
    ) -> Result<Self, Error> {
        let offline = Facts::offline(&spec.default_name);
        let name = deployment_name(&spec.document.spec, &offline)
            .map_err(|problem| spec.document.locate(vec![problem]))?;
        let docker = engine.api.client();
        let on_engine = engine.api.inventory().await?;
        // `up` would pull the image for the platform.
        let present = image::find(docker, &image).await?;
        let present = present.filter(|present| present.fits(spec.topology.platform.as_ref()));
        let contents = match &present {
            Some(present) => Some(modules::checked_contents(spec, engine, &image, present, &name).await?),
            None => None,
        };
        let unknown =
            contents.as_ref().and_then(|contents| modules::unknown(&spec.document.spec, &image, contents));
        let server = contents.as_ref().map(|contents| contents.server);
        let inventory = on_engine.deployment(&name);
        let subnet = inventory.network.as_ref().and_then(|network| network.subnet);
        // If the deployment has the subnet by now, another run of the same deployment took it.
        let refused = lost.subnets.iter().filter(|lost| Some(**lost) != subnet);
        let refused = refused.map(|subnet| (ANOTHER_DEPLOYMENT.to_owned(), vec![*subnet]));
        let mut busy_ports = on_engine.busy_ports(&name);
        busy_ports.extend(lost.ports.iter().map(|port| (*port, ANOTHER_DEPLOYMENT.to_owned())));
        let stored = engine.api.stored(&name, &on_engine).await?;
        let endpoint_host = engine.location.endpoint_host();
        let host_ips = ips_of_hosts(spec, &endpoint_host).await?;
        let mut facts = Facts {
            host_ips,
            endpoint_host,
            image: Some(image),
            server,
            environment: contents.as_ref().map(|contents| contents.environment.clone()).unwrap_or_default(),
            modules: contents.as_ref().and_then(|contents| contents.modules.clone().ok()).unwrap_or_default(),
            module_files: spec.module_files.paths(),
            networks: on_engine.other_networks(&name).into_iter().chain(refused).collect(),
            reached: reached_networks(&engine.location, &on_engine),
            own_container: own_container(&on_engine),
            busy_ports,
            existing: Existing {
                subnet,
                stored: stored.as_ref().map(|(topology, _)| Box::new(topology.clone())),
                containers: made_from(&inventory),
            },
            ..offline
        };
        let topology = if engine.location.is_local() {
            resolve_with_free_ports(spec, &mut facts, &inventory.ports)?
        } else {
            resolve_without_ports(spec, &facts)?
        };
        let stored_topology = stored.as_ref().map(|(topology, _)| topology);
        if present.is_some() {
            try_limits(spec, &topology, stored_topology, engine).await?;
        }
        let stored_credentials = stored.as_ref().map(|(_, credentials)| credentials);
        let certificates = certificates(spec, &topology, stored_credentials)?;
        let passwords = passwords(&spec.document.spec, &topology, &spec.folder, stored_credentials)?;
        let credentials = Credentials { certificates, ..passwords };
        let module_files = spec.module_files.files();
        let subject = Subject {
            has_tls: contents.as_ref().is_some_and(|contents| contents.has_tls),
            module_files: &module_files,
            spec: &spec.document.spec,
            topology: &topology,
            credentials: &credentials,
            stored: stored_topology,
        };
        let through = inventory.containers.keys().next().filter(|_| stored_topology.is_some());
        let (learned_before, learned) = match present.zip(contents) {
            Some((present, contents)) => {
                let known = engine.api.learned(through, &present.id).await?;
                let lesson = Box::pin(learn(&subject, engine, known.clone())).await?;
                let lesson = lesson.map_err(|found| spec.document.locate(found))?;
                image_cache::store_tls(&present, contents, lesson.answered && topology.tls.is_some());
                (known, lesson.learned)
            }
            // An image that is not on the engine cannot be asked.
            None => Default::default(),
        };
        let remarks = subnet_hides_others(&spec.document.spec, &facts).into_iter().collect();
        let change = Change {
            topology: &topology,
            module_files: &module_files,
            stored: stored.as_ref(),
            inventory: &inventory,
        };
        let needed_modules = Box::pin(needed_modules(&change, engine)).await?;
        Ok(Self {
            topology,
            credentials,
            stored,
            learned,
            learned_before,
            inventory,
            remarks,
            begun: false,
            module_files,
            needed_modules,
            warnings: unknown.into_iter().collect(),
        })
    }

    /// The credentials of the last `up`.
    pub(super) fn stored_credentials(&self) -> Option<&Credentials> {
        self.stored.as_ref().map(|(_, credentials)| credentials)
    }

    /// The servers of the deployment. They may still have the stored credentials.
    pub(super) fn servers(&self) -> Servers<'_> {
        Servers::new(&self.topology, &self.credentials).brought_from(self.stored_credentials())
    }

    /// Observes the deployment. With `written`, a plan of this run has written its file, so the stored topology is
    /// this target's.
    pub(super) async fn observe(
        &self,
        engine: &ConnectedEngine,
        servers: &Servers<'_>,
        written: bool,
    ) -> Result<Observation, Error> {
        let stored = self.stored.as_ref().map(|(topology, credentials)| (topology, credentials));
        let stored = if written { Some((&self.topology, &self.credentials)) } else { stored };
        let observed =
            observe(&self.topology, &self.credentials, stored, &self.learned, engine, servers).await?;
        Ok(Observation { begun: self.begun, needed_modules: self.needed_modules.clone(), ..observed })
    }

    /// Stores facts about directives with the deployment. The servers of a new deployment report their defaults
    /// themselves.
    pub(super) async fn keep_learned(
        &self,
        engine: &ConnectedEngine,
        observed: &Observation,
    ) -> Result<(), Error> {
        let mut learned = self.learned.clone();
        if self.stored.is_none() && learned.is_without_defaults() {
            let servers = self.topology.servers().into_iter();
            let found = servers.filter_map(|node| Some((node, &observed.view(&node.name)?.settings)));
            learned.learn_defaults(found);
        }
        let through: Option<&NodeName> = observed.containers.keys().next();
        if let Some(through) = through.filter(|_| learned != self.learned_before) {
            engine.api.keep_learned(through, &learned).await?;
        }
        Ok(())
    }

    /// The values of the spec that the server lowers, if no earlier run has reported them.
    pub(super) fn lowered(&self) -> Vec<Problem> {
        let lowered = self.learned.lowered_since(&self.learned_before).into_iter();
        let text = |Lowered { directive, written, in_force }: Lowered| {
            let message = format!("{} makes {in_force} of `{directive}: {written}`", self.topology.server);
            Problem::new(&["config", &directive], message)
        };
        lowered.map(text).collect()
    }

    /// The error for a plan's obstacles.
    pub(super) fn obstacles(&self, obstacles: Vec<Obstacle>) -> Error {
        Error::Obstacles { deployment: self.topology.name.to_string(), obstacles }
    }
}

/// The IPs of the hosts that clients may dial. A host that the spec announces must have an IP.
async fn ips_of_hosts(spec: &LoadedSpec, endpoint_host: &str) -> Result<BTreeMap<String, Ipv4Addr>, Error> {
    let announced = announced_host(&spec.document.spec);
    let host = announced.unwrap_or(endpoint_host);
    match (ip_of(host).await, announced) {
        (Some(ip), _) => Ok([(host.to_owned(), ip)].into()),
        (None, None) => Ok(BTreeMap::new()),
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

/// Resolves without a look at the ports of the engine's machine. Only the engine can find out which of them are free.
fn resolve_without_ports(spec: &LoadedSpec, facts: &Facts) -> Result<Topology, Error> {
    Ok(resolve(&spec.document.spec, facts).map_err(|problems| spec.document.locate(problems))?)
}

/// Resolves again while a chosen port is taken on this machine. A taken port of the spec is a problem. With `auto`,
/// the next ports are tried.
fn resolve_with_free_ports(
    spec: &LoadedSpec,
    facts: &mut Facts,
    own: &BTreeSet<u16>,
) -> Result<Topology, Error> {
    let document = &spec.document;
    loop {
        let topology = resolve(&document.spec, facts).map_err(|problems| document.locate(problems))?;
        let before = facts.busy_ports.len();
        for node in topology.nodes() {
            let port = node.endpoint.port;
            if !own.contains(&port) && is_taken(topology.bind, port) {
                facts.busy_ports.insert(port, ANOTHER_PROCESS.to_owned());
            }
        }
        // Each round finds at least one more port, or ends.
        if facts.busy_ports.len() == before {
            return Ok(topology);
        }
        if !spec.leaves_ports_open() {
            return resolve(&document.spec, facts).map_err(|problems| document.locate(problems).into());
        }
    }
}
