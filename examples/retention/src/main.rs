//! The service as a program. Its settings are variables: `REDIS_URL`, `RETENTION_SECONDS` and `LISTEN`.

use std::env;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use retention::Service;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let url = env::var("REDIS_URL").context("REDIS_URL is not set: eval \"$(redisctl env standalone)\"")?;
    let seconds = env::var("RETENTION_SECONDS").unwrap_or_else(|_| "60".to_owned());
    let seconds: u64 = seconds.parse().context("RETENTION_SECONDS is not a number of seconds")?;
    ensure!(seconds > 0, "RETENTION_SECONDS is 0");
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let service = Service::new(&url, Duration::from_secs(seconds)).context("REDIS_URL is wrong")?;
    let listener =
        TcpListener::bind(&listen).await.with_context(|| format!("could not listen at {listen}"))?;
    println!("listening at http://{}", listener.local_addr()?);
    axum::serve(listener, service.router()).await.context("the service ended")
}
