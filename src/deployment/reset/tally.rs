//! Counts the steps of a reset and the data that they remove.

use std::sync::{Mutex, PoisonError};

use crate::event::{Event, Listener};
use crate::observation::Contents;
use crate::plan::{Action, Cause, Plan, ServerAction, Step};
use crate::reset_result::Removed;

/// Counts the data that executed plans remove and their other steps, and passes all events on.
pub(super) struct Tally<'a> {
    inner: &'a dyn Listener,
    removed: Mutex<Removed>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(inner: &'a dyn Listener) -> Self {
        Self { inner, removed: Mutex::default() }
    }

    /// The sum of all steps.
    pub(super) fn removed(&self) -> Removed {
        *self.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, plan: &Plan) {
        let mut removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        plan.steps().filter(|step| step.changes()).for_each(|step| add(&mut removed, step));
    }
}

/// Adds a step.
fn add(removed: &mut Removed, step: &Step) {
    match (&step.action, &step.cause) {
        (Action::Server(ServerAction::Empty { .. }), Cause::Holds(contents)) => {
            removed.contents = removed.contents + Contents { scripts: 0, ..*contents };
        }
        (Action::Server(ServerAction::FlushScripts), Cause::Holds(contents)) => {
            let scripts = Contents { scripts: contents.scripts, ..Contents::default() };
            removed.contents = removed.contents + scripts;
        }
        (Action::Server(ServerAction::EndClients), Cause::Connected(clients)) => removed.clients += clients,
        _ => removed.changes += 1,
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
