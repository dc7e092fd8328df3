//! `redisctl verify`: proves that a deployment works.

use std::time::Instant;

use rand::RngExt as _;

use super::{CommandError, Outcome, connected, deployment};
use crate::cli::VerifyArguments;
use crate::redis::{Servers, probe};
use crate::topology::{Credentials, Topology};
use crate::ui::{Ui, Verified};

pub(super) async fn run(
    arguments: &VerifyArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let found = deployment::open(arguments.name.name.as_deref(), &connected).await?;
    let servers = Servers::new(&found.topology, &found.credentials);
    let verified = verified(&servers, &found.topology, &found.credentials).await;
    ui.checks(&verified, arguments.explain)?;
    Ok(outcome(&verified))
}

/// Runs every check that fits, with keys that nobody else uses.
pub(super) async fn verified(
    servers: &Servers<'_>,
    topology: &Topology,
    credentials: &Credentials,
) -> Verified {
    let started = Instant::now();
    let unique = format!("redisctl:verify:{:016x}", rand::rng().random::<u64>());
    let report = probe::verify(servers, topology, credentials, &unique).await;
    Verified { report, took: started.elapsed() }
}

/// How a command that ends with a verification ends.
pub(super) fn outcome(verified: &Verified) -> Outcome {
    if verified.report.failed() == 0 { Outcome::Done } else { Outcome::ChecksFailed }
}
