//! A counter of items in carts: the code under test of this example.

use redis::AsyncTypedCommands as _;
use redis::RedisResult;
use redis::cluster_async::ClusterConnection;

/// Adds an item to a cart. Returns how many of it the cart has.
///
/// # Errors
/// The cluster does not answer, or refuses the command.
pub async fn add(redis: &mut ClusterConnection, cart: &str, item: &str) -> RedisResult<isize> {
    redis.hincr(format!("cart:{cart}"), item, 1).await.map(|count| count as isize)
}
