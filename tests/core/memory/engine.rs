//! The engine: an image, a network, volumes and containers. It is stricter than the real engine: it refuses calls
//! that a good plan never repeats.

use std::collections::{BTreeMap, BTreeSet};

use redisctl::event::Listener;
use redisctl::executor::{BoxedError, EngineCalls};
use redisctl::observation::{ContainerState, Foreign};
use redisctl::plan::{EngineAction, NetworkSettings};
use redisctl::spec::SecretText;
use redisctl::topology::container::{ContainerSettings, Namespace, data_volume};
use redisctl::topology::files::{DEPLOYMENT_FILE, File};
use redisctl::topology::kept_data::KeptData;
use redisctl::topology::stored_format;
use redisctl::topology::{Address, Credentials, EngineName, NodeName, Server, Settings, Topology};
use redisctl::waiting::Unavailable;

use super::access::Accounts;
use super::process::{Data, Link, Process};
use super::sentinel::Sentinel;
use super::{State, World};

/// The id of the first image.
pub(crate) const FIRST_IMAGE: &str = "sha256:1";

/// The objects on the engine.
#[derive(Debug, Default)]
pub(crate) struct EngineState {
    /// The id of the image with the topology's image name, and its server if the name does not tell it.
    pub(crate) image: Option<(String, Option<Server>)>,
    pub(crate) network: Option<NetworkSettings>,
    pub(crate) volumes: BTreeMap<String, Volume>,
    pub(crate) containers: BTreeMap<NodeName, Container>,
    pub(crate) foreign: Vec<Foreign>,
    /// Running containers in the network that redisctl did not make.
    pub(crate) guests: Vec<String>,
    /// The number of containers that were ever made.
    pub(crate) made: u64,
}

/// A named volume.
#[derive(Debug, Default)]
pub(crate) struct Volume {
    pub(crate) deployment: Option<(Topology, Credentials)>,
    accounts: BTreeMap<NodeName, Accounts>,
    configurations: BTreeMap<NodeName, Settings>,
    /// The configuration files of sentinels.
    sentinels: BTreeMap<NodeName, Sentinel>,
    /// The label with the kind, shards and server of its data.
    pub(super) keeps: Option<KeptData>,
    /// Folders that belong to the servers' user.
    folders: BTreeSet<NodeName>,
    pub(super) data: BTreeMap<NodeName, Data>,
}

/// A container.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) settings: ContainerSettings,
    pub(crate) state: ContainerState,
    pub(crate) attached: bool,
    pub(crate) process: Option<Process>,
    /// The id of its image.
    pub(crate) image: String,
    server: Server,
    /// Distinguishes containers of the same name.
    id: String,
    /// The id of the container whose network namespace it shares.
    joins: Option<String>,
}

impl EngineState {
    /// Whether a container runs, and is connected to the network, itself or through the owner of its namespace.
    pub(crate) fn is_connected(&self, node: &NodeName) -> bool {
        let Some(container) = self.containers.get(node).filter(|container| container.is_reachable()) else {
            return false;
        };
        let anchor = container.anchor().map(|anchor| self.containers.get(anchor));
        let has_namespace = anchor.is_none_or(|anchor| anchor.is_some_and(Container::is_reachable));
        has_namespace && self.network.is_some()
    }
}

impl Container {
    pub(crate) fn is_reachable(&self) -> bool {
        self.state == ContainerState::Running && self.attached
    }

    /// The container that owns its network namespace.
    pub(crate) fn anchor(&self) -> Option<&NodeName> {
        match &self.settings.network {
            Namespace::Of { anchor, .. } => Some(anchor),
            Namespace::Own { .. } | Namespace::AtEngine { .. } => None,
        }
    }

    /// The address of its server; `None` for the owner of a namespace.
    fn address(&self) -> Option<Address> {
        match &self.settings.network {
            Namespace::Own { ip, ports, .. } => match ports.as_slice() {
                [port] => Some(Address { ip: *ip, port: *port }),
                _ => None,
            },
            Namespace::AtEngine { at, port, .. } => Some(Address { ip: *at, port: *port }),
            Namespace::Of { port, .. } => Some(Address { ip: [127, 0, 0, 1].into(), port: *port }),
        }
    }

