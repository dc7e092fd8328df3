//! `redisctl verify`: verifies a deployment.

use super::junit_file::JunitFile;
use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::VerifyArguments;
use crate::deployment::ConnectedEngine;
use crate::junit;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &VerifyArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let junit = arguments.junit.as_deref().map(JunitFile::create).transpose()?;
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    let verification = deployment.verify().await;
    // A server that was killed may run again, and pass every check.
    for warning in deployment.memory_kills().await.unwrap_or_default() {
        ui.warning(&warning.to_string());
    }
    if let Some(file) = junit {
        file.write(&junit::of_verification(&verification))?;
    }
    ui.checks(&verification, arguments.explain)?;
    Ok(ExitStatus::from(&verification))
}
