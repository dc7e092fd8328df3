//! Prints the lag of ten values, and the replica's reply to a write. `REDIS_NODES` names both servers.

use std::env;
use std::time::Duration;

use anyhow::Context as _;
use replica::Pair;

/// The pause between two values, so that there is time to pause the replica in another terminal.
const PACE: Duration = Duration::from_millis(500);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let nodes =
        env::var("REDIS_NODES").context("REDIS_NODES is not set: eval \"$(redisctl env replica)\"")?;
    let urls: Vec<String> = nodes.split(',').map(|node| format!("redis://{node}")).collect();
    let mut pair = Pair::connect(&urls).await?;
    for value in 1..=10 {
        let lag = pair.write_and_read(value).await?;
        println!("{value}: on the replica after {:.1?}, {} bytes not acknowledged", lag.time, lag.bytes);
        tokio::time::sleep(PACE).await;
    }
    match pair.write_on_replica().await {
        Ok(()) => println!("the replica accepts writes"),
        Err(error) => println!("a write on the replica: {error}"),
    }
    Ok(())
}
