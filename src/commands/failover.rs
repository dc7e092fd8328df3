//! `redisctl failover`: swaps primaries with replicas on purpose.

use super::{CommandError, ExitStatus};
use crate::cli::FailoverArguments;
use crate::deployment::{ConnectedEngine, Failover};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &FailoverArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.as_deref()).await?;
    let renderer = ui.renderer();
    let failover = Failover::new(&deployment)
        .shard(arguments.shard)
        .key(arguments.key.clone())
        .timeout(arguments.timeout)
        .listener(renderer.as_ref());
    let done = Box::pin(failover.run()).await;
    renderer.finish();
    let done = done?;
    ui.failed_over(&done)?;
    Ok(if done.is_unsettled() { ExitStatus::NotReady } else { ExitStatus::Done })
}
