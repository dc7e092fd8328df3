//! Notifications to several subscribers, at real servers.

use pubsub::{CHANNEL, ShardSubscriber, Subscriber, publish, shard_publish};
use redis::{Client, cmd};

#[path = "../../rust/tests/support/mod.rs"]
mod support;

use support::{AnyError, TIME_TO_LIVE};

#[tokio::test]
async fn every_subscriber_of_a_server_gets_every_message() -> Result<(), AnyError> {
    let redis = support::deployment("{kind: standalone}", TIME_TO_LIVE).await?;
    let url = format!("redis://{}", redis.endpoints()[0]);
    assert_eq!(publish(&url, "nobody listens").await?, 0);
    let mut subscribers =
        [Subscriber::new(&url).await?, Subscriber::new(&url).await?, Subscriber::new(&url).await?];
    for message in ["level 2", "level 3"] {
        assert_eq!(publish(&url, message).await?, 3);
        for subscriber in &mut subscribers {
            assert_eq!(subscriber.next().await?, message);
        }
    }
    redis.down().await?;
    Ok(())
}

#[tokio::test]
async fn subscribers_of_a_cluster_share_the_shard_of_the_channel() -> Result<(), AnyError> {
    let redis = support::deployment("{kind: cluster, replicas: 0}", TIME_TO_LIVE).await?;
    let nodes: Vec<String> = redis.endpoints().iter().map(|endpoint| format!("redis://{endpoint}")).collect();
    let mut subscribers =
        [ShardSubscriber::new(nodes.clone()).await?, ShardSubscriber::new(nodes.clone()).await?];
    for message in ["level 2", "level 3"] {
        assert_eq!(shard_publish(nodes.clone(), message).await?, 2);
        for subscriber in &mut subscribers {
            assert_eq!(subscriber.next().await?, message);
        }
    }
    // Only one of the nodes knows the subscribers.
    let mut at_nodes = Vec::new();
    for node in nodes {
        let mut connection = Client::open(node)?.get_multiplexed_async_connection().await?;
        let reply = cmd("PUBSUB").arg("SHARDNUMSUB").arg(CHANNEL).query_async(&mut connection).await?;
        let (_, subscribers): (String, usize) = reply;
        at_nodes.push(subscribers);
    }
    at_nodes.sort_unstable();
    assert_eq!(at_nodes, [0, 0, 2]);
    redis.down().await?;
    Ok(())
}
