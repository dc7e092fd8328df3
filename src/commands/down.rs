//! `redisctl down`: removes deployments.

use super::{CommandError, ExitStatus};
use crate::cli::DownArguments;
use crate::deployment::{ConnectedEngine, DeploymentName, Down, Error, Removed};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &DownArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let notices = ui.notices();
    let mut removed = Vec::new();
    for name in chosen(arguments, &engine).await? {
        let down = Down::new(&engine, name.clone()).data(arguments.volumes).timeout(arguments.timeout);
        let parts = match down.listener(&notices).run().await {
            // Another run removed it after it was listed.
            Err(Error::NoSuchDeployment { .. }) if arguments.all => Removed::default(),
            result => result?,
        };
        removed.push((name.to_string(), parts));
    }
    ui.removed(&removed)?;
    Ok(ExitStatus::Done)
}

/// The deployments to remove. A named deployment need not exist yet, because another run of `up` may be starting.
async fn chosen(
    arguments: &DownArguments,
    engine: &ConnectedEngine,
) -> Result<Vec<DeploymentName>, CommandError> {
    let name = arguments.name.name.as_deref();
    if let Some(name) = name.and_then(|name| DeploymentName::new(name).ok()) {
        return Ok(vec![name]);
    }
    if arguments.all {
        return Ok(engine.removable_names().await?);
    }
    Ok(vec![engine.choose(name).await?])
}