    fn volume(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.settings.volumes.iter().map(|mount| mount.volume.clone()).find(|name| wanted(name))
    }

    fn shared_volume(&self) -> Option<String> {
        self.volume(|name| name.ends_with("-nodes"))
    }

    /// The volume of the node's data: its own, or the shared volume.
    fn data_volume(&self) -> Option<String> {
        let own = data_volume(&self.settings.name);
        self.volume(|name| name == own).or_else(|| self.shared_volume())
    }
}

impl State {
    fn apply_to_engine(&mut self, node: Option<&NodeName>, action: &EngineAction) -> Result<(), String> {
        let named = node.ok_or_else(|| "no node is named".to_owned());
        match action {
            EngineAction::PullImage { .. } => self.engine.image = Some((FIRST_IMAGE.to_owned(), None)),
            EngineAction::CreateNetwork(network) => {
                refuse(self.engine.network.is_some(), "the network exists")?;
                self.engine.network = Some(network.clone());
            }
            EngineAction::RemoveNetwork(_) => {
                refuse(self.engine.network.is_none(), "there is no such network")?;
                refuse(
                    self.engine.containers.values().any(|container| container.attached),
                    "the network has active endpoints",
                )?;
                self.engine.network = None;
            }
            EngineAction::CreateVolume(volume) => {
                refuse(self.engine.volumes.contains_key(&volume.name), "the volume exists")?;
                let made = Volume { keeps: volume.keeps.clone(), ..Volume::default() };
                self.engine.volumes.insert(volume.name.clone(), made);
            }
            EngineAction::RemoveVolume { name } => {
                let mounts =
                    |container: &Container| container.volume(|volume| volume == name.as_str()).is_some();
                refuse(self.engine.containers.values().any(mounts), "the volume is in use")?;
                refuse(self.engine.volumes.remove(name).is_none(), "there is no such volume")?;
            }
            EngineAction::CreateContainer(settings) => self.create_container(settings)?,
            EngineAction::WriteFiles { .. } | EngineAction::PrepareDataFolder => {
                return Err("files are written by another call".to_owned());
            }
            EngineAction::StartContainer => self.start_container(named?)?,
            EngineAction::StopContainer | EngineAction::KillContainer => self.stop_container(named?)?,
            EngineAction::PauseContainer => {
                let container = self.container(named?)?;
                refuse(container.state != ContainerState::Running, "the container does not run")?;
                container.state = ContainerState::Paused;
            }
            EngineAction::UnpauseContainer => {
                let container = self.container(named?)?;
                refuse(container.state != ContainerState::Paused, "the container is not paused")?;
                container.state = ContainerState::Running;
            }
            EngineAction::AttachContainer { ip, .. } => {
                refuse(self.engine.network.is_none(), "there is no such network")?;
                let container = self.container(named?)?;
                refuse(container.attached, "the container is attached")?;
                let own = matches!(&container.settings.network, Namespace::Own { ip: own, .. } if Some(*own) == *ip);
                refuse(!own, "this is another container's address")?;
                container.attached = true;
            }
            EngineAction::RemoveContainer => self.remove_container(named?)?,
        }
        Ok(())
    }

    /// The stored file in the shared volume.
    pub(crate) fn stored(&self) -> Option<&(Topology, Credentials)> {
        self.engine.volumes.values().find_map(|volume| volume.deployment.as_ref())
    }

    pub(crate) fn container(&mut self, node: &NodeName) -> Result<&mut Container, String> {
        self.engine.containers.get_mut(node).ok_or_else(|| format!("no such container: {node}"))
    }

