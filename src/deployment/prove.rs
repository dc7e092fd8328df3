//! Verification of a deployment.

use std::time::Instant;

use rand::RngExt as _;

use crate::redis::{Servers, probe};
use crate::topology::{Credentials, Topology};
use crate::up_result::Verification;

/// Runs every check that fits the deployment. The keys of the checks are unique to this run.
pub(super) async fn verify(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
) -> Verification {
    let started = Instant::now();
    let unique = format!("redisctl:verify:{:016x}", rand::rng().random::<u64>());
    let report = probe::verify(servers, topology, credentials, &unique).await;
    Verification { report, took: started.elapsed() }
}
