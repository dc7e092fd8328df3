//! The context of a run that brings a deployment back to its stored topology.

use crate::deployment::Error;
use crate::deployment::converge::RunContext;
use crate::deployment::handle::Deployment;
use crate::deployment::observe::observe;
use crate::docker::Engine;
use crate::observation::Observation;
use crate::redis::Servers;
use crate::topology::{Credentials, Node, Topology};

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
        let runs = |node: &Node| Some(observed.containers.get(&node.name)?.image_id.clone());
        let own = |node: &Node| Some((node.own_image.as_ref()?.reference.clone(), runs(node)?));
        let (shared, own_images) = (
            topology.nodes().into_iter().filter(|node| node.own_image.is_none()).find_map(runs),
            topology.nodes().into_iter().filter_map(own).collect::<Vec<_>>(),
        );
        observed.node_images.extend(own_images);
        if let Some(image) = shared {
            observed.image = Some(image);
        }
        Ok(observed)
    }
}
