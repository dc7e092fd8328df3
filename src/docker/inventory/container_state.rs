//! The state of a container, from the list of containers.

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};

use crate::observation::ContainerState;

/// The restarts and kills of a container's server since the container's last start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::docker) struct Ends {
    /// How often the engine has restarted the container.
    pub(in crate::docker) restarts: u32,
    /// Whether the kernel killed the server because the container's memory was used up.
    pub(in crate::docker) out_of_memory: bool,
}

/// Whether the engine starts a container again and again. In between, it runs for a moment.
pub(super) fn restarts_in_a_loop(container: &ContainerSummary, ends: Ends) -> bool {
    match state(container.state) {
        ContainerState::Restarting => true,
        ContainerState::Running => {
            ends.restarts > 0 && container.status.as_deref().is_some_and(is_up_for_a_moment)
        }
        ContainerState::Created | ContainerState::Exited | ContainerState::Paused => false,
    }
}

/// Whether a container runs for less than ten seconds, by the engine's clock: `Up 3 seconds`. A container that runs for
/// longer has left the loop: the engine forgets its delay.
pub(super) fn is_up_for_a_moment(status: &str) -> bool {
    const MOMENT: u32 = 10;
    let Some(time) = status.strip_prefix("Up ") else { return false };
    match time.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["Less", "than", "a", "second", ..] => true,
        [number, "second" | "seconds", ..] => number.parse().is_ok_and(|seconds: u32| seconds < MOMENT),
        _ => false,
    }
}

pub(super) fn state(state: Option<ContainerSummaryStateEnum>) -> ContainerState {
    match state {
        Some(ContainerSummaryStateEnum::RUNNING) => ContainerState::Running,
        Some(ContainerSummaryStateEnum::PAUSED) => ContainerState::Paused,
        Some(ContainerSummaryStateEnum::CREATED) => ContainerState::Created,
        Some(ContainerSummaryStateEnum::RESTARTING) => ContainerState::Restarting,
        _ => ContainerState::Exited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_runs_for_a_moment_after_a_restart_is_in_a_loop() {
        let loops = |state: ContainerSummaryStateEnum, status: &str, restarts: u32| {
            let status = Some(status.to_owned());
            let container = ContainerSummary { state: Some(state), status, ..ContainerSummary::default() };
            restarts_in_a_loop(&container, Ends { restarts, out_of_memory: false })
        };
        let running = ContainerSummaryStateEnum::RUNNING;
        assert!(loops(ContainerSummaryStateEnum::RESTARTING, "Restarting (1) 2 seconds ago", 3));
        for (status, restarts, expected) in [
            ("Up Less than a second", 1, true),
            ("Up 1 second", 1, true),
            ("Up 9 seconds (health: starting)", 1, true),
            ("Up 10 seconds", 1, false),
            ("Up About a minute", 4, false),
            ("Up 2 seconds", 0, false),
        ] {
            assert_eq!(loops(running, status, restarts), expected, "{status}");
        }
    }
}
