//! The context of a run that brings a deployment back to its stored topology.

use crate::deployment::Error;
use crate::deployment::converge::RunContext;
use crate::deployment::handle::Deployment;
use crate::deployment::observe::observe;
use crate::docker::Engine;
use crate::observation::Observation;
use crate::redis::Servers;
use crate::topology::{Credentials, Topology};

/// A deployment with its stored topology.
pub(super) struct StoredContext<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) servers: &'a Servers<'a>,
}

impl<'a> RunContext for StoredContext<'a> {
    type Engine = Engine;
    type Servers = Servers<'a>;
    type Error = Error;

    fn engine(&self) -> &Engine {
        &self.deployment.engine().api
    }

    fn servers(&self) -> &Servers<'a> {
        self.servers
    }

    fn topology(&self) -> &Topology {
        self.deployment.topology()
    }

    fn credentials(&self) -> &Credentials {
        self.deployment.credentials()
    }

    async fn observe(&self, _: bool) -> Result<Observation, Error> {
        let (topology, credentials) = (self.topology(), self.credentials());
        let stored = Some((topology, credentials));
        let (learned, engine) = (self.deployment.learned(), self.deployment.engine());
        let mut observed = observe(topology, credentials, stored, learned, engine, self.servers).await?;
        // The name of the image may mean another image by now. A reset keeps the containers as they are.
        if let Some(runs) = observed.containers.values().next() {
            observed.image = Some(runs.image_id.clone());
        }
        Ok(observed)
    }
}
