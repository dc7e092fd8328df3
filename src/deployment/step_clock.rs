//! When the first step of each node began.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, Listener};
use crate::plan::Plan;
use crate::topology::NodeName;

/// When the first step of each node of a plan began.
pub(super) struct StepClock {
    plan: Arc<Plan>,
    begun: Mutex<BTreeMap<NodeName, Instant>>,
}

/// A listener that notes the times, and passes all events on.
pub(super) struct Timekeeper<'a> {
    clock: &'a StepClock,
    listener: &'a dyn Listener,
}

impl StepClock {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        Self { plan, begun: Mutex::default() }
    }

    /// A listener for the execution of the plan.
    pub(super) fn listen<'a>(&'a self, listener: &'a dyn Listener) -> Timekeeper<'a> {
        Timekeeper { clock: self, listener }
    }

    /// The time since the first step of a node began; zero if none began.
    pub(super) fn since(&self, node: &NodeName) -> Duration {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.get(node).map(Instant::elapsed).unwrap_or_default()
    }
}

impl Listener for Timekeeper<'_> {
    fn hear(&self, event: Event) {
        if let Event::StepStarted { step } = &event
            && let Some(node) = self.clock.plan.step(*step).and_then(|step| step.node.clone())
        {
            let mut begun = self.clock.begun.lock().unwrap_or_else(PoisonError::into_inner);
            begun.entry(node).or_insert_with(Instant::now);
        }
        self.listener.hear(event);
    }

    fn phase(&self, name: &str, took: Duration) {
        self.listener.phase(name, took);
    }
}
