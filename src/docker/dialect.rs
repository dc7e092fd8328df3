//! Where other engines differ from Docker in what they answer, and how their answers are read all the same.
//!
//! Podman 4 has words of its own for the states of containers: one that has ended is `stopped` until it has
//! been cleaned up, and for good where that was cut off. A client that knows Docker's words alone can read
//! nothing of a list with such a container in it.

use bollard::errors::Error;
use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use serde_json::Value;

/// Reads a list of containers again that could not be read because of a state in it.
///
/// # Errors
/// The error as it was, where it is about something else.
pub(super) fn read_containers(error: Error) -> Result<Vec<ContainerSummary>, Error> {
    let Error::JsonDataError { contents, .. } = &error else { return Err(error) };
    let Ok(mut containers) = serde_json::from_str::<Vec<Value>>(contents) else { return Err(error) };
    for state in containers.iter_mut().filter_map(|container| container.get_mut("State")) {
        if serde_json::from_value::<ContainerSummaryStateEnum>(state.clone()).is_err() {
            *state = dockers_word(state.as_str().unwrap_or_default()).into();
        }
    }
    serde_json::from_value(containers.into()).map_err(|_| error)
}

/// Docker's word for one of Podman's states.
fn dockers_word(state: &str) -> &'static str {
    match state {
        "configured" | "initialized" => "created",
        _ => "exited",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreadable(contents: &str) -> Error {
        let error = serde_json::from_str::<Vec<ContainerSummary>>(contents).expect_err("an unknown state");
        Error::JsonDataError {
            message: error.to_string(),
            contents: contents.to_owned(),
            column: error.column(),
        }
    }

    #[test]
    fn podmans_states_are_read_as_dockers() {
        let contents =
            r#"[{"Id":"a","State":"stopped"},{"Id":"b","State":"running"},{"Id":"c","State":"initialized"}]"#;
        let containers = read_containers(unreadable(contents)).expect("a list");
        let states: Vec<_> = containers.iter().map(|container| container.state).collect();
        let expected = [
            ContainerSummaryStateEnum::EXITED,
            ContainerSummaryStateEnum::RUNNING,
            ContainerSummaryStateEnum::CREATED,
        ];
        assert_eq!(states, expected.map(Some));
    }

    #[test]
    fn what_is_no_list_of_containers_stays_an_error() {
        assert!(read_containers(unreadable("{}")).is_err());
        assert!(read_containers(Error::RequestTimeoutError).is_err());
    }
}
