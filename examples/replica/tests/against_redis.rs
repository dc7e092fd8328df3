//! A real primary and its replica: the replica gets every value, and the lag is as long as its pause.

use std::time::Duration;

use replica::Pair;

#[path = "../../rust/tests/support/mod.rs"]
mod support;

use support::{AnyError, TIME_TO_LIVE};

#[tokio::test]
async fn the_replica_gets_every_value_and_takes_none() -> Result<(), AnyError> {
    let redis = support::deployment("{kind: replication}", TIME_TO_LIVE).await?;
    let mut urls: Vec<String> =
        redis.endpoints().iter().map(|endpoint| format!("redis://{endpoint}")).collect();
    // The program finds out by itself which of the servers is the primary.
    urls.reverse();
    let mut pair = Pair::connect(&urls).await?;
    for value in 1..=10 {
        pair.write_and_read(value).await?;
    }
    let refused = pair.write_on_replica().await;
    assert_eq!(refused.expect_err("a replica is read-only").code(), Some("READONLY"));

    // The primary does not wait for its replica.
    let node = redis.node("2")?;
    node.pause().await?;
    let pause = Duration::from_millis(300);
    let (lag, unpaused) = tokio::join!(pair.write_and_read(11), async {
        tokio::time::sleep(pause).await;
        node.unpause().await
    });
    unpaused?;
    let lag = lag?;
    assert!(lag.time >= pause && lag.bytes > 0, "{lag:?}");
    redis.down().await?;
    Ok(())
}
