//! A real cluster that loses a primary under writes.

use std::cell::Cell;
use std::time::Duration;

use cluster::{connect, keys_of_primaries, write};
use redis::AsyncTypedCommands as _;

#[path = "../../rust/tests/support/mod.rs"]
mod support;

use support::{AnyError, TIME_TO_LIVE};

/// The cluster's time until a node counts as failed. Short, so that the test is quick.
const NODE_TIMEOUT: Duration = Duration::from_secs(1);

#[tokio::test]
async fn writes_go_on_when_a_primary_is_killed() -> Result<(), AnyError> {
    let spec = format!("{{kind: cluster, config: {{cluster-node-timeout: {}}}}}", NODE_TIMEOUT.as_millis());
    let redis = support::deployment(&spec, TIME_TO_LIVE).await?;
    let nodes: Vec<String> = redis.endpoints().iter().map(|endpoint| format!("redis://{endpoint}")).collect();
    let mut cluster = connect(nodes.clone()).await?;
    for number in 0..300 {
        write(&mut cluster, &format!("key:{number}"), "1").await?;
    }
    let before = keys_of_primaries(&mut cluster).await?;
    assert_eq!((before.len(), before.values().sum::<u64>()), (3, 300), "{before:?}");
    assert!(before.values().all(|keys| *keys > 50), "they are spread: {before:?}");

    // `kill` waits until the replica has taken over. The client writes all the time.
    let killed = Cell::new(false);
    let kill = async {
        let outcome = redis.node("1")?.kill().await;
        killed.set(true);
        outcome.map_err(AnyError::from)
    };
    let writes = async {
        let mut longest = Duration::ZERO;
        loop {
            let is_last = killed.get();
            for number in 0..300 {
                longest = longest.max(write(&mut cluster, &format!("key:{number}"), "2").await?);
            }
            if is_last {
                return Ok::<_, AnyError>(longest);
            }
        }
    };
    let (_, longest) = tokio::try_join!(kill, writes)?;
    assert!(longest > NODE_TIMEOUT / 2, "writes to the killed primary wait for its replica: {longest:?}");
    let after = keys_of_primaries(&mut cluster).await?;
    assert_eq!((after.len(), after.values().sum::<u64>()), (3, 300), "{after:?}");
    assert_ne!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "another primary");

    // A client that begins now gets no reply from the killed node, and needs none.
    let mut late = connect(nodes).await?;
    for number in 0..300 {
        assert_eq!(late.get(format!("key:{number}")).await?.as_deref(), Some("2"), "key:{number}");
    }
    redis.down().await?;
    Ok(())
}
