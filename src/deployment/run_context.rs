//! The context of a convergence on a real engine.

use super::Error;
use super::converge::{ConvergeError, RunContext};
use super::engine::ConnectedEngine;
use super::target::Target;
use crate::docker::Engine;
use crate::observation::Observation;
use crate::redis::Servers;
use crate::topology::files::File;
use crate::topology::{Credentials, Topology};

/// A deployment on a real engine that this run may change.
pub(super) struct EngineRunContext<'a> {
    pub(super) target: &'a Target,
    pub(super) engine: &'a ConnectedEngine,
    pub(super) servers: &'a Servers<'a>,
}

impl<'a> RunContext for EngineRunContext<'a> {
    type Engine = Engine;
    type Servers = Servers<'a>;
    type Error = Error;

    fn engine(&self) -> &Engine {
        &self.engine.api
    }

    fn servers(&self) -> &Servers<'a> {
        self.servers
    }

    fn topology(&self) -> &Topology {
        &self.target.topology
    }

    fn credentials(&self) -> &Credentials {
        &self.target.credentials
    }

    fn module_files(&self) -> &[File] {
        &self.target.module_files
    }

    fn first_files(&self) -> &[File] {
        &self.target.first_files
    }

    async fn observe(&self, written: bool) -> Result<Observation, Error> {
        self.target.observe(self.engine, self.servers, written).await
    }
}

impl EngineRunContext<'_> {
    /// The error of a convergence on this context.
    pub(super) fn error(&self, error: ConvergeError<Error>) -> Error {
        Error::of_convergence(&self.target.topology.name, error)
    }
}
