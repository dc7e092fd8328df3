//! A test at compile time: the library's futures may run in a spawned task, on any thread.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use redisctl::docker::connect::connect;
use redisctl::docker::location::EngineLocation;
use redisctl::docker::logs::LogPart;
use redisctl::docker::{self, engine_info, evidence, host_image, image, lease};
use redisctl::event::Listener;
use redisctl::executor::Executor;
use redisctl::plan::Plan;
use redisctl::redis::{Servers, check_runner};
use redisctl::topology::{Credentials, NodeName, Topology};

/// A task owns its data, as `tokio::spawn` requires.
fn assert_spawnable(_: impl Future<Output = ()> + Send + 'static) {}

/// Never called: it only has to compile.
#[expect(dead_code, reason = "its types are the test")]
fn a_run_and_its_verification_may_be_spawned(
    engine: docker::Engine,
    topology: Topology,
    credentials: Credentials,
    plan: Plan,
    listener: Box<dyn Listener>,
) {
    assert_spawnable(async move {
        let servers = Servers::new(&topology, &credentials);
        let executor = Executor {
            engine: &engine,
            servers: &servers,
            files: &|_: &[NodeName], _: Option<&NodeName>| Vec::new(),
            replan: &|| Box::pin(async { None }),
            listener: listener.as_ref(),
            timeout: Duration::ZERO,
        };
        let _ = executor.run(&Arc::new(plan)).await;
        servers.observe(&[]).await;
        check_runner::verify(&servers, &topology, &credentials, "unique", &|_| {
            Box::pin(std::future::ready(None))
        })
        .await;
    });
}

/// Never called: it only has to compile.
#[expect(dead_code, reason = "its types are the test")]
fn calls_of_the_engine_may_be_spawned(
    location: EngineLocation,
    topology: Topology,
    node: NodeName,
    listener: Box<dyn Listener>,
) {
    assert_spawnable(async move {
        let Ok(client) = connect(&location).await else { return };
        let engine = docker::Engine::new(client);
        let (client, name) = (engine.client(), &topology.name);
        let Ok(on_engine) = engine.inventory().await else { return };
        let _ = engine.settle_after_killed_run(name).await;
        let _ = lease::create(client, name, "redis:8", "").await;
        let _ = lease::find(client, name).await;
        let _ = lease::renew(client, "id", Duration::ZERO).await;
        let _ = engine.pull("redis:8", None, listener.as_ref()).await;
        let _ = engine.observe(&topology, &on_engine).await;
        let _ = engine.stored(name, &on_engine).await;
        let _ = engine.remove(name, &on_engine.deployment(name), true).await;
        let _ = host_image::ensure(client).await;
        let _ = host_image::reference().await;
        if let Ok(Some(found)) = image::find(client, "redis:8").await {
            let _ = image::server(client, "redis:8", &found, name).await;
        }
        let _ = engine_info::engine_info(client).await;
        let _ = engine_info::image_state(client, "redis:8").await;
        let _ = evidence::engine(client).await;
        let _ = evidence::network(client, name).await;
        let _ = evidence::container(client, &node).await;
        let _ =
            docker::logs::lines(client, &node, LogPart { follow: true, ..LogPart::default() }).next().await;
    });
}
