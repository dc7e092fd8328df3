//! `redisctl verify`: proves that a deployment works.

use rand::RngExt as _;

use super::{CommandError, Outcome, connected, deployment};
use crate::cli::VerifyArguments;
use crate::redis::{Servers, probe};
use crate::report::Report;
use crate::topology::{Credentials, Topology};
use crate::ui::Ui;

pub(super) async fn run(arguments: &VerifyArguments, host: Option<&str>, ui: &Ui) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let found = deployment::open(arguments.name.name.as_deref(), &connected).await?;
    let servers = Servers::new(&found.topology, &found.credentials);
    let report = report(&servers, &found.topology, &found.credentials).await;
    ui.report(&report, arguments.explain)?;
    Ok(outcome(&report))
}

/// Runs every check that fits, with keys that nobody else uses.
pub(super) async fn report(servers: &Servers<'_>, topology: &Topology, credentials: &Credentials) -> Report {
    let unique = format!("redisctl:verify:{:016x}", rand::rng().random::<u64>());
    probe::verify(servers, topology, credentials, &unique).await
}

/// How a command that ends with a report ends.
pub(super) fn outcome(report: &Report) -> Outcome {
    if report.failed() == 0 { Outcome::Done } else { Outcome::ChecksFailed }
}
