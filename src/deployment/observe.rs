//! Observes a deployment: the present answers of engine and servers.

use std::time::Duration;

use super::Error;
use super::engine::ConnectedEngine;
use crate::arrangement::Arrangement;
use crate::observation::Observation;
use crate::poll::Wait;
use crate::redis::Servers;
use crate::topology::{Credentials, Learned, Topology};

/// The time limit of repeated observations while roles change. A failover shows a shard without a primary for less
/// time. Gossip reaches a small cluster in less time, too.
const MOTION: Duration = Duration::from_secs(2);

/// The interval of these observations.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Observes a deployment with its wanted topology and credentials. `stored` is the topology of the last `up`;
/// `learned` are facts about directives.
pub(super) async fn observe(
    topology: &Topology,
    credentials: &Credentials,
    stored: Option<(&Topology, &Credentials)>,
    learned: &Learned,
    engine: &ConnectedEngine,
    servers: &Servers<'_>,
) -> Result<Observation, Error> {
    let on_engine = engine.api.inventory().await?;
    let mut observed = engine.api.observe(topology, &on_engine).await?;
    observed.learned = learned.clone();
    if let Some((stored, before)) = stored {
        observed.stored = Some(Box::new(stored.clone()));
        observed.changed_passwords = credentials.changed_since(before);
        if let (Some(now), Some(before)) = (&credentials.certificates, &before.certificates) {
            observed.renewed_certificates = now.renewed_since(before, topology);
            observed.changed_authority = now.authority() != before.authority();
        }
    }
    servers.leaving(&observed.leaving(topology));
    let running = observed.running(topology);
    let wait = Wait::new("the roles to settle", MOTION, POLL_INTERVAL);
    loop {
        observed.servers = servers.observe(&running).await;
        let is_settled = !Arrangement::new(topology, &observed).is_in_motion();
        if is_settled || wait.pause().await.is_err() {
            break;
        }
    }
    observed.strangers = servers.strangers(observed.slot_owners_besides(topology)).await;
    Ok(observed)
}

/// Observes a deployment that will not be changed.
pub(super) async fn observe_stored(
    topology: &Topology,
    engine: &ConnectedEngine,
    servers: &Servers<'_>,
) -> Result<Observation, Error> {
    let on_engine = engine.api.inventory().await?;
    let mut observed = engine.api.observe(topology, &on_engine).await?;
    observed.servers = servers.observe(&observed.running(topology)).await;
    observed.stored = Some(Box::new(topology.clone()));
    Ok(observed)
}
