//! `redisctl start`, `stop`, `restart`, `kill`, `pause` and `unpause`: changes nodes on purpose.

use std::time::Duration;

use super::interruption::Interruption;
use super::{CommandError, ExitStatus};
use crate::cli::NodeArguments;
use crate::deployment::{ConnectedEngine, NodeChange, NodeVerb, NodesChanged};
use crate::ui::Ui;

/// Changes nodes; with `time`, puts them back after it, or after an interruption.
pub(super) async fn run(
    verb: NodeVerb,
    arguments: &NodeArguments,
    time: Option<Duration>,
    interruption: &Interruption,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let deployment = engine.deployment(arguments.name.as_deref()).await?;
    let renderer = ui.renderer();
    let change = NodeChange::new(&deployment, verb)
        .nodes(&arguments.nodes)?
        .role(arguments.role.map(Into::into))
        .shard(arguments.shard)
        .key(arguments.key.clone())
        .wait(!arguments.no_wait)
        .timeout(arguments.timeout)
        .listener(renderer.as_ref());
    let result = match time {
        None => Box::pin(change.run()).await,
        Some(time) => {
            let tell = |changed: &NodesChanged| {
                renderer.finish();
                // The nodes are put back, even if nobody reads the output.
                drop(ui.nodes_changed_so_far(changed));
            };
            Box::pin(change.run_for(time, interruption.heed(), &tell)).await
        }
    };
    renderer.finish();
    let changed = result?;
    match &changed.put_back {
        Some(back) if !ui.is_json() => ui.nodes_changed(back)?,
        None if time.is_some() && !ui.is_json() => {}
        _ => ui.nodes_changed(&changed)?,
    }
    Ok(if changed.is_unsettled() { ExitStatus::NotReady } else { ExitStatus::Done })
}
