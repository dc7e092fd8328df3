//! `redisctl status`: the state of a deployment right now.

use super::{CommandError, ExitStatus};
use crate::cli::NameArgument;
use crate::deployment::ConnectedEngine;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &NameArgument,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.as_deref()).await?;
    ui.status(&deployment.status().await?)?;
    Ok(ExitStatus::Done)
}
