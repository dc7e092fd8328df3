//! Changing nodes on purpose: take the lease, observe, plan, execute.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::node_handle::NodeHandle;
use super::observe::observe_stored;
use super::{DEFAULT_TIMEOUT, Error};
use crate::event::{Event, Listener};
use crate::executor::Executor;
use crate::node_change::{NodeVerb, NodesChanged, Unchanged};
use crate::observation::Observation;
use crate::plan::Plan;
use crate::planner::plan_on_purpose;
use crate::redis::Servers;
use crate::status::status;
use crate::topology::NodeName;

/// A change of nodes on purpose: start, stop, restart, kill, pause or unpause.
///
/// ```no_run
/// # async fn example(shop: redisctl::deployment::Deployment) -> Result<(), redisctl::deployment::Error> {
/// use redisctl::deployment::{NodeChange, NodeVerb};
///
/// NodeChange::new(&shop, NodeVerb::Kill).nodes(["1", "4"])?.run().await?;
/// shop.node("1")?.start().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before `run`"]
pub struct NodeChange<'a> {
    deployment: &'a Deployment,
    verb: NodeVerb,
    nodes: Vec<NodeName>,
    timeout: Duration,
    listener: &'a dyn Listener,
}

impl<'a> NodeChange<'a> {
    /// A change of all nodes of a deployment.
    pub fn new(deployment: &'a Deployment, verb: NodeVerb) -> Self {
        Self { deployment, verb, nodes: Vec::new(), timeout: DEFAULT_TIMEOUT, listener: &NoListener }
    }

    /// Changes only these nodes: names (`shop-4`) or numbers (`4`). Without any, all nodes.
    ///
    /// # Errors
    /// The deployment has no such node.
    pub fn nodes<W: AsRef<str>>(self, words: impl IntoIterator<Item = W>) -> Result<Self, Error> {
        let deployment = self.deployment;
        let name = |word: W| Ok(deployment.node(word.as_ref())?.name().clone());
        Ok(Self { nodes: words.into_iter().map(name).collect::<Result<_, Error>>()?, ..self })
    }

    /// The limit of each wait, including the wait for another run that changes the deployment. Default:
    /// [`DEFAULT_TIMEOUT`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// Changes the nodes. A node that needs no change is left alone.
    ///
    /// # Errors
    /// A chosen node has no container, another run changes the deployment, the engine refused a call, or a started
    /// server does not answer.
    pub async fn run(&self) -> Result<NodesChanged, Error> {
        let request = LeaseRequest {
            engine: self.deployment.engine().clone(),
            deployment: self.deployment.name().clone(),
            image: None,
            command: self.verb.as_str(),
            timeout: self.timeout,
            listener: self.listener,
        };
        let lease = Box::pin(Lease::take(request)).await?;
        let changed = lease.keep(Box::pin(self.change())).await;
        lease.release().await;
        changed
    }

    async fn change(&self) -> Result<NodesChanged, Error> {
        let (topology, servers) = (self.deployment.topology(), self.deployment.servers());
        let observed = observe_stored(topology, self.deployment.engine(), &servers).await?;
        let chosen = self.chosen(&observed)?;
        let plan = Arc::new(plan_on_purpose(topology, &observed, &chosen, self.verb));
        self.listener.hear(Event::Planned { plan: Arc::clone(&plan) });
        self.execute(&plan, &servers).await?;
        let changes = |node: &NodeName| plan.steps().any(|step| step.node.as_ref() == Some(node));
        let rows = status(topology, &observed).nodes;
        let unchanged = rows.iter().filter(|row| chosen.contains(&row.name) && !changes(&row.name));
        Ok(NodesChanged {
            deployment: topology.name.clone(),
            command: self.verb,
            changed: chosen.iter().filter(|node| changes(node)).cloned().collect(),
            unchanged: unchanged
                .map(|row| Unchanged { node: row.name.clone(), condition: row.condition })
                .collect(),
            nodes: rows.len(),
        })
    }

    /// The chosen nodes.
    fn chosen(&self, observed: &Observation) -> Result<BTreeSet<NodeName>, Error> {
        let exists = |node: &&NodeName| observed.containers.contains_key(*node);
        if let Some(missing) = self.nodes.iter().find(|node| !exists(node)) {
            let name = self.deployment.name();
            return Err(Error::Invalid {
                message: format!("{missing} has no container"),
                hint: format!("`redisctl up` with the spec of `{name}` makes it again"),
            });
        }
        if self.nodes.is_empty() {
            let all = self.deployment.topology().nodes();
            return Ok(all.into_iter().map(|node| &node.name).filter(exists).cloned().collect());
        }
        Ok(self.nodes.iter().cloned().collect())
    }

    async fn execute(&self, plan: &Arc<Plan>, servers: &Servers<'_>) -> Result<(), Error> {
        if plan.is_empty() {
            return Ok(());
        }
        let executor = Executor {
            engine: self.deployment.engine().api.as_ref(),
            servers,
            // These plans write no files.
            files: &|_, _| Vec::new(),
            replan: &|| Box::pin(async { None }),
            listener: self.listener,
            timeout: self.timeout,
        };
        executor.run(plan).await.map_err(|error| Error::Execute(Box::new(error)))
    }
}

impl NodeHandle<'_> {
    /// Starts the node, and waits until its server answers. A paused node is unpaused.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn start(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Start).await
    }

    /// Stops the node. Its server saves its keys first.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn stop(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Stop).await
    }

    /// Restarts the node, and waits until its server answers.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn restart(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Restart).await
    }

    /// Kills the node's server, as a crash does. The engine does not start it again.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn kill(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Kill).await
    }

    /// Freezes the node: its connections stay open, and its server does not answer.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn pause(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Pause).await
    }

    /// Lets a paused node continue, and waits until its server answers.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn unpause(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Unpause).await
    }

    async fn change(&self, verb: NodeVerb) -> Result<NodesChanged, Error> {
        let deployment = self.deployment();
        Box::pin(NodeChange::new(deployment, verb).nodes([self.name().as_str()])?.run()).await
    }
}
