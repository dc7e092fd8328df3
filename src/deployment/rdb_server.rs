//! Temporary servers that load data files (RDB), so that their keys can be read. Each has the image, the modules, users
//! and certificates of the deployment. If the run is killed, `down` removes their containers.

use std::time::Duration;

use super::Error;
use super::handle::Deployment;
use super::seed_file::{SeedContent, SeedFile};
use crate::docker::configuration_trial::{ServerTrial, TrialState};
use crate::poll::Wait;
use crate::redis::{Dialer, KeyReader, Login, ServerError, operator_login};
use crate::spec::SecretText;
use crate::topology::container::container;
use crate::topology::files::{File, render};
use crate::topology::paths::MOUNT;
use crate::topology::rdb_trial::{RDB_FILE, configuration, refusal};
use crate::topology::{Endpoint, Node, Resources, Server};

/// The time limit to load a file. A server loads some 100 MB in a second.
const LIMIT: Duration = Duration::from_secs(600);

/// How often to look.
const PACE: Duration = Duration::from_millis(20);

/// A server that has loaded a file.
pub(super) struct RdbServer {
    /// The position of the file.
    position: usize,
    trial: ServerTrial,
    endpoint: Endpoint,
    dialer: Dialer,
    login: Option<Login>,
    server: Server,
    limit: Duration,
}

/// The servers of all data files.
pub(super) struct RdbServers(Vec<RdbServer>);

impl RdbServers {
    /// Starts a server for each data file, and waits until it has loaded the file. Checks that the deployment has the
    /// databases of the file.
    ///
    /// # Errors
    /// A server does not load its file, or the deployment lacks a database. Nothing was changed.
    pub(super) async fn start(
        deployment: &Deployment,
        files: &[SeedFile],
        limit: Duration,
    ) -> Result<Self, Error> {
        let mut servers = Self(Vec::new());
        for (position, file) in files.iter().enumerate() {
            if file.content != SeedContent::Data {
                continue;
            }
            match servers.add(deployment, position, file, limit).await {
                Ok(()) => {}
                Err(error) => {
                    servers.end().await?;
                    return Err(error);
                }
            }
        }
        Ok(servers)
    }

    async fn add(
        &mut self,
        deployment: &Deployment,
        position: usize,
        file: &SeedFile,
        limit: Duration,
    ) -> Result<(), Error> {
        let (topology, credentials) = (deployment.topology(), deployment.credentials());
        // The server runs on the node's engine, because the node's endpoint has the host of that engine.
        let engines = deployment.engine();
        let (node, engine) = topology
            .servers()
            .into_iter()
            .find_map(|node| Some((node, engines.named(node.engine.as_ref())?)))
            .unwrap_or((&topology.shards[0].primary, engines));
        let mut settings = container(topology, node);
        // All keys of a cluster may be in the file.
        settings.resources = Resources { memory: None, ..settings.resources };
        let files = files_of(deployment, node, file).await?;
        let trial = ServerTrial::start(engine.api.client(), &settings, files).await?;
        self.0.push(RdbServer {
            position,
            trial,
            endpoint: node.endpoint.clone(),
            dialer: Dialer::new(credentials),
            login: operator_login(credentials),
            server: topology.server,
            limit,
        });
        let Some(server) = self.0.last_mut() else { return Ok(()) };
        server.await_load(file).await?;
        let databases: Vec<u32> = server.reader().await?.databases().await?.into_keys().collect();
        let first = deployment.primary().await.name().clone();
        deployment.check_databases(&databases, &first).await
    }

    /// The server of the file at a position.
    pub(super) fn of_file(&self, position: usize) -> Option<&RdbServer> {
        self.0.iter().find(|server| server.position == position)
    }

    /// Removes the containers.
    ///
    /// # Errors
    /// The engine refuses a removal.
    pub(super) async fn end(self) -> Result<(), Error> {
        for server in self.0 {
            server.trial.end().await?;
        }
        Ok(())
    }
}

impl RdbServer {
    /// A reader of its keys.
    pub(super) async fn reader(&self) -> Result<KeyReader, ServerError> {
        KeyReader::open(&self.dialer, &self.endpoint, self.login.as_ref(), self.server, self.limit).await
    }

    /// Waits until the server has loaded the file.
    async fn await_load(&mut self, file: &SeedFile) -> Result<(), Error> {
        let wait = Wait::new(format!("a server to load `{}`", file.name), LIMIT, PACE);
        loop {
            let last = match self.trial.state().await? {
                TrialState::Ended(log) => {
                    let (file, server) = (file.name.clone(), self.server.to_string());
                    return Err(Error::DataFile { file, server, words: refusal(&log) });
                }
                TrialState::Runs(Some(port)) => {
                    self.endpoint.port = port;
                    match self.is_loaded().await {
                        Ok(true) => return Ok(()),
                        Ok(false) => None,
                        Err(error) => Some(error),
                    }
                }
                TrialState::Runs(None) => None,
            };
            if let Err(late) = wait.pause().await {
                return Err(last.unwrap_or_else(|| late.into()).into());
            }
        }
    }

    async fn is_loaded(&self) -> Result<bool, ServerError> {
        self.reader().await?.is_loaded().await
    }
}

/// The files of a server like `node`, which loads a data file instead of its own data.
async fn files_of(deployment: &Deployment, node: &Node, file: &SeedFile) -> Result<Vec<File>, Error> {
    let (topology, credentials) = (deployment.topology(), deployment.credentials());
    let own = format!("{}/server.conf", node.name);
    let mut files = modules_of_machine(deployment).await?;
    let names = std::slice::from_ref(&node.name);
    files.extend(render(topology, credentials, names, Some(&node.name)).into_iter().map(|file| match file {
        File::Content { path, text } if path == own => {
            let text = SecretText::new(configuration(text.expose(), node));
            File::Content { path, text }
        }
        file => file,
    }));
    files.push(File::Data {
        path: format!("{}/data/{RDB_FILE}", node.name),
        content: std::sync::Arc::clone(&file.bytes),
    });
    Ok(files)
}

/// The modules that came from the user's machine, from the deployment's volume.
async fn modules_of_machine(deployment: &Deployment) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for module in &deployment.topology().modules {
        let Some(path) = module.path.strip_prefix(MOUNT).and_then(|path| path.strip_prefix('/')) else {
            continue;
        };
        let Some(through) = deployment.any_container().await? else { break };
        let content = deployment.engine().api.kept_file(&through, path).await?;
        files.extend(content.map(|content| File::Program { path: path.to_owned(), content: content.into() }));
    }
    Ok(files)
}
