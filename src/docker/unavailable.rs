//! Why a node's server will never answer, from the state of its container.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};

use super::{EngineError, container};
use crate::topology::NodeName;
use crate::waiting::Unavailable;

/// Why a node's server will never answer; `None` if it may still answer.
pub(super) async fn why(docker: &Docker, node: &NodeName) -> Result<Option<Unavailable>, EngineError> {
    let inspected = container::inspect(docker, node.as_str()).await?;
    Ok(inspected.as_ref().map_or(Some(Unavailable::Removed), reason))
}

fn reason(inspected: &ContainerInspectResponse) -> Option<Unavailable> {
    let state = inspected.state.as_ref()?;
    let restarts = inspected.restart_count.unwrap_or_default();
    reason_of_state(state, restarts).or_else(|| has_no_network(inspected).then_some(Unavailable::NoNetwork))
}

fn reason_of_state(state: &ContainerState, restarts: i64) -> Option<Unavailable> {
    use ContainerStateStatusEnum as Status;
    let code = state.exit_code.unwrap_or(-1);
    match state.status? {
        Status::EXITED | Status::DEAD | Status::RESTARTING if state.oom_killed == Some(true) => {
            Some(Unavailable::OutOfMemory)
        }
        Status::EXITED | Status::DEAD => Some(Unavailable::Exited { code }),
        Status::RESTARTING => Some(Unavailable::Restarting { code, restarts }),
        Status::PAUSED => Some(Unavailable::Paused),
        _ => None,
    }
}

/// Whether a running container has no network, neither its own nor another container's.
fn has_no_network(inspected: &ContainerInspectResponse) -> bool {
    let runs = inspected.state.as_ref().and_then(|state| state.running) == Some(true);
    let networks = inspected.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let mode = inspected.host_config.as_ref().and_then(|settings| settings.network_mode.as_deref());
    let shares = mode.is_some_and(|mode| mode.starts_with("container:"));
    runs && !shares && networks.is_some_and(HashMap::is_empty)
}

#[cfg(test)]
mod tests {
    use bollard::models::{EndpointSettings, HostConfig, NetworkSettings};

    use super::*;

    #[test]
    fn a_lack_of_memory_is_told_from_other_ends() {
        let reason = |status, oom_killed| {
            let state = ContainerState {
                status: Some(status),
                oom_killed: Some(oom_killed),
                exit_code: Some(137),
                ..ContainerState::default()
            };
            reason_of_state(&state, 3)
        };
        let (exited, restarting) = (ContainerStateStatusEnum::EXITED, ContainerStateStatusEnum::RESTARTING);
        assert_eq!(reason(exited, false), Some(Unavailable::Exited { code: 137 }));
        assert_eq!(reason(restarting, false), Some(Unavailable::Restarting { code: 137, restarts: 3 }));
        for status in [exited, restarting] {
            assert_eq!(reason(status, true), Some(Unavailable::OutOfMemory));
        }
        // A restarted container keeps the mark of an earlier lack of memory.
        assert_eq!(reason(ContainerStateStatusEnum::RUNNING, true), None);
    }

    #[test]
    fn a_container_in_no_network_has_no_network_unless_it_uses_another_ones() {
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
        assert!(has_no_network(&inspect(true, "shop", &[])));
        assert!(!has_no_network(&inspect(true, "shop", &["shop"])));
        assert!(!has_no_network(&inspect(false, "shop", &[])));
        assert!(!has_no_network(&inspect(true, "container:4f", &[])));
    }
}
