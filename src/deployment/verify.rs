//! Verification of a deployment.

use std::time::Instant;

use futures_util::FutureExt as _;
use rand::RngExt as _;

use super::engine::ConnectedEngine;
use crate::executor::{EngineCalls as _, chain};
use crate::redis::{Servers, check_runner};
use crate::report::CheckResult;
use crate::topology::{Credentials, NodeName, Topology};
use crate::up_result::Verification;
use crate::verify::{REPLACED, REPLACED_PROVES, replaced_engines};

/// Runs every check for the deployment. The keys of the checks are unique to this run.
pub(super) async fn verify(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
    engine: &ConnectedEngine,
) -> Verification {
    let started = Instant::now();
    let unique = format!("redisctl:verify:{:016x}", rand::rng().random::<u64>());
    // The checks concern the servers, so they also run if the engine does not answer.
    let why = |node: NodeName| {
        let api = engine.api.clone();
        async move { api.unavailable(&node).await.ok().flatten() }.boxed()
    };
    let mut report = check_runner::verify(servers, topology, credentials, &unique, &why).await;
    if !topology.replaced.is_empty() {
        let judgement = match engine.api.former_nodes(topology).await {
            Ok(found) => replaced_engines(topology, &found),
            Err(error) => Some(Err(chain(&error))),
        };
        report
            .checks
            .extend(judgement.map(|judgement| CheckResult::of_engines(REPLACED, REPLACED_PROVES, judgement)));
    }
    Verification { report, took: started.elapsed() }
}
