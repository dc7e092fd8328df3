//! `redisctl status`: the present state of a deployment.

use super::{CommandError, ExitStatus, warn_if_out_of_reach, watch};
use crate::cli::StatusArguments;
use crate::deployment::ConnectedEngine;
use crate::status::DeploymentState;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &StatusArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    if arguments.watch {
        return Box::pin(watch::run(deployment, arguments.interval, ui)).await;
    }
    let status = deployment.status().await?;
    ui.status(&status)?;
    let is_ready = status.state == DeploymentState::Ready;
    Ok(if is_ready || !arguments.exit_code { ExitStatus::Done } else { ExitStatus::NotReady })
}
