//! `redisctl start`, `stop`, `restart`, `kill`, `pause` and `unpause`: changes nodes on purpose.

use super::{CommandError, ExitStatus};
use crate::cli::NodeArguments;
use crate::deployment::{ConnectedEngine, NodeChange, NodeVerb};
use crate::ui::Ui;

pub(super) async fn run(
    verb: NodeVerb,
    arguments: &NodeArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.as_deref()).await?;
    let renderer = ui.renderer();
    let change = NodeChange::new(&deployment, verb).nodes(&arguments.nodes)?;
    let changed = Box::pin(change.timeout(arguments.timeout).listener(renderer.as_ref()).run()).await;
    renderer.finish();
    ui.nodes_changed(&changed?)?;
    Ok(ExitStatus::Done)
}
