//! Writes key after key for a minute, and prints each write that had to wait. `REDIS_NODES` names the nodes.

use std::env;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use cluster::{connect, keys_of_primaries, write};

/// How long the program writes.
const MINUTE: Duration = Duration::from_secs(60);

/// A write that takes longer was repeated.
const LONG: Duration = Duration::from_millis(250);

/// The time between two lines with the keys of the primaries.
const PACE: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let nodes =
        env::var("REDIS_NODES").context("REDIS_NODES is not set: eval \"$(redisctl env cluster)\"")?;
    let nodes = nodes.split(',').map(|node| format!("redis://{node}")).collect();
    let mut cluster = connect(nodes).await.context("no node of the cluster answers")?;
    let started = Instant::now();
    let mut last_line = started;
    let mut written = 0_u64;
    while started.elapsed() < MINUTE {
        let key = format!("key:{written}");
        let time = write(&mut cluster, &key, "value").await?;
        written += 1;
        if time > LONG {
            println!("{key} had to wait for {time:.1?}");
        }
        if last_line.elapsed() > PACE {
            last_line = Instant::now();
            match keys_of_primaries(&mut cluster).await {
                Ok(keys) => println!("{written} keys: {keys:?}"),
                Err(error) => println!("{written} keys; a primary does not answer: {error}"),
            }
        }
    }
    let found: u64 = keys_of_primaries(&mut cluster).await?.values().sum();
    println!("{written} writes were acknowledged, and the cluster has {found} keys");
    Ok(())
}