    fn create_container(&mut self, settings: &ContainerSettings) -> Result<(), String> {
        let engine = &mut self.engine;
        let (image, server) = engine.image.clone().ok_or("no such image")?;
        refuse(engine.network.is_none(), "there is no such network")?;
        let foreign = engine.foreign.iter().any(|foreign| foreign.name == settings.name.as_str());
        refuse(foreign || engine.containers.contains_key(&settings.name), "the name is in use")?;
        let missing = settings.volumes.iter().find(|mount| !engine.volumes.contains_key(&mount.volume));
        refuse(missing.is_some(), "a volume is missing")?;
        let subnet = engine.network.as_ref().map(|network| network.subnet);
        let joins = match &settings.network {
            Namespace::Own { ip, .. } => {
                let inside = subnet.is_some_and(|subnet| subnet.contains(ip));
                refuse(!inside, "the address is not in the network's subnet")?;
                None
            }
            Namespace::AtEngine { .. } => None,
            Namespace::Of { anchor, .. } => {
                let anchor =
                    engine.containers.get(anchor).ok_or("there is nobody to share a network with")?;
                Some(anchor.id.clone())
            }
        };
        engine.made += 1;
        let container = Container {
            id: engine.made.to_string(),
            joins,
            image,
            server: server.unwrap_or_else(|| Server::assumed(&settings.image)),
            settings: settings.clone(),
            state: ContainerState::Created,
            attached: true,
            process: None,
        };
        engine.containers.insert(settings.name.clone(), container);
        Ok(())
    }

    fn start_container(&mut self, node: &NodeName) -> Result<(), String> {
        let id = self.new_id();
        let network = self.engine.network.is_some();
        let container = self.container(node)?;
        let running = matches!(container.state, ContainerState::Running | ContainerState::Paused);
        refuse(running, "the container runs already")?;
        refuse(!container.attached || !network, "the container has no network")?;
        let (address, shared, own) =
            (container.address(), container.shared_volume(), container.data_volume());
        if let (Some(anchor), joins) = (container.anchor().cloned(), container.joins.clone()) {
            let anchor = self.container(&anchor)?;
            refuse(
                joins.as_ref() != Some(&anchor.id),
                "cannot join the network of a container that is gone",
            )?;
            refuse(!anchor.is_reachable(), "cannot join the network of a container that does not run")?;
        }
        let volume = |name: &Option<String>| self.engine.volumes.get(name.as_ref()?);
        let configuration = volume(&shared).and_then(|volume| volume.configurations.get(node)).cloned();
        let configuration = configuration.ok_or("the server found no configuration file")?;
        let Some(address) = address else {
            self.container(node)?.state = ContainerState::Running;
            return Ok(());
        };
        let sentinel = volume(&shared).and_then(|volume| volume.sentinels.get(node)).cloned();
        let accounts = volume(&shared).and_then(|volume| volume.accounts.get(node)).cloned();
        let accounts =
            accounts.filter(|_| configuration.get("aclfile").is_some()).unwrap_or_else(Accounts::open);
        let owned = volume(&own).is_some_and(|volume| volume.folders.contains(node));
        refuse(!owned, "the server cannot write its data folder")?;
        let volume = own.and_then(|name| self.engine.volumes.get_mut(&name)).expect("it was just found");
        let data = volume.data.remove(node).unwrap_or_default();
        let container = self.container(node)?;
        let server = container.server;
        let process = Process::start(server, &configuration, accounts, address, data, id);
        container.process = Some(Process { sentinel, ..process });
        container.state = ContainerState::Running;
        Ok(())
    }

    /// Ends the process of a container. Its data stays in its volume.
    pub(crate) fn stop_container(&mut self, node: &NodeName) -> Result<(), String> {
        let container = self.container(node)?;
        container.state = ContainerState::Exited;
        // A container in a shared namespace finds the network again at its start.
        container.attached |= container.anchor().is_some();
        let shared = container.shared_volume();
        if let (Some(process), Some(volume)) = (container.process.take(), container.data_volume()) {
            if let (Some(sentinel), Some(shared)) = (&process.sentinel, shared) {
                let volume = self.engine.volumes.get_mut(&shared).ok_or("the volume is gone")?;
                volume.sentinels.insert(node.clone(), sentinel.clone());
            }
            let volume = self.engine.volumes.get_mut(&volume).ok_or("the volume is gone")?;
            let address = process.address;
            volume.data.insert(node.clone(), process.end());
            let others =
                self.engine.containers.values_mut().filter_map(|container| container.process.as_mut());
            // The connections end with the process.
            others.filter(|other| other.link.0 == Some(address)).for_each(|other| other.link.1 = Link::Down);
        }
        for other in self.engine.containers.values_mut() {
            other.attached &= other.process.is_none() || other.anchor() != Some(node);
        }
        Ok(())
    }

