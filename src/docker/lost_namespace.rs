//! Containers that have lost the network namespace which they share with the anchor container.
//!
//! Each start of the anchor creates a new namespace. A container that was started before stays in the old namespace
//! until its restart. The old namespace has no network.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::Docker;
use futures_util::future::try_join_all;

use super::timestamp::since_1970;
use super::{EngineError, container};
use crate::observation::{ContainerState, ObservedContainer};
use crate::topology::NodeName;
use crate::topology::container::Namespace;

/// Marks running containers as detached if they have lost the namespace of their anchor.
pub(super) async fn mark_detached(
    docker: &Docker,
    containers: &mut BTreeMap<NodeName, ObservedContainer>,
) -> Result<(), EngineError> {
    if !containers.values().any(|container| joined(container).is_some()) {
        return Ok(());
    }
    let ask = |name: &NodeName| {
        let name = name.clone();
        async move { Ok::<_, EngineError>((name.clone(), started(docker, &name).await?)) }
    };
    let started: BTreeMap<NodeName, Option<Duration>> =
        try_join_all(containers.keys().map(ask)).await?.into_iter().collect();
    let since = |name: &NodeName| started.get(name).copied().flatten();
    for (name, container) in containers.iter_mut() {
        let Some(anchor) = joined(container) else { continue };
        let runs = matches!(container.state, ContainerState::Running | ContainerState::Paused);
        // While the anchor does not run, no container has a network.
        container.attached = !runs || since(anchor).is_some_and(|anchor| Some(anchor) <= since(name));
    }
    Ok(())
}

/// The anchor that a container shares its namespace with.
fn joined(container: &ObservedContainer) -> Option<&NodeName> {
    match &container.settings.as_ref()?.network {
        Namespace::Of { anchor, .. } => Some(anchor),
        Namespace::Own { .. } | Namespace::AtEngine { .. } => None,
    }
}

/// The last start of a running container, as time since 1970.
async fn started(docker: &Docker, name: &NodeName) -> Result<Option<Duration>, EngineError> {
    let inspected = container::inspect(docker, name.as_str()).await?;
    let state = inspected.and_then(|inspected| inspected.state).filter(|state| state.running == Some(true));
    Ok(state.and_then(|state| since_1970(&state.started_at?)))
}
