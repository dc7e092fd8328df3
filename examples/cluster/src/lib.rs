//! A client of a cluster: it spreads keys over the shards, and goes on when a primary is killed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncTypedCommands as _, RedisError, RedisResult, cmd};

/// How long a write is repeated. A failover takes the cluster's `cluster-node-timeout` and about two seconds more.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A reply that takes longer is repeated: its node may be down.
const REPLY: Duration = Duration::from_millis(500);

/// The pause before a write is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// Connects to a cluster. One of its nodes suffices: the client asks it for the others.
///
/// # Errors
/// No node answers.
pub async fn connect(nodes: Vec<String>) -> RedisResult<ClusterConnection> {
    let client = ClusterClient::builder(nodes).response_timeout(REPLY).connection_timeout(REPLY).build()?;
    client.get_async_connection().await
}

/// Writes a value, and repeats that until a primary has acknowledged it. Returns the time that it took.
///
/// A write whose reply is lost may have happened: only commands that may be repeated belong here. SET is such a command;
/// INCR is none.
///
/// # Errors
/// No primary acknowledged the value in time.
pub async fn write(cluster: &mut ClusterConnection, key: &str, value: &str) -> RedisResult<Duration> {
    let started = Instant::now();
    loop {
        match cluster.set(key, value).await {
            Ok(()) => return Ok(started.elapsed()),
            Err(error) if started.elapsed() > PATIENCE || !is_passing(&error) => return Err(error),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Whether an error may go away: a broken connection, a late reply, a cluster that waits for its new primary.
fn is_passing(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.code() == Some("CLUSTERDOWN")
}

/// The number of keys on each primary, by its endpoint.
///
/// # Errors
/// A primary does not answer.
pub async fn keys_of_primaries(cluster: &mut ClusterConnection) -> RedisResult<BTreeMap<String, u64>> {
    use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
    let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
    redis::from_redis_value(cluster.route_command(cmd("DBSIZE"), all).await?).map_err(RedisError::from)
}
