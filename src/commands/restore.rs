//! `redisctl restore`: loads a snapshot into a deployment.

use super::snapshot::name_and_file;
use super::{CommandError, ExitStatus, warn_if_out_of_reach};
use crate::cli::RestoreArguments;
use crate::deployment::{ConnectedEngine, Restore, SnapshotFile};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &RestoreArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let (name, path) = name_and_file(&arguments.words)?;
    let file = SnapshotFile::check(path)?;
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(name.as_deref()).await?;
    warn_if_out_of_reach(&deployment, ui);
    let renderer = ui.renderer();
    let restore = Restore::new(&deployment, &file).replace(arguments.replace);
    let restored = Box::pin(restore.timeout(arguments.timeout).listener(renderer.as_ref()).run()).await;
    renderer.finish();
    ui.moved(&restored?)?;
    Ok(ExitStatus::Done)
}
