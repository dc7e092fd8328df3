//! One cluster for all tests of this program, emptied before each test. The standard harness has no end where the cluster
//! could be removed, so this program has a `main` of its own.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redisctl::deployment::{Deployment, RemovedOnDrop};
use redisctl::status::DeploymentState;
use tests_on_a_cluster::add;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OnceCell;

mod support;

use support::{AnyError, TIME_TO_LIVE};

/// Three primaries with a replica each. Replicas take over soon.
const CLUSTER: &str = "{kind: cluster, config: {cluster-node-timeout: 1000}}";

type TestResult = Result<(), AnyError>;

/// What the tests share. Connections belong to the runtime, so it is shared, too.
struct Shared {
    runtime: Runtime,
    /// The first test brings it up.
    cluster: OnceCell<RemovedOnDrop>,
}

impl Shared {
    async fn cluster(&self) -> Result<&RemovedOnDrop, AnyError> {
        self.cluster.get_or_try_init(|| support::deployment(CLUSTER, TIME_TO_LIVE)).await
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Tests at the same time would empty the cluster for each other.
    arguments.test_threads = Some(1);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let shared = Arc::new(Shared { runtime, cluster: OnceCell::new() });
    let conclusion = libtest_mimic::run(&arguments, trials(&shared));
    let Shared { runtime, cluster } = Arc::into_inner(shared).expect("all tests have ended");
    if let Some(cluster) = cluster.into_inner() {
        runtime.block_on(cluster.down()).expect("the cluster can be removed");
    }
    conclusion.exit_code()
}

fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial(shared, "a_new_item_is_counted_once", a_new_item_is_counted_once),
        trial(shared, "carts_are_counted_apart", carts_are_counted_apart),
        trial(shared, "items_survive_a_failover", items_survive_a_failover),
        trial(shared, "the_next_test_has_the_cluster_of_the_spec", the_next_test_has_the_cluster_of_the_spec),
    ]
}

/// A test with an empty cluster and a client.
fn trial<T>(shared: &Arc<Shared>, name: &str, test: fn(Arc<Shared>, ClusterConnection) -> T) -> Trial
where
    T: Future<Output = TestResult> + 'static,
{
    let shared = Arc::clone(shared);
    Trial::test(name, move || {
        let run = async {
            let cluster = shared.cluster().await?;
            cluster.reset().await?;
            test(Arc::clone(&shared), connect(cluster).await?).await
        };
        shared.runtime.block_on(run).map_err(|error| Failed::from(error.to_string()))
    })
}

async fn connect(cluster: &Deployment) -> Result<ClusterConnection, AnyError> {
    let nodes = cluster.endpoints().into_iter().map(|endpoint| format!("redis://{endpoint}"));
    Ok(ClusterClient::new(nodes)?.get_async_connection().await?)
}

async fn a_new_item_is_counted_once(_: Arc<Shared>, mut redis: ClusterConnection) -> TestResult {
    assert_eq!(add(&mut redis, "a", "apple").await?, 1);
    Ok(())
}

async fn carts_are_counted_apart(_: Arc<Shared>, mut redis: ClusterConnection) -> TestResult {
    for cart in ["a", "b", "c"] {
        assert_eq!(add(&mut redis, cart, "apple").await?, 1);
    }
    assert_eq!(add(&mut redis, "a", "apple").await?, 2);
    Ok(())
}

/// The primary of the cart is killed. Its replica takes over, and has the items.
async fn items_survive_a_failover(shared: Arc<Shared>, mut redis: ClusterConnection) -> TestResult {
    for cart in 0..100 {
        assert_eq!(add(&mut redis, &cart.to_string(), "apple").await?, 1);
    }
    shared.cluster().await?.primary().await.kill().await?;
    let deadline = Instant::now() + Duration::from_secs(30);
    for cart in 0..100 {
        // An answer that got lost may have been counted.
        while !matches!(add(&mut redis, &cart.to_string(), "apple").await, Ok(2..)) {
            assert!(Instant::now() < deadline, "no replica took over");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

async fn the_next_test_has_the_cluster_of_the_spec(shared: Arc<Shared>, _: ClusterConnection) -> TestResult {
    let cluster = shared.cluster().await?;
    assert_eq!(cluster.status().await?.state, DeploymentState::Ready);
    assert!(cluster.verify().await.passed());
    Ok(())
}
