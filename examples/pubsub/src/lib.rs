//! Notifications of a game: every subscriber of `updates_game` gets every message. Two ways: PUBLISH on one server, and
//! SPUBLISH in a cluster, where a message goes to the nodes of one shard only.

use anyhow::Context as _;
use redis::cluster::ClusterClient;
use redis::{AsyncTypedCommands as _, Client, Msg, ProtocolVersion, PushInfo, cmd};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The channel of the notifications.
pub const CHANNEL: &str = "updates_game";

/// A subscriber on one server.
pub struct Subscriber {
    pubsub: redis::aio::PubSub,
}

impl Subscriber {
    /// Subscribes to the notifications.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn new(url: &str) -> anyhow::Result<Self> {
        let mut pubsub = Client::open(url)?.get_async_pubsub().await?;
        pubsub.subscribe(CHANNEL).await?;
        Ok(Self { pubsub })
    }

    /// The next message.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn next(&mut self) -> anyhow::Result<String> {
        use futures_util::StreamExt as _;
        let message = self.pubsub.on_message().next().await.context("the connection ended")?;
        Ok(message.get_payload()?)
    }
}

/// Sends a message on one server. Returns the number of subscribers that got it.
///
/// # Errors
/// The server does not answer.
pub async fn publish(url: &str, message: &str) -> anyhow::Result<usize> {
    let mut connection = Client::open(url)?.get_multiplexed_async_connection().await?;
    Ok(connection.publish(CHANNEL, message).await?)
}

/// A subscriber in a cluster.
pub struct ShardSubscriber {
    messages: UnboundedReceiver<PushInfo>,
    // The subscription ends with its connection.
    _connection: redis::cluster_async::ClusterConnection,
}

impl ShardSubscriber {
    /// Subscribes to the notifications at the shard of the channel's slot.
    ///
    /// # Errors
    /// The cluster does not answer, or its servers are older than Redis 7.0.
    pub async fn new(nodes: Vec<String>) -> anyhow::Result<Self> {
        let (sender, messages) = unbounded_channel();
        let client =
            ClusterClient::builder(nodes).use_protocol(ProtocolVersion::RESP3).push_sender(sender).build()?;
        let mut connection = client.get_async_connection().await?;
        connection.ssubscribe(CHANNEL).await?;
        Ok(Self { messages, _connection: connection })
    }

    /// The next message.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn next(&mut self) -> anyhow::Result<String> {
        loop {
            // Other pushes confirm the subscription.
            let push = self.messages.recv().await.context("the connection ended")?;
            if let Some(message) = Msg::from_push_info(push) {
                return Ok(message.get_payload()?);
            }
        }
    }
}

/// Sends a message in a cluster. Returns the number of subscribers at the node that executed the command.
///
/// # Errors
/// The cluster does not answer.
pub async fn shard_publish(nodes: Vec<String>, message: &str) -> anyhow::Result<usize> {
    let mut connection = ClusterClient::new(nodes)?.get_async_connection().await?;
    Ok(cmd("SPUBLISH").arg(CHANNEL).arg(message).query_async(&mut connection).await?)
}
