//! Decides whether a wait is over, continues, or is hopeless. It has no clock: durations and observations are
//! arguments. The executor attempts, answers the questions from here, and pauses.

use std::time::Duration;

use crate::event::Missing;
use crate::plan::{ClusterExpectation, Condition, Milestone, Plan, ServerAction};
use crate::topology::NodeName;

mod heard;
mod plan_again;
mod progress;
mod question;
#[cfg(test)]
mod tests;
mod unavailable;

pub use heard::Heard;
pub use plan_again::PlanAgain;
pub use progress::Progress;
pub use unavailable::Unavailable;

/// The first pause of a wait. Many waits follow each other, and each ends late by half a pause.
const FIRST_PACE: Duration = Duration::from_millis(10);

/// The pause of a long wait. Attempts cost the servers time, too.
const LATER_PACE: Duration = Duration::from_millis(50);

/// The time after which users see the missing parts of a wait.
const QUIET: Duration = Duration::from_secs(2);

/// The interval at which the engine is asked for the containers of silent servers. A starting server answers within
/// this time.
const ENGINE_PACE: Duration = Duration::from_millis(500);

/// The interval at which a long wait asks for another plan.
const PLAN_PACE: Duration = Duration::from_secs(5);

/// The facts after an attempt.
#[derive(Debug)]
pub struct Look {
    /// The time that the wait has taken so far.
    pub waited: Duration,
    /// The duration of the attempt.
    pub took: Duration,
    /// The missing parts of the awaited state; empty: the state is reached.
    pub missing: Vec<Missing>,
    /// The nodes whose servers do not answer.
    pub silent: Vec<NodeName>,
    /// Whether another step of the stage has failed.
    pub other_step_failed: bool,
    /// Why the silent nodes' servers do not answer; `None` if the engine was not asked.
    pub containers: Option<Vec<(NodeName, Option<Unavailable>)>>,
    /// The plan that the planner would make now.
    pub newer: NewerPlan,
}

/// The plan that the planner would make during a wait.
#[derive(Debug)]
pub enum NewerPlan {
    /// The executor has not asked for a plan.
    NotAsked,
    /// The planner cannot make a plan now.
    Impossible,
    /// The planner made this plan.
    Made(Plan),
}

/// The next action of the executor.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// It ends the wait: the awaited state is reached.
    Over,
    /// It asks the engine for the containers of the silent nodes, and decides again.
    AskEngine,
    /// It observes and plans again, and decides again.
    AskForPlan,
    /// It attempts again.
    GoOn {
        /// The pause before.
        pause: Duration,
        /// Whether it first reports the missing parts to the listener.
        tell: bool,
    },
    /// It ends the wait: the time is over, or another step has failed.
    GiveUp,
    /// It ends the wait: the container of a node needs a repair.
    Vain {
        /// The node.
        node: NodeName,
        /// Why its server does not answer.
        why: Unavailable,
    },
    /// It ends the wait: the awaited state needs another plan.
    PlanAgain(PlanAgain),
}

/// A wait and the facts about it.
#[derive(Debug)]
pub struct Waiting<'a> {
    progress: Progress<'a>,
    /// The awaited condition; `None`: a call that the server must accept.
    condition: Option<&'a Condition>,
    limit: Duration,
    engine_asked: Duration,
    plan_asked: Duration,
    told: Vec<Missing>,
}

impl<'a> Waiting<'a> {
    /// A wait for a condition. `limit` is the limit of a single wait.
    #[must_use]
    pub fn for_condition(progress: Progress<'a>, condition: &'a Condition, limit: Duration) -> Self {
        let limit = another_way(condition).map_or(limit, |patience| limit.min(patience));
        Self::new(progress, Some(condition), limit)
    }

    /// A wait until a server accepts a call. `limit` is the limit of a single wait.
    #[must_use]
    pub fn for_call(progress: Progress<'a>, call: &ServerAction, limit: Duration) -> Self {
        Self::new(progress, None, limit + call.longer())
    }

    fn new(progress: Progress<'a>, condition: Option<&'a Condition>, limit: Duration) -> Self {
        let (engine_asked, plan_asked) = (Duration::ZERO, Duration::ZERO);
        Self { progress, condition, limit, engine_asked, plan_asked, told: Vec::new() }
    }

    /// Decides after an attempt, and again after the requested facts were added to `look`.
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
        // A slow attempt shows busy servers.
        let pause = if *waited < QUIET { look.took.clamp(FIRST_PACE, LATER_PACE) } else { LATER_PACE };
        Next::GoOn { pause, tell: self.has_news(look) }
    }

    /// A container that the plan started and that ended is a failure. If the plan left the container alone, another
    /// plan starts it: an earlier run may have asked the engine to stop it.
    fn without_container(&self, node: NodeName, why: Unavailable) -> Next {
        if self.progress.has_started(&node) {
            Next::Vain { node, why }
        } else {
            Next::PlanAgain(PlanAgain::Unavailable { node, why })
        }
    }

    /// Whether users see the missing parts: after each change, but refusals of a server only once.
    fn has_news(&mut self, look: &Look) -> bool {
        let is_repeated = self.condition.is_none() && !self.told.is_empty();
        if look.waited < QUIET || is_repeated || self.told == look.missing {
            return false;
        }
        self.told.clone_from(&look.missing);
        true
    }
}

/// The time after which another way to the same result is quicker, if there is another way. That wait needs no other
/// plan.
fn another_way(condition: &Condition) -> Option<Duration> {
    match condition {
        Condition::ClusterAgrees(ClusterExpectation { milestone: Milestone::Barrier(patience), .. }) => {
            Some(*patience)
        }
        _ => None,
    }
}
