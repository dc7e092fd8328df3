//! Engines that do not run, that refuse a connection, or that redisctl cannot use.

use std::path::PathBuf;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::docker::location::AddressOrigin;

fn location(address: EngineAddress) -> EngineLocation {
    EngineLocation { address, origin: AddressOrigin::Flag }
}

/// Tries to connect to an engine that answers every request with `response`.
async fn connect_to_server(response: &'static str) -> Result<Docker, ConnectError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let length = connection.read(&mut request).await.unwrap();
        assert!(request[..length].starts_with(b"GET /version"));
        connection.write_all(response.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
    });
    let result = connect(&location(EngineAddress::Tcp { host: "127.0.0.1".into(), port })).await;
    server.await.unwrap();
    result
}

fn reason_of(result: Result<Docker, ConnectError>) -> UnreachableReason {
    match result.unwrap_err() {
        ConnectError::Unreachable { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_missing_socket_is_told_with_its_origin() {
    let missing = location(EngineAddress::Unix("/nowhere/docker.sock".into()));
    let error = connect(&missing).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot reach the engine at `unix:///nowhere/docker.sock` (from `--host`)");
    assert!(error.hint().contains("start"), "{}", error.hint());
    assert_eq!(reason_of(Err(error)), UnreachableReason::NotRunning);
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_an_engine_that_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());

    let result = connect(&location(EngineAddress::Unix(path))).await;
    assert_eq!(reason_of(result), UnreachableReason::NotRunning);
}

#[tokio::test]
async fn a_refused_connection_is_an_engine_that_does_not_run() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);

    let result = connect(&location(EngineAddress::Tcp { host: "127.0.0.1".into(), port })).await;
    assert_eq!(reason_of(result), UnreachableReason::NotRunning);
}

#[tokio::test]
async fn an_unknown_host_is_no_matter_of_tls() {
    let address = EngineAddress::Tcp { host: "engine.invalid".into(), port: 2375 };
    let error = connect(&location(address)).await.unwrap_err();
    assert!(error.hint().starts_with("check that the engine listens at"), "{}", error.hint());
    assert_eq!(reason_of(Err(error)), UnreachableReason::NoConnection);
}

#[tokio::test]
async fn an_http_error_is_told_from_silence() {
    let result = connect_to_server(
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 48\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    )
    .await;
    let error = result.unwrap_err();
    assert!(error.hint().contains("DOCKER_TLS_VERIFY"), "{}", error.hint());
    assert_eq!(reason_of(Err(error)), UnreachableReason::HttpStatus);
}

#[tokio::test]
async fn an_old_engine_is_refused_with_its_version() {
    let result = connect_to_server(
        "HTTP/1.1 200 OK\r\ncontent-length: 36\r\n\r\n{\"ApiVersion\":\"1.40\",\"Os\":\"linux\"}  ",
    )
    .await;
    assert!(matches!(result, Err(ConnectError::TooOld { found, .. }) if found == "1.40"));
}

#[tokio::test]
async fn an_engine_for_windows_containers_is_refused() {
    let result = connect_to_server(
        "HTTP/1.1 200 OK\r\ncontent-length: 36\r\n\r\n{\"ApiVersion\":\"1.45\",\"Os\":\"windows\"}",
    )
    .await;
    assert!(matches!(result, Err(ConnectError::NotLinux { system, .. }) if system == "windows"));
}

#[tokio::test]
async fn an_engine_that_is_new_enough_is_taken() {
    let result = connect_to_server(
        "HTTP/1.1 200 OK\r\ncontent-length: 36\r\n\r\n{\"ApiVersion\":\"1.41\",\"Os\":\"linux\"}  ",
    )
    .await;
    assert_eq!(result.unwrap().timeout(), REQUEST_TIMEOUT);
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_for_windows() {
    let result = connect(&location(EngineAddress::Pipe("//./pipe/docker_engine".into()))).await;
    assert!(matches!(result, Err(ConnectError::Unsupported { .. })));
}

#[test]
fn a_denied_socket_is_told_from_a_missing_one() {
    let error = std::io::Error::from(ErrorKind::PermissionDenied);
    assert_eq!(reason(&error.into()), UnreachableReason::Permission);
}

#[test]
fn hints_fit_the_platform() {
    let socket = EngineAddress::Unix(PathBuf::from("/var/run/docker.sock"));
    for (reason, system, expected) in [
        (UnreachableReason::NotRunning, "linux", "systemctl start docker"),
        (UnreachableReason::NotRunning, "macos", "Colima"),
        (UnreachableReason::NotRunning, "windows", "Docker Desktop"),
        (UnreachableReason::Permission, "linux", "group `docker`"),
        (UnreachableReason::Permission, "macos", "let this user"),
    ] {
        let hint = unreachable_hint(&socket, reason, system);
        assert!(hint.contains(expected), "{reason:?} {system}: {hint}");
    }
}

#[test]
fn versions_compare_as_numbers() {
    let version = |text| ApiVersion::parse(text).unwrap();
    assert!(version("1.9") < version("1.41"));
    assert!(version("2.0") > OLDEST_API);
    assert_eq!(ApiVersion::parse("latest"), None);
}
