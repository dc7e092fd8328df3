//! Writes on the primary, reads on the replica, and measures the lag between both.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, AsyncTypedCommands as _, Client, InfoDict, RedisResult, cmd};

/// How long a reply may take, and how long a value may need to reach the replica.
const PATIENCE: Duration = Duration::from_secs(30);

/// The key of the example.
const KEY: &str = "counter";

/// The way of one value to the replica.
#[derive(Debug)]
pub struct Lag {
    /// From the primary's reply until the replica had the value.
    pub time: Duration,
    /// The bytes that the replica had not acknowledged when the primary replied.
    pub bytes: u64,
}

/// Connections to a primary and to its replica.
pub struct Pair {
    primary: MultiplexedConnection,
    replica: MultiplexedConnection,
}

impl Pair {
    /// Connects to the servers at these URLs, and asks each server for its role. Roles change with a failover, so that no
    /// configuration can know them.
    ///
    /// # Errors
    /// A server does not answer, or the servers are no primary with a replica.
    pub async fn connect(urls: &[String]) -> anyhow::Result<Self> {
        let (mut primary, mut replica) = (None, None);
        for url in urls {
            let mut server = connect(url).await.with_context(|| format!("{url} does not answer"))?;
            match replication(&mut server).await?.get::<String>("role").as_deref() {
                Some("master") => primary = Some(server),
                Some("slave") => replica = Some(server),
                role => bail!("{url} has the role {role:?}"),
            }
        }
        let primary = primary.context("no server is a primary: REDIS_NODES needs both servers")?;
        let replica = replica.context("no server is a replica: REDIS_NODES needs both servers")?;
        Ok(Self { primary, replica })
    }

    /// Writes a value on the primary, and waits until the replica has it.
    ///
    /// # Errors
    /// A server does not answer, or the replica does not get the value in time.
    pub async fn write_and_read(&mut self, value: u64) -> anyhow::Result<Lag> {
        self.primary.set(KEY, value).await?;
        let replied = Instant::now();
        let bytes = bytes_behind(&replication(&mut self.primary).await?)?;
        while self.replica.get(KEY).await? != Some(value.to_string()) {
            ensure!(replied.elapsed() < PATIENCE, "the replica does not get {value}");
            // A busy wait: the lag is often shorter than any pause.
            tokio::task::yield_now().await;
        }
        Ok(Lag { time: replied.elapsed(), bytes })
    }

    /// Writes on the replica.
    ///
    /// # Errors
    /// Always, unless the replica accepts writes (`replica-read-only no`).
    pub async fn write_on_replica(&mut self) -> RedisResult<()> {
        self.replica.set(KEY, "from the replica").await
    }
}

async fn connect(url: &str) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await
}

async fn replication(server: &mut MultiplexedConnection) -> RedisResult<InfoDict> {
    cmd("INFO").arg("replication").query_async(server).await
}

/// Primary and replica count the bytes of the same stream of changes. The primary knows the number that its replica has
/// acknowledged: `slave0` is `ip=…,port=…,state=online,offset=NUMBER,lag=…`.
fn bytes_behind(info: &InfoDict) -> anyhow::Result<u64> {
    let written: u64 = info.get("master_repl_offset").context("the server does not tell its offset")?;
    let replica: String = info.get("slave0").context("the primary has no replica")?;
    let acknowledged = replica.split(',').find_map(|field| field.strip_prefix("offset=")?.parse().ok());
    Ok(written.saturating_sub(acknowledged.context("the primary does not tell the replica's offset")?))
}
