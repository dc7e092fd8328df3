//! `redisctl gc`: removes the deployments whose time is over.

use super::{CommandError, ExitStatus};
use crate::deployment::ConnectedEngine;
use crate::ui::Ui;

pub(super) async fn run(host: Option<&str>, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let removed = engine.remove_expired(&ui.notices()).await?;
    let removed: Vec<_> = removed.into_iter().map(|(name, parts)| (name.to_string(), parts)).collect();
    ui.removed(&removed)?;
    Ok(ExitStatus::Done)
}
