//! Tries whether servers can read the present data if modules go. Modules write data that no server without them can
//! read, some of them without any key. So a server of the new spec copies the data of a node of each shard.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::Error;
use super::engine::ConnectedEngine;
use crate::docker::configuration_trial::{ServerTrial, TrialState};
use crate::docker::inventory::Inventory;
use crate::observation::{ContainerState, NeededModules};
use crate::poll::Wait;
use crate::spec::SecretText;
use crate::topology::container::{ContainerSettings, container};
use crate::topology::copy_trial::{Copy, configuration};
use crate::topology::files::{File, render};
use crate::topology::{Credentials, Node, Topology};

/// The time limit of a copy. A primary begins it 5 s after the request.
const LIMIT: Duration = Duration::from_secs(60);

/// How often to look.
const PACE: Duration = Duration::from_millis(100);

/// A deployment, before and after a change of its modules.
pub(super) struct Change<'a> {
    pub(super) topology: &'a Topology,
    pub(super) module_files: &'a [File],
    /// The stored topology and credentials, if the deployment exists.
    pub(super) stored: Option<&'a (Topology, Credentials)>,
    pub(super) inventory: &'a Inventory,
}

impl Change<'_> {
    /// The running container of a node that has modules which the new topology does not have.
    fn losing(&self, node: &Node) -> Option<&ContainerSettings> {
        let container = self.inventory.containers.get(&node.name)?;
        let settings = container.settings.as_ref().filter(|_| container.state == ContainerState::Running)?;
        (!settings.modules_beyond(self.topology).is_empty()).then_some(settings)
    }

    /// Whether the deployment is made anew for other reasons.
    fn keeps_nothing(&self, stored: &Topology) -> bool {
        let of = |topology: &Topology| (topology.kind, topology.data, topology.tls.is_some());
        of(stored) != of(self.topology)
    }
}

/// The data that the new servers cannot read, if there is any.
pub(super) async fn needed_modules(
    change: &Change<'_>,
    engine: &ConnectedEngine,
) -> Result<Option<NeededModules>, Error> {
    let Some(stored) = change.stored.filter(|(stored, _)| !change.keeps_nothing(stored)) else {
        return Ok(None);
    };
    // A replica first: sentinels do not look for the replicas of a replica.
    let sources = stored.0.shards.iter().filter_map(|shard| {
        let mut nodes = shard.replicas.iter().chain([&shard.primary]);
        nodes.find_map(|node| Some((node, change.losing(node)?)))
    });
    let trials = sources.map(|(node, settings)| try_copy(change, engine, stored, node, settings));
    Ok(try_join_all(trials).await?.into_iter().flatten().next())
}

async fn try_copy(
    change: &Change<'_>,
    engine: &ConnectedEngine,
    (stored, credentials): &(Topology, Credentials),
    source: &Node,
    settings: &ContainerSettings,
) -> Result<Option<NeededModules>, Error> {
    // The source still has the stored users.
    let topology = Topology { auth: stored.auth.clone(), ..change.topology.clone() };
    let Some(node) = topology.servers().into_iter().next() else { return Ok(None) };
    let names = std::slice::from_ref(&node.name);
    let own = format!("{}/server.conf", node.name);
    let files = render(&topology, credentials, names, Some(&node.name)).into_iter();
    let files = files.map(|file| match file {
        File::Content { path, text } if path == own => {
            let text = SecretText::new(configuration(text.expose(), &topology, node, source.address));
            File::Content { path, text }
        }
        file => file,
    });
    let files = change.module_files.iter().cloned().chain(files).collect();
    let settings_of_trial = container(&topology, node);
    let docker = engine.api.client_of(&source.name)?;
    let trial = ServerTrial::start_beside(docker, &settings_of_trial, files, settings.namespace()).await?;
    let words = words(&trial).await;
    trial.end().await?;
    let modules = settings.modules_beyond(change.topology);
    let modules = modules.into_iter().map(|module| module.file_name().to_owned()).collect();
    Ok(words?.map(|words| NeededModules { node: source.name.clone(), modules, words }))
}

/// The words of a server that does not copy the data; `None` if it does.
async fn words(trial: &ServerTrial) -> Result<Option<String>, Error> {
    let wait = Wait::new("the copy of the data", LIMIT, PACE);
    loop {
        let (log, ended) = match trial.state().await? {
            TrialState::Ended(log) => (log, true),
            TrialState::Runs(_) => (trial.log().await, false),
        };
        match Copy::read(&log) {
            Copy::Done => return Ok(None),
            Copy::Refused(words) => return Ok(Some(words)),
            Copy::Pending(last) if ended => return Ok(Some(last)),
            Copy::Pending(_) => {}
        }
        if wait.pause().await.is_err() {
            return Ok(Some(format!("the copy took longer than {} s", LIMIT.as_secs())));
        }
    }
}
