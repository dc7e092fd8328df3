//! Times `redisctl reset`, and the library's `reset` in this process, after data was written.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use redisctl::deployment::{ConnectedEngine, Deployment};

use crate::layout::Layout;
use crate::tool::Tool;

/// How often a deployment is reset in a round. A reset is short, and its time varies.
const RESETS: usize = 10;

/// The number of keys before each reset, as a test writes them.
const KEYS: u64 = 100;

/// The times of resets that removed data.
#[derive(Debug, Default)]
pub(crate) struct ResetTimes {
    /// The whole command.
    pub(crate) command: Vec<Duration>,
    /// The library's call.
    pub(crate) library: Vec<Duration>,
}

/// Resets the deployment of a layout, which must be up.
pub(crate) async fn measure(tool: &Tool, layout: &Layout) -> Result<ResetTimes> {
    let engine = ConnectedEngine::from_environment().await?;
    let deployment = engine.deployment(Some(&layout.name())).await?;
    let mut times = ResetTimes::default();
    // Earlier parts of the round left keys.
    deployment.reset().await?;
    for _ in 0..RESETS {
        write_keys(&deployment).await?;
        let done = deployment.reset().await?;
        ensure!(done.keys == KEYS && done.changes == 0, "a reset did something else: {done:?}");
        times.library.push(Duration::from_secs_f64(done.seconds));
        write_keys(&deployment).await?;
        times.command.push(tool.reset(layout)?);
    }
    Ok(times)
}

async fn write_keys(deployment: &Deployment) -> Result<()> {
    let endpoint = deployment.endpoints().into_iter().next().context("a deployment has endpoints")?;
    let address = format!("redis://{}:{}", endpoint.host, endpoint.port);
    let commands = (0..KEYS).map(|number| {
        let mut set = redis::cmd("SET");
        set.arg(format!("key:{number}")).arg(number);
        set
    });
    if deployment.endpoints().len() == 1 {
        let mut connection = redis::Client::open(address)?.get_multiplexed_async_connection().await?;
        for set in commands {
            set.exec_async(&mut connection).await?;
        }
    } else {
        let mut connection =
            redis::cluster::ClusterClient::new(vec![address])?.get_async_connection().await?;
        for set in commands {
            set.exec_async(&mut connection).await?;
        }
    }
    Ok(())
}
