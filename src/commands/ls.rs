//! `redisctl ls`: every deployment of the engine, from labels alone.

use super::{CommandError, ExitStatus};
use crate::deployment::ConnectedEngine;
use crate::ui::Ui;

pub(super) async fn run(host: Option<&str>, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    ui.deployments(&engine.deployments().await?)?;
    Ok(ExitStatus::Done)
}
