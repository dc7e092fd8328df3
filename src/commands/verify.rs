//! `redisctl verify`: verifies a deployment.

use super::{CommandError, ExitStatus};
use crate::cli::VerifyArguments;
use crate::deployment::ConnectedEngine;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &VerifyArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.name.as_deref()).await?;
    let verification = deployment.verify().await;
    ui.checks(&verification, arguments.explain)?;
    Ok(ExitStatus::from(&verification))
}
