//! Changing nodes on purpose: take the lease, observe, plan, execute, and watch what the other nodes make of it.

use std::time::Duration;

use futures_util::future::{self, Either, FusedFuture as _, FutureExt as _};
use tokio::time::sleep;

use super::begun_change::BegunChange;
use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::{DEFAULT_TIMEOUT, Error};
use crate::event::{Event, Listener, Note};
use crate::node_change::{NodeChoice, NodeVerb, NodesChanged};
use crate::status::Role;
use crate::topology::NodeName;

/// A change of nodes on purpose: start, stop, restart, kill, pause or unpause.
///
/// ```no_run
/// # async fn example(shop: redisctl::deployment::Deployment) -> Result<(), redisctl::deployment::Error> {
/// use redisctl::deployment::{NodeChange, NodeVerb};
/// use redisctl::status::Role;
///
/// let killed = NodeChange::new(&shop, NodeVerb::Kill).role(Some(Role::Primary)).shard(Some(1)).run().await?;
/// for heir in &killed.took_over {
///     println!("{} took over from {} after {} ms", heir.to, heir.from, heir.after_ms);
/// }
/// NodeChange::new(&shop, NodeVerb::Start).run().await?;
/// # Ok(())
/// # }
/// ```
///
/// The run holds the lease of the deployment while it changes nodes, and releases it before it waits.
#[must_use = "nothing happens before `run`"]
pub struct NodeChange<'a> {
    deployment: &'a Deployment,
    verb: NodeVerb,
    choice: NodeChoice,
    wait: bool,
    timeout: Duration,
    listener: &'a dyn Listener,
}

impl<'a> NodeChange<'a> {
    /// A change of all nodes of a deployment.
    pub fn new(deployment: &'a Deployment, verb: NodeVerb) -> Self {
        let choice = NodeChoice::default();
        Self { deployment, verb, choice, wait: true, timeout: DEFAULT_TIMEOUT, listener: &NoListener }
    }

    /// Changes only these nodes: names (`shop-4`) or numbers (`4`). Without any, all nodes.
    ///
    /// # Errors
    /// The deployment has no such node.
    pub fn nodes<W: AsRef<str>>(self, words: impl IntoIterator<Item = W>) -> Result<Self, Error> {
        let deployment = self.deployment;
        let name = |word: W| Ok(deployment.node(word.as_ref())?.name().clone());
        let nodes = words.into_iter().map(name).collect::<Result<_, Error>>()?;
        Ok(Self { choice: NodeChoice { nodes, ..self.choice }, ..self })
    }

    /// Changes only nodes with this role at present.
    pub fn role(self, role: Option<Role>) -> Self {
        Self { choice: NodeChoice { role, ..self.choice }, ..self }
    }

    /// Changes only nodes of this shard of a cluster, counted from 1 in the order of the slots.
    pub fn shard(self, shard: Option<usize>) -> Self {
        Self { choice: NodeChoice { shard, ..self.choice }, ..self }
    }

    /// Changes only the owner of this key's slot; with [`Role::Replica`], the replicas of the owner.
    pub fn key(self, key: Option<String>) -> Self {
        Self { choice: NodeChoice { key, ..self.choice }, ..self }
    }

    /// Whether to wait until other nodes have taken the places of silenced primaries, and started nodes are back in
    /// their roles. Default: yes.
    pub fn wait(self, wait: bool) -> Self {
        Self { wait, ..self }
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

    /// Changes the nodes. A node that needs no change is left alone. If no other node takes the place of a silenced
    /// primary in time, the result says so.
    ///
    /// # Errors
    /// No node fits the choice, a named node has no container, another run changes the deployment, the engine refused
    /// a call, or a started server does not answer.
    pub async fn run(&self) -> Result<NodesChanged, Error> {
        let (begun, result) = Box::pin(self.change()).await?;
        result?;
        Ok(Box::pin(self.follow(&begun, future::pending())).await)
    }

    /// Stops, kills or pauses the nodes, and puts them back after `time`, or as soon as `interrupted` is complete. Nodes
    /// that did not run before stay as they are. `tell` gets the result of the change, before the nodes are put back.
    ///
    /// If the process is killed meanwhile, the nodes stay as they are. The next `up` repairs them.
    ///
    /// # Errors
    /// As [`NodeChange::run`]. The nodes are put back after an error, too.
    pub async fn run_for(
        &self,
        time: Duration,
        interrupted: impl Future<Output = ()> + Send,
        tell: &(dyn Fn(&NodesChanged) + Send + Sync),
    ) -> Result<NodesChanged, Error> {
        let Some(undo) = self.verb.undo() else {
            return Err(Error::Invalid {
                message: format!("`{}` is not put back after a time", self.verb.as_str()),
                hint: "stop, kill or pause nodes for a time".to_owned(),
            });
        };
        let (begun, result) = Box::pin(self.change()).await?;
        let back = async || {
            let nodes: Vec<NodeName> = begun.changed().iter().cloned().collect();
            if nodes.is_empty() {
                return Ok(None);
            }
            let choice = NodeChoice { nodes, ..NodeChoice::default() };
            let change = NodeChange { verb: undo, choice, ..*self };
            Box::pin(change.run()).await.map(|back| Some(Box::new(back)))
        };
        if let Err(error) = result {
            // A second error follows from the first.
            return back().await.and(Err(error));
        }
        let end = future::select(Box::pin(sleep(time)), Box::pin(interrupted)).map(drop);
        let mut end = std::pin::pin!(end.fuse());
        let nodes: Vec<NodeName> = begun.changed().iter().cloned().collect();
        let changes_any = !nodes.is_empty();
        if changes_any {
            self.listener.hear(Event::Note(Note::ChangedForATime { nodes, done: self.verb.done(), time }));
        }
        let changed = Box::pin(self.follow(&begun, end.as_mut())).await;
        tell(&changed);
        if changes_any && !end.is_terminated() {
            end.await;
        }
        Ok(NodesChanged { put_back: back().await?, ..changed })
    }

    /// Takes the lease, observes, plans and executes. The inner result is that of the execution.
    async fn change(&self) -> Result<(BegunChange, Result<(), Error>), Error> {
        self.choice.check(self.deployment.topology())?;
        let request = LeaseRequest::on(self.deployment, self.verb.as_str(), self.timeout, self.listener);
        let lease = Box::pin(Lease::take(request)).await?;
        let work = async {
            let deployment = lease.present(self.deployment).await?;
            let begun = Box::pin(BegunChange::plan(deployment, self.verb, &self.choice)).await?;
            let result = begun.execute(self.listener, self.timeout).await;
            Ok((begun, result))
        };
        let result = lease.keep(Box::pin(work)).await;
        lease.release().await;
        result
    }

    /// Watches the servers after the change, until the watch is over, its time is over, or `end` is complete.
    async fn follow(&self, begun: &BegunChange, end: impl Future<Output = ()> + Send) -> NodesChanged {
        let mut watch = begun.watch();
        if !self.wait || watch.is_over() {
            return begun.result(&watch, self.wait);
        }
        let awaited: Vec<NodeName> = watch.awaited().map(|loss| loss.primary.clone()).collect();
        if !awaited.is_empty() {
            let limit = self.timeout;
            self.listener.hear(Event::Note(Note::AwaitsHeirs { primaries: awaited, limit }));
        }
        let watching = Box::pin(begun.follow(&mut watch, self.timeout));
        let waited = matches!(future::select(watching, Box::pin(end)).await, Either::Left(_));
        begun.result(&watch, waited)
    }
}
