//! A listener that records every event, and causes accidents.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use redisctl::event::{Event, Listener};
use redisctl::plan::{Plan, StageId, Step};
use redisctl::topology::NodeName;

use crate::memory::World;

type Accident<'a> = Box<dyn Fn() + Send + Sync + 'a>;

/// Whether an accident follows a step.
type At = fn(&Step) -> bool;

/// Records every event, and may stop the world after a number of steps.
pub(crate) struct Recorder<'a> {
    pub(crate) events: Mutex<Vec<Event>>,
    /// The running plan.
    plan: Mutex<Option<Arc<Plan>>>,
    world: &'a World,
    finished: AtomicUsize,
    stop_after: Option<usize>,
    /// The accident after a stage.
    accident: Option<(&'static str, Accident<'a>)>,
    /// The accident after a number of steps.
    accident_after: Option<(usize, Accident<'a>)>,
    /// The accident after a step.
    accident_at: Option<(At, Accident<'a>)>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(world: &'a World, stop_after: Option<usize>) -> Self {
        let (events, plan, finished) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        let (accident, accident_after, accident_at) = (None, None, None);
        Self { events, plan, world, finished, stop_after, accident, accident_after, accident_at }
    }

    fn stage_name(&self, stage: StageId) -> Option<&'static str> {
        Some(self.plan.lock().expect("no panic").as_ref()?.stage(stage)?.name)
    }

    /// Adds an accident after a stage.
    pub(crate) fn with_accident(self, after: &'static str, accident: impl Fn() + Send + Sync + 'a) -> Self {
        Self { accident: Some((after, Box::new(accident))), ..self }
    }

    /// Adds an accident after a number of steps.
    pub(crate) fn with_accident_after(self, steps: usize, accident: impl Fn() + Send + Sync + 'a) -> Self {
        Self { accident_after: Some((steps, Box::new(accident))), ..self }
    }

    /// Makes a node silent after each step of a kind.
    pub(crate) fn silencing_at(self, node: NodeName, step: At) -> Self {
        let world = self.world;
        Self { accident_at: Some((step, Box::new(move || world.silence(&node)))), ..self }
    }

    /// Makes a node silent after a stage.
    pub(crate) fn silencing(self, node: NodeName, after: &'static str) -> Self {
        let world = self.world;
        self.with_accident(after, move || world.silence(&node))
    }
}

impl Listener for Recorder<'_> {
    fn hear(&self, event: Event) {
        if let Event::StepFinished { step, .. } = &event {
            let plan = self.plan.lock().expect("no panic").clone();
            let done = plan.as_ref().and_then(|plan| plan.step(*step));
            if let (Some(done), Some((is_awaited, accident))) = (done, &self.accident_at)
                && is_awaited(done)
            {
                accident();
            }
            let finished = self.finished.fetch_add(1, Ordering::Relaxed) + 1;
            if self.stop_after == Some(finished) {
                self.world.stop();
            }
            if let Some((_, accident)) = self.accident_after.as_ref().filter(|(steps, _)| *steps == finished)
            {
                accident();
            }
        }
        if let Event::PlanStarted { plan } = &event {
            *self.plan.lock().expect("no panic") = Some(Arc::clone(plan));
        }
        if let (Some((after, accident)), Event::StageFinished { stage, .. }) = (&self.accident, &event)
            && self.stage_name(*stage) == Some(*after)
        {
            accident();
        }
        self.events.lock().expect("no test panics while it listens").push(event);
    }
}
