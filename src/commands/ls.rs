//! `redisctl ls`: every deployment on the engine, from labels alone.

use super::{CommandError, Outcome, connected};
use crate::observation::ContainerState;
use crate::status::{DeploymentLine, LineState};
use crate::ui::Ui;

pub(super) async fn run(host: Option<&str>, ui: &Ui) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let on_engine = connected.engine.inventory().await?;
    let lines: Vec<DeploymentLine> = on_engine
        .deployments()
        .into_iter()
        .map(|name| {
            let inventory = on_engine.deployment(&name);
            let containers = inventory.containers.values();
            let running =
                containers.clone().filter(|container| container.state == ContainerState::Running).count();
            let image =
                containers.clone().find_map(|container| Some(container.settings.as_ref()?.image.clone()));
            let nodes = inventory.containers.len();
            DeploymentLine {
                name: name.to_string(),
                kind: inventory.kind,
                state: LineState::of(nodes, running),
                nodes,
                running,
                image: image.unwrap_or_default(),
                ports: inventory.ports.into_iter().collect(),
            }
        })
        .collect();
    ui.deployments(&lines)?;
    Ok(Outcome::Done)
}
