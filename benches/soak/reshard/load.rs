//! Clients that write all the time, and a ledger of their writes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow};
use redis::{Value, cmd};

use super::client::Client;

/// The number of clients.
const CLIENTS: usize = 2;

/// The number of counters of each client.
const COUNTERS: usize = 400;

/// The milliseconds in which a replica must acknowledge a write.
const ACKNOWLEDGED: u32 = 300;

/// The pause after an error.
const PAUSE: Duration = Duration::from_millis(50);

/// The writes to each counter.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Writes {
    /// Acknowledged writes. The counter is not less.
    acknowledged: i64,
    /// All writes. The counter is not more.
    sent: i64,
}

/// The writes to all counters.
#[derive(Default)]
pub(crate) struct Ledger(BTreeMap<String, Writes>);

/// Clients that write.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<(Ledger, Vec<String>)>>,
}

impl Load {
    /// Starts the clients. A write counts as acknowledged once so many replicas have it.
    pub(crate) fn start(replicas: u8) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |client: usize| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || write(client, replicas, &stop))
        };
        Self { clients: (0..CLIENTS).map(start).collect(), stop }
    }

    /// Stops the clients. Returns the errors that they had.
    pub(crate) fn end(self, ledger: &mut Ledger) -> Result<Vec<String>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut errors = Vec::new();
        for client in self.clients {
            let (written, had) = client.join().map_err(|_| anyhow!("a client of the soak panicked"))?;
            ledger.add(written);
            errors.extend(had);
        }
        Ok(errors)
    }
}

fn write(number: usize, replicas: u8, stop: &AtomicBool) -> (Ledger, Vec<String>) {
    let (mut client, mut ledger, mut errors) = (Client::default(), Ledger::default(), Vec::new());
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let key = format!("counter:{number}:{}", count % COUNTERS);
        count += 1;
        let writes = ledger.0.entry(key.clone()).or_default();
        writes.sent += 1;
        let (mut add, mut wait) = (cmd("INCR"), cmd("WAIT"));
        add.arg(&key);
        wait.arg(replicas).arg(ACKNOWLEDGED);
        match client.send(&key, &[add, wait]).as_deref() {
            Ok([Value::Int(_), Value::Int(have)]) if *have >= i64::from(replicas) => writes.acknowledged += 1,
            Ok([Value::Int(_), _]) => {}
            Ok(strange) => errors.push(format!("{strange:?}")),
            Err(error) => {
                errors.push(format!("{error:#}"));
                std::thread::sleep(PAUSE);
            }
        }
    }
    (ledger, errors)
}

impl Ledger {
    fn add(&mut self, more: Self) {
        for (key, writes) in more.0 {
            let sum = self.0.entry(key).or_default();
            sum.acknowledged += writes.acknowledged;
            sum.sent += writes.sent;
        }
    }

    /// Counters with lost writes or with more writes than were sent, and the number of counters that exist.
    pub(crate) fn differences(&self, client: &mut Client) -> Result<(Vec<String>, usize)> {
        let (mut differences, mut exist) = (Vec::new(), 0);
        for (key, writes) in &self.0 {
            let mut get = cmd("GET");
            get.arg(key);
            let reply = client.send(key, &[get])?.pop().unwrap_or(Value::Nil);
            let value: Option<i64> = redis::from_redis_value(reply)?;
            exist += usize::from(value.is_some());
            let value = value.unwrap_or_default();
            if value < writes.acknowledged || value > writes.sent {
                differences.push(format!("{key}: {value} after {writes:?}"));
            }
        }
        Ok((differences, exist))
    }
}
