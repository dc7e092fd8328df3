//! Where other engines differ from Docker in what they answer, and how their answers are read all the same.
//!
//! Podman 4 has words of its own for the states of containers: one that has ended is `stopped` until it has
//! been cleaned up, and for good where that was cut off. A client that knows Docker's words alone can read
//! nothing of a list with such a container in it.

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary, ContainerSummaryStateEnum,
};
use bollard::query_parameters::{InspectContainerOptions, ListContainersOptionsBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Lists all containers, running or not.
///
/// # Errors
/// Where the engine does not answer.
pub(super) async fn list_containers(docker: &Docker) -> Result<Vec<ContainerSummary>, Error> {
    let everything = ListContainersOptionsBuilder::default().all(true).build();
    docker.list_containers(Some(everything)).await.or_else(read_containers)
}

/// Inspects a container.
///
/// # Errors
/// There is none, or the engine does not answer.
pub(super) async fn inspect_container(
    docker: &Docker,
    name: &str,
) -> Result<ContainerInspectResponse, Error> {
    docker.inspect_container(name, None::<InspectContainerOptions>).await.or_else(read_container)
}

/// Reads a list of containers again that could not be read because of a state in it; gives the error back where
/// it is about something else.
fn read_containers(error: Error) -> Result<Vec<ContainerSummary>, Error> {
    read_again(error, |containers| {
        for container in containers.as_array_mut().into_iter().flatten() {
            translate::<ContainerSummaryStateEnum>(container.get_mut("State"));
        }
    })
}

/// Reads an inspected container again that could not be read because of its state; gives the error back where
/// it is about something else.
fn read_container(error: Error) -> Result<ContainerInspectResponse, Error> {
    read_again(error, |container| {
        translate::<ContainerStateStatusEnum>(container.pointer_mut("/State/Status"));
    })
}

/// Reads an answer again that could not be read, after a change to it.
fn read_again<T: DeserializeOwned>(error: Error, change: impl FnOnce(&mut Value)) -> Result<T, Error> {
    let Error::JsonDataError { contents, .. } = &error else { return Err(error) };
    let Ok(mut answer) = serde_json::from_str(contents) else { return Err(error) };
    change(&mut answer);
    serde_json::from_value(answer).map_err(|_| error)
}

/// Puts Docker's word for a state, which `S` knows, into the place of another one.
fn translate<S: DeserializeOwned>(state: Option<&mut Value>) {
    if let Some(state) = state
        && S::deserialize(&*state).is_err()
    {
        *state = dockers_word(state.as_str().unwrap_or_default()).into();
    }
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

    fn unreadable<T: DeserializeOwned + std::fmt::Debug>(contents: &str) -> Error {
        let error = serde_json::from_str::<T>(contents).expect_err("an unknown state");
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
        let containers = read_containers(unreadable::<Vec<ContainerSummary>>(contents)).expect("a list");
        let states: Vec<_> = containers.iter().map(|container| container.state).collect();
        let expected = [
            ContainerSummaryStateEnum::EXITED,
            ContainerSummaryStateEnum::RUNNING,
            ContainerSummaryStateEnum::CREATED,
        ];
        assert_eq!(states, expected.map(Some));

        let error = unreadable::<ContainerInspectResponse>(r#"{"Id":"a","State":{"Status":"stopped"}}"#);
        let container = read_container(error).expect("a container");
        let inspected = container.state.and_then(|state| state.status);
        assert_eq!(inspected, Some(ContainerStateStatusEnum::EXITED));
    }

    #[test]
    fn what_is_no_list_of_containers_stays_an_error() {
        assert!(read_containers(unreadable::<Vec<ContainerSummary>>("{}")).is_err());
        assert!(read_containers(Error::RequestTimeoutError).is_err());
    }
}