    pub(crate) fn remove_container(&mut self, node: &NodeName) -> Result<(), String> {
        self.stop_container(node)?;
        self.engine.containers.remove(node);
        Ok(())
    }

    fn put_files(&mut self, through: &NodeName, files: Vec<File>) -> Result<(), String> {
        let container = self.container(through)?;
        let shared = container.shared_volume().ok_or("the shared volume is not mounted")?;
        let own = container.data_volume().filter(|name| *name != shared);
        for file in files {
            match file {
                File::Folder { path } => {
                    let Some((node, _)) = path.split_once("/data") else { continue };
                    // Through a container with a data volume, only the folder of its own node can be reached.
                    let volume = own.as_ref().filter(|_| node == through.as_str()).unwrap_or(&shared);
                    let volume = self.engine.volumes.get_mut(volume).ok_or("the volume is gone")?;
                    volume.folders.insert(NodeName::from_label(node));
                }
                File::Data { .. } | File::Program { .. } => {}
                File::Content { path, text } => {
                    let volume = self.engine.volumes.get_mut(&shared).ok_or("the volume is gone")?;
                    if path == DEPLOYMENT_FILE {
                        volume.deployment =
                            stored_format::read(text.expose()).map_err(|error| error.to_string())?;
                    } else if let Some(name) = path.strip_suffix("/users.acl") {
                        volume.accounts.insert(NodeName::from_label(name), Accounts::of_file(text.expose()));
                    } else if let Some(name) = path.strip_suffix("/server.conf") {
                        let name = NodeName::from_label(name);
                        match Sentinel::read(text.expose()) {
                            Some(sentinel) => volume.sentinels.insert(name.clone(), sentinel),
                            None => volume.sentinels.remove(&name),
                        };
                        volume.configurations.insert(name, directives(&text));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Reads a configuration file back.
fn directives(text: &SecretText) -> Settings {
    let lines = text.expose().lines().filter_map(|line| line.split_once(' '));
    let mut settings = Settings::default();
    for (name, value) in lines.filter(|(name, _)| *name != "sentinel") {
        let value = value.trim_matches('"');
        // A directive such as `save` has several lines.
        let whole = match settings.get(name) {
            Some(before) => format!("{before} {value}"),
            None => value.to_owned(),
        };
        settings.set(name, whole);
    }
    settings
}

pub(crate) fn refuse(condition: bool, message: &str) -> Result<(), String> {
    if condition { Err(message.to_owned()) } else { Ok(()) }
}

impl EngineCalls for World {
    async fn apply(
        &self,
        _engine: Option<&EngineName>,
        node: Option<&NodeName>,
        action: &EngineAction,
        _listener: &dyn Listener,
    ) -> Result<(), BoxedError> {
        self.call().await?;
        Ok(self.state().apply_to_engine(node, action)?)
    }

    async fn write_files(&self, through: &NodeName, files: Vec<File>) -> Result<(), BoxedError> {
        self.call().await?;
        Ok(self.state().put_files(through, files)?)
    }

    async fn log_tail(&self, node: &NodeName) -> Vec<String> {
        let exists = self.state().engine.containers.contains_key(node);
        if exists { vec![format!("the last line of {node}")] } else { Vec::new() }
    }

    async fn unavailable(&self, node: &NodeName) -> Result<Option<Unavailable>, BoxedError> {
        let state = self.state();
        let container = state.engine.containers.get(node);
        let ended = container.is_none_or(|container| container.state == ContainerState::Exited);
        Ok(ended.then_some(Unavailable::Exited { code: 0 }))
    }
}
