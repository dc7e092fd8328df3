//! `redisctl down`: removes deployments, and nothing else.

use super::{CommandError, Outcome, connected, deployment};
use crate::cli::DownArguments;
use crate::docker::remove;
use crate::topology::DeploymentName;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &DownArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let snapshot = connected.engine.snapshot().await?;
    let names: Vec<DeploymentName> = if arguments.all {
        snapshot.deployments().into_iter().collect()
    } else {
        vec![deployment::choose(arguments.name.name.as_deref(), &snapshot)?]
    };
    let mut removed = Vec::new();
    for name in names {
        let parts = snapshot.parts(&name);
        let what = remove::deployment(connected.engine.client(), &name, &parts, arguments.volumes).await?;
        removed.push((name.to_string(), what));
    }
    ui.removed(&removed)?;
    Ok(Outcome::Done)
}
