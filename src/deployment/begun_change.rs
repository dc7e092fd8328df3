//! A change of nodes that has begun: its plan, the observation before it, and the watch over the servers after it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::answers::answers;
use super::handle::Deployment;
use super::observe::observe_stored;
use super::step_clock::StepClock;
use crate::event::{Event, Listener};
use crate::executor::Executor;
use crate::node_change::{NodeChoice, NodeVerb, NodesChanged, Watch};
use crate::observation::Observation;
use crate::plan::Plan;
use crate::planner::plan_on_purpose;
use crate::poll::Wait;
use crate::topology::NodeName;

/// The interval at which servers are asked. It is the precision of the reported times.
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// The time limit for a server's answer. The other servers' answers are enough.
const PATIENCE: Duration = Duration::from_millis(500);

/// A change of nodes that has begun.
pub(super) struct BegunChange {
    deployment: Deployment,
    verb: NodeVerb,
    before: Observation,
    chosen: BTreeSet<NodeName>,
    changed: BTreeSet<NodeName>,
    plan: Arc<Plan>,
    clock: StepClock,
}

impl BegunChange {
    /// Observes and plans.
    pub(super) async fn plan(
        deployment: Deployment,
        verb: NodeVerb,
        choice: &NodeChoice,
    ) -> Result<Self, Error> {
        let topology = deployment.topology();
        let before = observe_stored(topology, deployment.engine(), &deployment.servers()).await?;
        let chosen = choice.choose(topology, &before)?;
        let plan = Arc::new(plan_on_purpose(topology, &before, &chosen, verb));
        let has_steps = |node: &&NodeName| plan.steps().any(|step| step.node.as_ref() == Some(*node));
        let changed = chosen.iter().filter(has_steps).cloned().collect();
        let clock = StepClock::new(Arc::clone(&plan));
        Ok(Self { deployment, verb, before, chosen, changed, plan, clock })
    }

    /// The nodes that the plan changes.
    pub(super) fn changed(&self) -> &BTreeSet<NodeName> {
        &self.changed
    }

    /// Executes the plan.
    pub(super) async fn execute(&self, listener: &dyn Listener, timeout: Duration) -> Result<(), Error> {
        listener.hear(Event::Planned { plan: Arc::clone(&self.plan) });
        if self.plan.is_empty() {
            return Ok(());
        }
        let servers = self.deployment.servers();
        let executor = Executor {
            engine: self.deployment.engine().api.as_ref(),
            servers: &servers,
            // These plans write no files.
            files: &|_, _| Vec::new(),
            replan: &|| Box::pin(async { None }),
            listener: &self.clock.listen(listener),
            timeout,
        };
        executor.run(&self.plan).await.map_err(|error| Error::Execute(Box::new(error)))
    }

    /// The watch over the servers after the change.
    pub(super) fn watch(&self) -> Watch<'_> {
        let (topology, changed) = (self.deployment.topology(), self.changed.clone());
        if self.verb.silences() {
            Watch::for_heirs(topology, &self.before, changed)
        } else {
            Watch::for_returns(topology, &self.before, changed)
        }
    }

    /// Asks the servers until the watch or its time is over.
    pub(super) async fn follow(&self, watch: &mut Watch<'_>, limit: Duration) {
        let servers = self.deployment.servers();
        let wait = Wait::new("the roles after the change", limit, POLL_INTERVAL);
        loop {
            let answers = answers(watch.asked(), &servers, PATIENCE).await;
            watch.look(&answers, |node| self.clock.since(node));
            if watch.is_over() || wait.pause().await.is_err() {
                return;
            }
        }
    }

    /// The result, with what the watch has found. `waited`: the watch is over, or its time is.
    pub(super) fn result(&self, watch: &Watch<'_>, waited: bool) -> NodesChanged {
        let topology = self.deployment.topology();
        NodesChanged::new(topology, self.verb, &self.before, &self.chosen, &self.changed).with(
            topology,
            &self.before,
            watch,
            waited,
        )
    }
}
