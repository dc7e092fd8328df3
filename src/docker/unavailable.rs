//! How containers end, and in which other ways they are out of reach.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};

use super::error::is_not_found;
use super::{EngineError, dialect};
use crate::topology::NodeName;

/// How a container ended, if it did; one that the engine starts again and again has ended too, one that
/// is no more, one that is frozen, and one that nobody can reach.
pub(super) async fn why(docker: &Docker, node: &NodeName) -> Result<Option<String>, EngineError> {
    let inspect = match dialect::inspect_container(docker, node.as_str()).await {
        Ok(inspect) => inspect,
        Err(error) if is_not_found(&error) => return Ok(Some("its container was removed".to_owned())),
        Err(error) => return Err(EngineError::call(format!("inspect the container `{node}`"))(error)),
    };
    let cut_off = is_cut_off(&inspect).then(|| "its container is in no network any more".to_owned());
    Ok(end_of(&inspect.state.unwrap_or_default()).or(cut_off))
}

/// Whether a container runs that is in no network, and uses none of another container's.
fn is_cut_off(inspect: &ContainerInspectResponse) -> bool {
    let runs = inspect.state.as_ref().and_then(|state| state.running) == Some(true);
    let networks = inspect.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let mode = inspect.host_config.as_ref().and_then(|settings| settings.network_mode.as_deref());
    let joins = mode.is_some_and(|mode| mode.starts_with("container:"));
    runs && !joins && networks.is_some_and(HashMap::is_empty)
}

/// How a container in this state has ended, if it has.
fn end_of(state: &ContainerState) -> Option<String> {
    let code = state.exit_code.unwrap_or(-1);
    match state.status {
        Some(
            ContainerStateStatusEnum::EXITED
            | ContainerStateStatusEnum::DEAD
            | ContainerStateStatusEnum::RESTARTING,
        ) if state.oom_killed == Some(true) => {
            Some("its container was killed for want of memory: raise `resources.memory`".to_owned())
        }
        Some(
            ContainerStateStatusEnum::EXITED
            | ContainerStateStatusEnum::DEAD
            | ContainerStateStatusEnum::RESTARTING,
        ) => Some(format!("its container ended with exit code {code}")),
        Some(ContainerStateStatusEnum::PAUSED) => Some("its container is paused".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{EndpointSettings, HostConfig, NetworkSettings};

    use super::*;

    #[test]
    fn a_lack_of_memory_is_told_from_other_ends() {
        let end = |status, oom_killed| {
            end_of(&ContainerState {
                status: Some(status),
                oom_killed: Some(oom_killed),
                exit_code: Some(137),
                ..ContainerState::default()
            })
        };
        let killed = end(ContainerStateStatusEnum::EXITED, false);
        assert_eq!(killed.as_deref(), Some("its container ended with exit code 137"));
        for status in [ContainerStateStatusEnum::EXITED, ContainerStateStatusEnum::RESTARTING] {
            assert!(end(status, true).is_some_and(|end| end.contains("raise `resources.memory`")));
        }
        // It may have run out of memory before, and been started again.
        assert_eq!(end(ContainerStateStatusEnum::RUNNING, true), None);
    }

    #[test]
    fn a_container_in_no_network_is_cut_off_unless_it_uses_another_ones() {
        let inspect = |running, mode: &str, networks: &[&str]| ContainerInspectResponse {
            state: Some(ContainerState { running: Some(running), ..ContainerState::default() }),
            host_config: Some(HostConfig { network_mode: Some(mode.to_owned()), ..HostConfig::default() }),
            network_settings: Some(NetworkSettings {
                networks: Some(
                    networks.iter().map(|name| ((*name).to_owned(), EndpointSettings::default())).collect(),
                ),
                ..NetworkSettings::default()
            }),
            ..ContainerInspectResponse::default()
        };
        assert!(is_cut_off(&inspect(true, "shop", &[])));
        assert!(!is_cut_off(&inspect(true, "shop", &["shop"])));
        assert!(!is_cut_off(&inspect(false, "shop", &[])));
        assert!(!is_cut_off(&inspect(true, "container:4f", &[])));
    }
}
