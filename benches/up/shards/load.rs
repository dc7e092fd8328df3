//! A client of the cluster that sends one command after another, and the time of each command.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use redis::cluster::ClusterClient;

/// The keys that the client reads and writes.
const KEYS: u32 = 10_000;

/// The pause between two commands: the load is that of a calm client.
const PAUSE: Duration = Duration::from_micros(500);

/// A running client.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    times: Arc<Mutex<Vec<f64>>>,
    client: std::thread::JoinHandle<redis::RedisResult<()>>,
}

impl Load {
    /// Starts a client in a thread of its own.
    pub(super) fn start(port: u16) -> Result<Self> {
        let client = ClusterClient::new(vec![format!("redis://127.0.0.1:{port}")])?;
        let mut connection = client.get_connection()?;
        let (stop, times) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stopped, taken) = (Arc::clone(&stop), Arc::clone(&times));
        let client = std::thread::spawn(move || {
            for number in (0..KEYS).cycle() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let (key, began) = (format!("load:{number}"), Instant::now());
                if number % 2 == 0 {
                    redis::cmd("SET").arg(key).arg(number).exec(&mut connection)?;
                } else {
                    redis::cmd("GET").arg(key).query::<Option<String>>(&mut connection)?;
                }
                let took = began.elapsed().as_secs_f64() * 1000.0;
                taken.lock().unwrap_or_else(PoisonError::into_inner).push(took);
                std::thread::sleep(PAUSE);
            }
            Ok(())
        });
        Ok(Self { stop, times, client })
    }

    /// The milliseconds of all commands since the last call.
    pub(super) fn take(&self) -> Vec<f64> {
        std::mem::take(&mut *self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stops the client. Fails if one of its commands failed.
    pub(super) fn end(self) -> Result<Vec<f64>> {
        self.stop.store(true, Ordering::Relaxed);
        let times = self.take();
        match self.client.join() {
            Ok(ended) => ended?,
            Err(_) => anyhow::bail!("the client panicked"),
        }
        Ok(times)
    }
}

/// A quantile of values; 0 without values.
pub(super) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index far below 2^52"
    )]
    let index = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
    sorted.get(index).copied().unwrap_or(0.0)
}
