//! Compile-time: what redisctl does may run in a spawned task, on any thread.

use std::sync::Arc;
use std::time::Duration;

use redisctl::docker;
use redisctl::event::Listener;
use redisctl::executor::Executor;
use redisctl::plan::Plan;
use redisctl::redis::presence::{Presence, Worker};
use redisctl::redis::{Servers, probe};
use redisctl::topology::{Credentials, NodeName, Topology};

/// A task owns what it works with, as `tokio::spawn` asks for.
fn assert_spawnable(_: impl Future<Output = ()> + Send + 'static) {}

/// Never called: that it compiles is the test.
#[expect(dead_code, reason = "its types are the test")]
fn a_run_and_its_verification_may_be_spawned(
    engine: docker::Engine,
    topology: Topology,
    credentials: Credentials,
    plan: Plan,
    listener: Box<dyn Listener>,
) {
    assert_spawnable(async move {
        let presence = Presence::new(Worker { began: 1, token: 1 });
        let servers = Servers::new(&topology, &credentials).seen_as(&presence);
        let executor = Executor {
            engine: &engine,
            servers: &servers,
            files: &|_: &[NodeName], _: Option<&NodeName>| Vec::new(),
            replan: &|| Box::pin(async { None }),
            listener: listener.as_ref(),
            timeout: Duration::ZERO,
        };
        let _ = executor.run(&Arc::new(plan)).await;
        servers.claim().await;
        servers.observe(&[]).await;
        probe::verify(&servers, &topology, &credentials, "unique").await;
    });
}
