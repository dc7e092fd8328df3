//! `redisctl ls`: every deployment of an engine, from labels alone, or of several engines.

use super::{CommandError, ExitStatus};
use crate::cli::LsArguments;
use crate::deployment::{ConnectedEngine, EngineListing};
use crate::topology::EngineReference;
use crate::ui::Ui;

pub(super) async fn run(
    hosts: &[String],
    arguments: &LsArguments,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let of_hosts = hosts.iter().cloned().map(EngineReference::Host);
    let engines: Vec<EngineReference> =
        of_hosts.chain(arguments.context.iter().cloned().map(EngineReference::Context)).collect();
    let deployments = match engines.as_slice() {
        [] => ConnectedEngine::connect(None).await?.deployments().await?,
        [EngineReference::Host(host)] => ConnectedEngine::connect(Some(host)).await?.deployments().await?,
        several => {
            let EngineListing { deployments, lost } = Box::pin(EngineListing::of(several)).await?;
            for engine in &lost {
                ui.warning(&engine.to_string());
            }
            deployments
        }
    };
    ui.deployments(&deployments)?;
    Ok(ExitStatus::Done)
}
