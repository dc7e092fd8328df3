//! `pubsub subscribe` prints notifications; `pubsub publish MESSAGE` sends one. With `REDIS_NODES` of several nodes, both use
//! the cluster.

use std::env;

use anyhow::{Context as _, bail};
use pubsub::{ShardSubscriber, Subscriber, publish, shard_publish};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let nodes = env::var("REDIS_NODES").context("REDIS_NODES is not set: eval \"$(redisctl env)\"")?;
    let nodes: Vec<String> = nodes.split(',').map(|node| format!("redis://{node}")).collect();
    let words: Vec<String> = env::args().skip(1).collect();
    match (words.as_slice(), nodes.len()) {
        ([verb], 1) if verb == "subscribe" => {
            let mut subscriber = Subscriber::new(&nodes[0]).await?;
            loop {
                println!("{}", subscriber.next().await?);
            }
        }
        ([verb], _) if verb == "subscribe" => {
            let mut subscriber = ShardSubscriber::new(nodes).await?;
            loop {
                println!("{}", subscriber.next().await?);
            }
        }
        ([verb, message], 1) if verb == "publish" => {
            println!("{} subscribers got it", publish(&nodes[0], message).await?);
        }
        ([verb, message], _) if verb == "publish" => {
            println!("{} subscribers got it", shard_publish(nodes, message).await?);
        }
        _ => bail!("usage: pubsub subscribe | pubsub publish MESSAGE"),
    }
    Ok(())
}
