//! Whether a wait is over, goes on, or is in vain. It has no clock: time that has passed and observations come in
//! as values. The executor looks, asks what is asked for here, and sleeps.

use std::time::Duration;

use crate::event::Missing;
use crate::plan::{ClusterExpectation, Condition, Milestone, Plan, ServerAction};
use crate::topology::NodeName;

mod plan_again;
mod progress;
mod question;
#[cfg(test)]
mod tests;
mod unavailable;

pub use plan_again::PlanAgain;
pub use progress::Progress;
pub use question::{disagreements, nodes};
pub use unavailable::Unavailable;

/// The pace of a wait's first looks. Many waits follow each other, and each is late by half of this.
const FIRST_PACE: Duration = Duration::from_millis(10);

/// The pace of a long wait: looks cost the servers time, too.
const LATER_PACE: Duration = Duration::from_millis(50);

/// How long a wait goes on before users are told what is missing.
const QUIET: Duration = Duration::from_secs(2);

/// How often the engine is asked for the containers of silent servers. A server that starts answers within this time.
const ENGINE_PACE: Duration = Duration::from_millis(500);

/// How often a long wait asks for another plan.
const PLAN_PACE: Duration = Duration::from_secs(5);

/// What one look shows.
#[derive(Debug)]
pub struct Look {
    /// How long the wait has taken so far.
    pub waited: Duration,
    /// What is missing; empty: what is awaited has come about.
    pub missing: Vec<Missing>,
    /// The nodes whose servers do not answer.
    pub silent: Vec<NodeName>,
    /// Whether another step of the stage has failed.
    pub other_step_failed: bool,
    /// What keeps the silent nodes' servers from answering; `None` if the engine was not asked.
    pub containers: Option<Vec<(NodeName, Option<Unavailable>)>>,
    /// The plan that the planner would make now.
    pub newer: NewerPlan,
}

/// The plan that the planner would make in the midst of a wait.
#[derive(Debug)]
pub enum NewerPlan {
    /// The executor has not asked for a plan.
    NotAsked,
    /// The planner cannot make a plan now.
    Impossible,
    /// The planner made this plan.
    Made(Plan),
}

/// What the executor does next.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// It ends the wait: what is awaited has come about.
    Over,
    /// It asks the engine for the containers of the silent nodes, and decides again.
    AskEngine,
    /// It observes and plans again, and decides again.
    AskForPlan,
    /// It looks again.
    GoOn {
        /// After this time.
        pause: Duration,
        /// Whether it first tells the listener what is missing.
        tell: bool,
    },
    /// It ends the wait: the time is over, or another step has failed.
    GiveUp,
    /// It ends the wait: the container of a node will not come back by itself.
    Vain {
        /// The node.
        node: NodeName,
        /// Why its server does not answer.
        why: Unavailable,
    },
    /// It ends the wait: what is awaited needs another plan.
    PlanAgain(PlanAgain),
}

/// One wait and what is known of it.
#[derive(Debug)]
pub struct Waiting<'a> {
    progress: Progress<'a>,
    /// What is awaited; `None`: that a server does what it is told.
    condition: Option<&'a Condition>,
    limit: Duration,
    engine_asked: Duration,
    plan_asked: Duration,
    told: Vec<Missing>,
}

impl<'a> Waiting<'a> {
    /// A wait for a condition. `limit` is the longest that any wait may take.
    #[must_use]
    pub fn for_condition(progress: Progress<'a>, condition: &'a Condition, limit: Duration) -> Self {
        let limit = another_way(condition).map_or(limit, |patience| limit.min(patience));
        Self::new(progress, Some(condition), limit)
    }

    /// A wait for a server to do what it is told. `limit` is the longest that any wait may take.
    #[must_use]
    pub fn for_call(progress: Progress<'a>, call: &ServerAction, limit: Duration) -> Self {
        Self::new(progress, None, limit + call.longer())
    }

    fn new(progress: Progress<'a>, condition: Option<&'a Condition>, limit: Duration) -> Self {
        let (engine_asked, plan_asked) = (Duration::ZERO, Duration::ZERO);
        Self { progress, condition, limit, engine_asked, plan_asked, told: Vec::new() }
    }

    /// Decides after a look, and again after what was asked for has been added to the look.
    pub fn next(&mut self, look: &Look) -> Next {
        let Look { waited, missing, .. } = look;
        if missing.is_empty() {
            return Next::Over;
        }
        match &look.containers {
            None if waited.saturating_sub(self.engine_asked) >= ENGINE_PACE => return Next::AskEngine,
            None => {}
            Some(containers) => {
                self.engine_asked = *waited;
                let unavailable =
                    |(node, why): &(NodeName, Option<Unavailable>)| Some((node.clone(), (*why)?));
                if let Some((node, why)) = containers.iter().find_map(unavailable) {
                    return self.without_container(node, why);
                }
            }
        }
        if look.other_step_failed || *waited >= self.limit {
            return Next::GiveUp;
        }
        match (&look.newer, self.condition) {
            (NewerPlan::NotAsked, Some(condition))
                if another_way(condition).is_none()
                    && waited.saturating_sub(self.plan_asked) >= PLAN_PACE =>
            {
                return Next::AskForPlan;
            }
            (NewerPlan::Impossible, Some(_)) => self.plan_asked = *waited,
            (NewerPlan::Made(newer), Some(condition)) => {
                self.plan_asked = *waited;
                if let Some(reason) = self.progress.needs(newer, condition) {
                    return Next::PlanAgain(reason);
                }
            }
            _ => {}
        }
        let pause = if *waited < QUIET { FIRST_PACE } else { LATER_PACE };
        Next::GoOn { pause, tell: self.has_news(look) }
    }

    /// A container that the plan has started and that ended is a failure. Where the plan left the container alone,
    /// another plan starts it: an earlier run may have asked the engine to stop it.
    fn without_container(&self, node: NodeName, why: Unavailable) -> Next {
        if self.progress.has_started(&node) {
            Next::Vain { node, why }
        } else {
            Next::PlanAgain(PlanAgain::Unavailable { node, why })
        }
    }

    /// Whether users are to hear what is missing: each change of it, but a server's refusals only once.
    fn has_news(&mut self, look: &Look) -> bool {
        let is_repeated = self.condition.is_none() && !self.told.is_empty();
        if look.waited < QUIET || is_repeated || self.told == look.missing {
            return false;
        }
        self.told.clone_from(&look.missing);
        true
    }
}

/// The time after which another way to the same end is quicker, where there is another way. Such a wait needs no
/// other plan.
fn another_way(condition: &Condition) -> Option<Duration> {
    match condition {
        Condition::ClusterAgrees(ClusterExpectation { milestone: Milestone::Barrier(patience), .. }) => {
            Some(*patience)
        }
        _ => None,
    }
}
