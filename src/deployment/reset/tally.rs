//! Counts the steps of a reset and the data that they remove.

use std::sync::{Mutex, PoisonError};

use crate::event::{Event, Listener};
use crate::observation::Contents;
use crate::plan::{Action, Cause, Plan, ServerAction, Step};

/// Counts the data that executed plans remove and their other steps, and passes all events on.
pub(super) struct Tally<'a> {
    inner: &'a dyn Listener,
    counts: Mutex<(Contents, usize)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(inner: &'a dyn Listener) -> Self {
        Self { inner, counts: Mutex::default() }
    }

    /// The removed data, and the number of other steps that changed the deployment.
    pub(super) fn total(&self) -> (Contents, usize) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, plan: &Plan) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for step in plan.steps().filter(|step| step.changes()) {
            match removed(step) {
                Some(removed) => counts.0 = counts.0 + removed,
                None => counts.1 += 1,
            }
        }
    }
}

/// The data that a step removes.
fn removed(step: &Step) -> Option<Contents> {
    let (Action::Server(action), Cause::Holds(contents)) = (&step.action, &step.cause) else { return None };
    match action {
        ServerAction::Empty { .. } => Some(Contents { scripts: 0, ..*contents }),
        ServerAction::FlushScripts => Some(Contents { scripts: contents.scripts, ..Contents::default() }),
        _ => None,
    }
}

impl Listener for Tally<'_> {
    fn hear(&self, event: Event) {
        if let Event::PlanStarted { plan } = &event {
            self.count(plan);
        }
        self.inner.hear(event);
    }
}
