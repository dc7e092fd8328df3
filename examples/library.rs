//! A deployment in a program: brings up a primary and its replica, writes a key, and removes both.
//!
//! `cargo run --example library [IMAGE]`

use redisctl::deployment::{SpecSource, Up};
use redisctl::status::Role;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut source = SpecSource::text("example-library", "{kind: replication, ports: {base: auto}}");
    if let Some(image) = std::env::args().nth(1) {
        source = source.image(&image);
    }

    // The engine of `DOCKER_HOST`, or of the current Docker context.
    let shop = Up::new(source).run().await?.deployment.remove_on_drop();
    for node in shop.nodes() {
        println!("{} at {} is a {}", node.name(), node.endpoint(), node.role().await?.as_str());
    }

    let settings = shop.connection(None, None).await?;
    let url = settings.get("REDIS_URL").ok_or("a URL for the default user")?;
    let mut primary = redis::Client::open(url.expose())?.get_multiplexed_async_connection().await?;
    let () = redis::cmd("SET").arg("greeting").arg("hello").query_async(&mut primary).await?;
    let greeting: String = redis::cmd("GET").arg("greeting").query_async(&mut primary).await?;
    println!("greeting: {greeting}");

    assert_eq!(shop.primary().await.role().await?, Role::Primary);
    assert!(shop.verify().await.passed());
    let removed = shop.down().await?;
    println!("removed {} containers", removed.containers.len());
    Ok(())
}
