//! Differences between Docker and other engines.
//!
//! Podman 4 has other names for the states of containers. An exited container is `stopped` until Podman has cleaned
//! it up. bollard knows only Docker's names, and cannot parse a list with another name.
//!
//! Podman 4 also fails to stop or remove a container whose server ends at the same moment. redisctl repeats both
//! calls while the engine answers with an internal error.

use std::future::Future;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary, ContainerSummaryStateEnum,
};
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, RemoveContainerOptions, StopContainerOptions,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::response::is_internal;
use crate::poll::Wait;

/// How long redisctl repeats a call that ends in an internal error. The cause disappears within tenths of a second,
/// or within seconds on a busy machine.
const REPEAT_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait before a call is repeated.
const REPEAT_INTERVAL: Duration = Duration::from_millis(100);

/// Lists all containers, running or not.
///
/// # Errors
/// The engine does not answer.
pub(super) async fn list_containers(docker: &Docker) -> Result<Vec<ContainerSummary>, Error> {
    let everything = ListContainersOptionsBuilder::default().all(true).build();
    docker.list_containers(Some(everything)).await.or_else(read_containers)
}

/// Inspects a container.
///
/// # Errors
/// The container does not exist, or the engine does not answer.
pub(super) async fn inspect_container(
    docker: &Docker,
    name: &str,
) -> Result<ContainerInspectResponse, Error> {
    docker.inspect_container(name, None::<InspectContainerOptions>).await.or_else(read_container)
}

/// Whether the engine runs health checks by itself. Podman leaves them to systemd, and does not start a container with
/// a health check on a machine without systemd.
pub(super) async fn checks_health(docker: &Docker) -> bool {
    let components = docker.version().await.ok().and_then(|version| version.components).unwrap_or_default();
    !components.iter().any(|component| component.name.contains("Podman"))
}

/// Stops a container.
///
/// # Errors
/// The container does not exist or cannot be stopped, or the engine does not answer.
pub(super) async fn stop_container(
    docker: &Docker,
    name: &str,
    options: StopContainerOptions,
) -> Result<(), Error> {
    repeat(|| docker.stop_container(name, Some(options.clone()))).await
}

/// Removes a container.
///
/// # Errors
/// The container does not exist or cannot be removed, or the engine does not answer.
pub(super) async fn remove_container(
    docker: &Docker,
    name: &str,
    options: RemoveContainerOptions,
) -> Result<(), Error> {
    repeat(|| docker.remove_container(name, Some(options.clone()))).await
}

/// Repeats a call while the engine answers with an internal error, until the time is over.
async fn repeat<T, C: Future<Output = Result<T, Error>>>(call: impl Fn() -> C) -> Result<T, Error> {
    let wait = Wait::new("the engine to answer without an internal error", REPEAT_LIMIT, REPEAT_INTERVAL);
    loop {
        match call().await {
            Err(error) if is_internal(&error) => {
                if wait.pause().await.is_err() {
                    return Err(error);
                }
            }
            result => return result,
        }
    }
}

/// Parses a list of containers that bollard could not parse because of a state. Returns all other errors.
fn read_containers(error: Error) -> Result<Vec<ContainerSummary>, Error> {
    read_again(error, |containers| {
        for container in containers.as_array_mut().into_iter().flatten() {
            translate::<ContainerSummaryStateEnum>(container.get_mut("State"));
        }
    })
}

/// Parses an inspected container that bollard could not parse because of its state. Returns all other errors.
fn read_container(error: Error) -> Result<ContainerInspectResponse, Error> {
    read_again(error, |container| {
        translate::<ContainerStateStatusEnum>(container.pointer_mut("/State/Status"));
    })
}

/// Changes an answer that bollard could not parse, and parses it again.
fn read_again<T: DeserializeOwned>(error: Error, change: impl FnOnce(&mut Value)) -> Result<T, Error> {
    let Error::JsonDataError { contents, .. } = &error else { return Err(error) };
    let Ok(mut answer) = serde_json::from_str(contents) else { return Err(error) };
    change(&mut answer);
    serde_json::from_value(answer).map_err(|_| error)
}

/// Replaces a state that `S` does not know by Docker's name for it.
fn translate<S: DeserializeOwned>(state: Option<&mut Value>) {
    if let Some(state) = state
        && S::deserialize(&*state).is_err()
    {
        *state = dockers_word(state.as_str().unwrap_or_default()).into();
    }
}

/// Docker's name for a state of Podman.
fn dockers_word(state: &str) -> &'static str {
    match state {
        "configured" | "initialized" => "created",
        _ => "exited",
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

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

    fn answered(status_code: u16) -> Error {
        Error::DockerResponseServerError { status_code, message: "an answer".to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_the_engine_fails_to_carry_out_is_made_again() {
        let calls = Cell::new(0);
        let result = repeat(async || {
            calls.set(calls.get() + 1);
            if calls.get() < 4 { Err(answered(500)) } else { Ok(calls.get()) }
        });
        assert!(matches!(result.await, Ok(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_cannot_be_carried_out_ends_with_the_engines_answer() {
        let started = Instant::now();
        let result: Result<(), _> = repeat(async || Err(answered(500))).await;
        assert!(result.is_err_and(|error| is_internal(&error)));
        assert!(started.elapsed() >= REPEAT_LIMIT && started.elapsed() < REPEAT_LIMIT * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_engine_refuses_is_not_asked_again() {
        let calls = Cell::new(0);
        let result: Result<(), _> = repeat(async || {
            calls.set(calls.get() + 1);
            Err(answered(409))
        })
        .await;
        assert!(result.is_err());
        assert_eq!(calls.get(), 1);
    }
}
