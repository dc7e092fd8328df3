//! The program as on Windows: an engine over TCP, and an engine over a named pipe. On other systems, `.ci/windows`
//! runs these tests under wine.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use tokio::net::TcpStream;
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

use crate::support::{Deployment, fail_with, redisctl, succeed};

/// `--host` for a pipe of these tests.
const PIPE: &str = "npipe:////./pipe/redisctl_test_engine";

/// The engine that `DOCKER_HOST` names, which must be one over TCP without TLS.
fn engine() -> SocketAddr {
    let host = std::env::var("DOCKER_HOST").expect("DOCKER_HOST names the engine");
    let address = host.strip_prefix("tcp://").and_then(|address| address.parse().ok());
    address.unwrap_or_else(|| panic!("`{host}` is not `tcp://ADDRESS:PORT`"))
}

/// Serves the engine on a named pipe, as Docker Desktop does, until the tests end.
fn serve_pipe(engine: SocketAddr) {
    let name = PIPE.trim_start_matches("npipe://").replace('/', "\\");
    let (ready, is_ready) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let mut pipe = ServerOptions::new().first_pipe_instance(true).create(&name).expect("a pipe");
            ready.send(()).expect("somebody waits for the pipe");
            loop {
                pipe.connect().await.expect("a client of the pipe");
                // An instance must always be free, otherwise clients find no pipe.
                let next = ServerOptions::new().create(&name).expect("another instance of the pipe");
                tokio::spawn(forward(std::mem::replace(&mut pipe, next), engine));
            }
        });
    });
    is_ready.recv().expect("the pipe is served");
}

/// Forwards bytes in both directions until a side ends. If a connection breaks, the client reports it.
async fn forward(mut pipe: NamedPipeServer, engine: SocketAddr) {
    if let Ok(mut connection) = TcpStream::connect(engine).await {
        let _ = tokio::io::copy_bidirectional(&mut pipe, &mut connection).await;
    }
}

/// A cluster is brought up, verified and removed. `host` is `--host`, otherwise the environment decides.
fn a_cluster_comes_and_goes(test: &str, host: &[&str]) {
    let deployment = Deployment::new(test);
    let told = deployment.up("cluster", host);
    assert!(told.contains(" --format powershell | Out-String | Invoke-Expression"), "{told}");

    let run = |arguments: &[&str]| redisctl(&[arguments, host].concat());
    let verified = succeed(&run(&["verify", &deployment.name]));
    assert!(verified.contains("passed"), "{verified}");
    let status = succeed(&run(&["status", &deployment.name]));
    assert!(status.contains("ready"), "{status}");
    assert!(!status.contains('\r'), "lines end as everywhere: {status:?}");
    assert_eq!(deployment.changes("cluster", host), 0);

    succeed(&run(&["down", &deployment.name]));
    let listed = succeed(&run(&["ls"]));
    assert!(!listed.contains(&deployment.name), "{listed}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn over_tcp() {
    a_cluster_comes_and_goes("windows-tcp", &[]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn over_a_named_pipe() {
    serve_pipe(engine());
    a_cluster_comes_and_goes("windows-pipe", &["--host", PIPE]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_image_of_this_machine_is_refused() {
    let deployment = Deployment::new("windows-host-image");
    let told = fail_with(&deployment.run("up", "standalone", &["--image", "host"]), 1);
    assert!(told.contains("this machine runs windows"), "{told}");
}
