//! The options of [`Up`].

use std::path::PathBuf;
use std::time::Duration;

use super::{EngineChoice, Up};
use crate::deployment::engine::ConnectedEngine;
use crate::event::Listener;
use crate::planner::Forming;
use crate::topology::Replacement;

impl<'a> Up<'a> {
    /// Uses this engine.
    pub fn on(self, engine: &ConnectedEngine) -> Self {
        Self { engine: EngineChoice::Connected(engine.clone()), ..self }
    }

    /// Uses the engine at an address (`unix://…`, `npipe://…`, `tcp://…`, `ssh://…`), if given.
    pub fn at(self, address: Option<&str>) -> Self {
        Self { engine: EngineChoice::Address(address.map(str::to_owned)), ..self }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// The limit of a single wait. Default: [`DEFAULT_TIMEOUT`](crate::deployment::DEFAULT_TIMEOUT).
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Allows `up` to remove parts of the deployment with their data and make them again, if the changes need it.
    pub fn recreate(mut self, recreate: bool) -> Self {
        self.plan.recreate = recreate;
        self
    }

    /// Discards keys that no other node has. Without it, the plan warns about these keys and leaves them alone.
    pub fn discard_keys(mut self, discard: bool) -> Self {
        self.plan.discard_keys = discard;
        self
    }

    /// Keeps the slots of a cluster where clients have moved them; later runs keep them there, too. Without it, they
    /// move back.
    pub fn adopt_slots(self, adopt: bool) -> Self {
        Self { adopt_slots: adopt, ..self }
    }

    /// Rebuilds the nodes of a lost engine on another engine, with new identities. Later runs keep them there.
    pub fn replace_engine(self, replacement: Option<Replacement>) -> Self {
        Self { replacement, ..self }
    }

    /// Whether to verify the deployment at the end. Default: yes.
    pub fn verify(self, verify: bool) -> Self {
        Self { verify, ..self }
    }

    /// Whether to remove the deployment when `up` fails, unless it existed before. Default: no.
    pub fn remove_on_failure(self, remove: bool) -> Self {
        Self { remove_on_failure: remove, ..self }
    }

    /// Writes a failure bundle to a folder: plans, events, logs, states and replies, passwords masked.
    pub fn bundle(self, folder: Option<PathBuf>) -> Self {
        Self { bundle: folder, ..self }
    }

    /// Whether to refuse a deployment that exists already. Default: no, `up` changes it to match its spec.
    pub fn only_new(self, only_new: bool) -> Self {
        Self { only_new, ..self }
    }

    /// Lets the deployment expire after this time from now. Then the next run on the engine removes it. Default: the
    /// deployment keeps the expiry that it has, if any.
    pub fn time_to_live(self, time: Option<Duration>) -> Self {
        Self { time_to_live: time, ..self }
    }

    /// The way to form a new cluster.
    pub(crate) fn forming(mut self, forming: Forming) -> Self {
        self.plan.forming = forming;
        self
    }
}
